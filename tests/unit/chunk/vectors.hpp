#pragma once

#include <nlohmann/json.hpp>

#include <fstream>

namespace medsave::test {

/// Chunk lengths that restic stored for given streams, and samples of polynomials.
inline nlohmann::json chunker_vectors() {
  std::ifstream file(MEDSAVE_TEST_DATA "/chunker.json");
  return nlohmann::json::parse(file);
}

}  // namespace medsave::test
