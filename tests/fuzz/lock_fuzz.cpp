#include "fuzz.hpp"

#include "medsave/format/lock_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return medsave::fuzz::round_trip(data, size, medsave::decode_lock_file,
                                   medsave::encode_lock_file);
}
