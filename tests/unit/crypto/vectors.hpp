#pragma once

#include "medsave/base/random.hpp"

#include <nlohmann/json.hpp>

#include <cstring>
#include <fstream>
#include <string>

namespace medsave::test {

/// Objects of real repositories with their keys and contents.
inline nlohmann::json crypto_vectors() {
  std::ifstream file(MEDSAVE_TEST_DATA "/crypto.json");
  return nlohmann::json::parse(file).at("vectors");
}

inline Buffer from_hex(const std::string& hex) {
  Buffer bytes(hex.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes.data()[i] = static_cast<std::byte>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  }
  return bytes;
}

/// Hands out the same bytes every time.
class RepeatingRandom final : public Random {
 public:
  explicit RepeatingRandom(Buffer bytes) : bytes_(std::move(bytes)) {}
  void fill(MutableByteView out) override {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = bytes_.data()[i % bytes_.size()];
  }

 private:
  Buffer bytes_;
};

}  // namespace medsave::test
