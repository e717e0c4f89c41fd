#pragma once

#include "medsave/base/error.hpp"

#include <gmock/gmock.h>

#include <exception>

namespace medsave::test {

/// Matches a callable that throws an Error with this code:
/// EXPECT_THAT([&] { decode(bytes); }, throws_errc(Errc::corrupt));
MATCHER_P(throws_errc, code, std::string("throws Error(") + std::string(errc_name(code)) + ")") {
  try {
    arg();
  } catch (const Error& e) {
    *result_listener << "threw " << errc_name(e.code()) << ": " << e.what();
    return e.code() == code;
  } catch (const std::exception& e) {
    *result_listener << "threw another exception: " << e.what();
    return false;
  }
  *result_listener << "threw nothing";
  return false;
}

}  // namespace medsave::test
