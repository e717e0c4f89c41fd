#include "fuzz.hpp"

#include "medsave/format/repo_config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return medsave::fuzz::round_trip(data, size, medsave::decode_repo_config,
                                   medsave::encode_repo_config);
}
