#include "medsave/format/pack_header.hpp"

#include "fixtures.hpp"
#include "mutations.hpp"
#include "random_node.hpp"
#include "support/matchers.hpp"

#include <gtest/gtest.h>

namespace medsave::test {
namespace {

PackEntry entry(BlobKind kind, std::uint32_t offset, std::uint32_t length,
                std::uint32_t plain_length = 0) {
  PackEntry made;
  made.kind = kind;
  made.offset = offset;
  made.stored_length = length;
  made.plain_length = plain_length;
  made.id.bytes().fill(std::byte{0xab});
  return made;
}

std::string text_of(const Buffer& buffer) { return std::string(as_text(buffer.view())); }

TEST(PackHeader, RecordedHeadersRoundTrip) {
  std::size_t seen = 0;
  const auto recorded = load_json("crypto.json");
  for (const auto& vector : recorded["vectors"]) {
    if (!vector.contains("entries")) continue;
    ++seen;
    const std::string plain = from_hex_text(std::string(vector["plaintext"]));
    std::uint64_t blobs_length = 0;
    for (const auto& known : vector["entries"]) {
      blobs_length += known["length"].get<std::uint64_t>();
    }
    const std::vector<PackEntry> entries = decode_pack_header(as_bytes(plain), blobs_length);
    ASSERT_EQ(entries.size(), vector["entries"].size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const auto& known = vector["entries"][i];
      const unsigned type = known["type"];
      EXPECT_EQ(entries[i].kind, type % 2 == 1 ? BlobKind::tree : BlobKind::data);
      EXPECT_EQ(entries[i].compressed(), type >= 2);
      EXPECT_EQ(entries[i].id.hex(), known["id"]);
      EXPECT_EQ(entries[i].stored_length, known["length"]);
    }
    EXPECT_EQ(text_of(encode_pack_header(entries)), plain);
  }
  EXPECT_GE(seen, 4U);
}

TEST(PackHeader, SizesAndOffsetsAreThoseOfRecordedPacks) {
  const auto recorded = load_json("repo-v2.expected.json");
  for (const auto& pack : recorded["packs"]) {
    std::vector<PackEntry> entries;
    std::uint64_t blobs_length = 0;
    for (const auto& known : pack["entries"]) {
      const unsigned type = known["type"];
      PackEntry made =
          entry(type % 2 == 1 ? BlobKind::tree : BlobKind::data, known["offset"], known["length"],
                type >= 2 ? known["uncompressed_length"].get<std::uint32_t>() : 0);
      made.id = Id::parse(std::string(known["id"])).value();
      entries.push_back(made);
      blobs_length += made.stored_length;
    }
    const Buffer header = encode_pack_header(entries);
    EXPECT_EQ(header.size() + 32, pack["header_length"]);
    EXPECT_EQ(blobs_length + header.size() + kPackTrailer, pack["size"]);
    EXPECT_EQ(decode_pack_header(header.view(), blobs_length), entries);
  }
}

TEST(PackHeader, AnEmptyHeaderDescribesNoBlobs) {
  EXPECT_TRUE(decode_pack_header({}, 0).empty());
  EXPECT_THAT([] { decode_pack_header({}, 1); }, throws_errc(Errc::corrupt));
}

TEST(PackHeader, RejectsImpossibleEntries) {
  const auto rejected = [](const std::vector<PackEntry>& entries, std::uint64_t blobs_length) {
    const Buffer header = encode_pack_header(entries);
    EXPECT_THAT([&] { decode_pack_header(header.view(), blobs_length); },
                throws_errc(Errc::corrupt));
  };
  rejected({entry(BlobKind::data, 0, 31)}, 31);
  rejected({entry(BlobKind::data, 0, 0)}, 0);
  rejected({entry(BlobKind::data, 0, 100)}, 99);
  rejected({entry(BlobKind::data, 0, 100)}, 101);
  const std::vector<PackEntry> huge(3, entry(BlobKind::data, 0, UINT32_MAX));
  rejected(huge, 3ULL * UINT32_MAX);

  std::string header = text_of(encode_pack_header({entry(BlobKind::tree, 0, 100)}));
  for (const int type : {4, 5, 127, 255}) {
    header[0] = static_cast<char>(type);
    EXPECT_THAT([&] { decode_pack_header(as_bytes(header), 100); }, throws_errc(Errc::corrupt));
  }
  std::string no_content = text_of(encode_pack_header({entry(BlobKind::data, 0, 100, 7)}));
  no_content[5] = 0;
  EXPECT_THAT([&] { decode_pack_header(as_bytes(no_content), 100); }, throws_errc(Errc::corrupt));
}

TEST(PackHeader, RejectsEveryTruncation) {
  const std::string header = text_of(
      encode_pack_header({entry(BlobKind::data, 0, 100), entry(BlobKind::tree, 100, 50, 70)}));
  expect_truncations_rejected(
      header, [](std::string_view text) { decode_pack_header(as_bytes(text), 150); });
}

TEST(PackHeader, SurvivesMutations) {
  Generator random(4);
  std::vector<PackEntry> entries;
  std::uint32_t offset = 0;
  for (int i = 0; i < 5; ++i) {
    entries.push_back(
        entry(i % 2 == 0 ? BlobKind::data : BlobKind::tree, offset, 40, i < 2 ? 0 : 9));
    offset += 40;
  }
  expect_mutations_survived(text_of(encode_pack_header(entries)), 20000,
                            [](std::string_view text) { decode_pack_header(as_bytes(text), 200); });
}

}  // namespace
}  // namespace medsave::test
