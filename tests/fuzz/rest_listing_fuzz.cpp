#include "fuzz.hpp"
#include "rest_listing.hpp"

#include <limits>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return medsave::fuzz::run(data, size, [](medsave::ByteView input) {
    const medsave::RestListing listing = medsave::parse_rest_listing(input, "server");
    for (const medsave::ListedFile& file : listing.files) {
      medsave::fuzz::require(file.size <= std::numeric_limits<std::int64_t>::max());
    }
    // The shortest entry is "id" with its quotes and a comma.
    medsave::fuzz::require(listing.files.size() * 67 <= input.size() + 67);
  });
}
