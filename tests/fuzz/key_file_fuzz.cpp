#include "fuzz.hpp"

#include "medsave/format/key_file.hpp"

// Key files and the master key inside them are both JSON, and every input is tried as both.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  medsave::fuzz::round_trip(data, size, medsave::decode_key_file, medsave::encode_key_file);
  return medsave::fuzz::round_trip(
      data, size, medsave::decode_master_key,
      [](const medsave::Buffer& key) { return medsave::encode_master_key(key.view()); });
}
