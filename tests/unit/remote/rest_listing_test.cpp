#include "rest_listing.hpp"

#include "support/matchers.hpp"

#include "medsave/base/error.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>

namespace medsave::test {
namespace {

/// "[{...},{...}]" with `count` files.
std::string listing_of(unsigned count) {
  std::string json = "[";
  for (unsigned i = 0; i < count; ++i) {
    Id id;
    id.bytes()[0] = static_cast<std::byte>(i);
    id.bytes()[1] = static_cast<std::byte>(i >> 8U);
    if (i > 0) json += ",\n";
    json +=
        "{\"name\":\"" + id.hex() + "\",\"note\":\"a\\\",]b\",\"size\":" + std::to_string(i) + "}";
  }
  return json + "]";
}

RestListing read_in_pieces(RestListingReader& reader, const std::string& json, std::size_t piece) {
  for (std::size_t at = 0; at < json.size(); at += piece) {
    reader.take(as_bytes(std::string_view(json).substr(at, piece)));
  }
  return reader.finish();
}

TEST(RestListing, IsTheSameInWhateverPiecesItArrives) {
  const unsigned count = 30'000;  // some batches
  const std::string json = listing_of(count);
  for (const std::size_t piece : {std::size_t{999}, std::size_t{16'384}, json.size()}) {
    RestListingReader reader("server");
    const RestListing listing = read_in_pieces(reader, json, piece);
    ASSERT_EQ(listing.files.size(), count);
    EXPECT_TRUE(listing.has_sizes);
    EXPECT_TRUE(std::ranges::is_sorted(listing.files, {}, &ListedFile::id));
  }
}

TEST(RestListing, IsRefusedWhereALaterPartIsNoList) {
  const std::string json = listing_of(30'000);
  const std::string open = json.substr(0, json.size() - 1);
  for (const std::string& wrong : {open, open + ",]", open + ",,\"a\"]", json + "]", json + json,
                                   open + ",7]", "[" + json + "]"}) {
    RestListingReader reader("server");
    EXPECT_THAT([&] { read_in_pieces(reader, wrong, 4096); }, throws_errc(Errc::corrupt))
        << wrong.substr(wrong.size() - 40);
  }
}

TEST(RestListing, WithoutEndIsRefused) {
  RestListingReader many("server", 1000);
  EXPECT_THAT([&] { read_in_pieces(many, listing_of(1001), 4096); }, throws_errc(Errc::corrupt));
  RestListingReader few("server", 1000);
  EXPECT_EQ(read_in_pieces(few, listing_of(1000), 4096).files.size(), 1000);
  RestListingReader word("server");
  const std::string endless(4096, 'a');
  word.take(as_bytes(std::string_view("[\"")));
  EXPECT_THAT(
      [&] {
        for (int i = 0; i < 1000; ++i) word.take(as_bytes(endless));
      },
      throws_errc(Errc::corrupt));
}

}  // namespace
}  // namespace medsave::test
