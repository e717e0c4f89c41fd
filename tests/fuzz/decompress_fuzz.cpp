#include "fuzz.hpp"

#include "medsave/format/compression.hpp"

// The first four bytes are the expected size (up to 16 MiB), the rest are frames.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return medsave::fuzz::run(data, size, [](medsave::ByteView input) {
    if (input.size() < 4) return;
    const std::size_t expected = medsave::load_le32(input.data()) & 0xffffffU;
    const medsave::ByteView frames = input.subspan(4);
    static medsave::Decompressor decompressor;
    medsave::Buffer bounded;
    decompressor.decompress_bounded(frames, expected, bounded);
    medsave::fuzz::require(bounded.size() <= expected);
    medsave::Buffer exact;
    decompressor.decompress_exactly(frames, bounded.size(), exact);
    medsave::fuzz::require(medsave::as_text(exact.view()) == medsave::as_text(bounded.view()));
  });
}
