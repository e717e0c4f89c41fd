#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/format/time_text.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace medsave {

/// Content of a file in `keys/`: plain JSON, one line, no newline.
struct KeyFile {
  ZonedTime created = {};
  std::string username = {};
  std::string hostname = {};
  std::uint64_t n = 0;  // scrypt parameters
  std::uint32_t r = 0;
  std::uint32_t p = 0;
  Buffer salt = {};
  Buffer data = {};  // sealed master key JSON
};

std::string encode_key_file(const KeyFile& key);
/// Throws Error(corrupt); Error(unsupported) for a kdf other than scrypt.
KeyFile decode_key_file(std::string_view json);

/// The master key's JSON, `{"mac":{"k":..,"r":..},"encrypt":..}`; `key` is encrypt ‖ k ‖ r.
/// The caller wipes the text.
std::string encode_master_key(ByteView key);
/// Inverse: 64 bytes encrypt ‖ k ‖ r. Throws Error(corrupt).
Buffer decode_master_key(std::string_view json);

}  // namespace medsave
