#pragma once

#include "medsave/base/encoding.hpp"

#include <nlohmann/json.hpp>

#include <time.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

namespace medsave::test {

/// A file of tests/data. Objects keep their order of members.
inline nlohmann::ordered_json load_json(const std::string& name) {
  std::ifstream in(std::string(MEDSAVE_TEST_DATA) + "/" + name);
  return nlohmann::ordered_json::parse(in);
}

inline std::string from_base64_text(const std::string& text) {
  return std::string(as_text(from_base64(text).value().view()));
}

inline std::string from_hex_text(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return out;
}

/// Runs `body` with `zone` as the process's time zone, in a thread of its own, because threads
/// remember offsets.
inline void in_zone(const std::string& zone, const std::function<void()>& body) {
  const char* const old = std::getenv("TZ");
  const std::string kept = old == nullptr ? "" : old;
  ::setenv("TZ", zone.c_str(), 1);
  ::tzset();
  std::thread(body).join();
  if (old == nullptr) {
    ::unsetenv("TZ");
  } else {
    ::setenv("TZ", kept.c_str(), 1);
  }
  ::tzset();
}

}  // namespace medsave::test
