#include "fuzz.hpp"

#include "medsave/format/pack_header.hpp"

#include <algorithm>

// The first four bytes are the length of the blobs, the rest is the header. It decodes and
// encodes to itself again, or is rejected.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return medsave::fuzz::run(data, size, [](medsave::ByteView input) {
    if (input.size() < 4) return;
    const std::uint32_t blobs_length = medsave::load_le32(input.data());
    const medsave::ByteView header = input.subspan(4);
    const medsave::Buffer again =
        medsave::encode_pack_header(medsave::decode_pack_header(header, blobs_length));
    medsave::fuzz::require(std::ranges::equal(again.view(), header));
  });
}
