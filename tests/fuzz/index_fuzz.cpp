#include "fuzz.hpp"

#include "medsave/format/index_file.hpp"

namespace {

std::vector<medsave::IndexedPack> decode_all(std::string_view json) {
  std::vector<medsave::IndexedPack> packs;
  medsave::decode_index(json,
                        [&packs](medsave::IndexedPack& pack) { packs.push_back(std::move(pack)); });
  return packs;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return medsave::fuzz::round_trip(data, size, decode_all, medsave::encode_index);
}
