#include "fuzz.hpp"

#include "medsave/format/tree.hpp"
#include "medsave/format/tree_decode.hpp"
#include "medsave/format/tree_encode.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return medsave::fuzz::round_trip(data, size, medsave::decode_tree, medsave::encode_tree);
}
