#pragma once

#include "medsave/base/error.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>

namespace medsave::test {

/// `decode` throws Error(`code`) for every proper prefix of `good`.
inline void expect_truncations_rejected(const std::string& good,
                                        const std::function<void(std::string_view)>& decode,
                                        Errc code = Errc::corrupt) {
  for (std::size_t length = 0; length < good.size(); ++length) {
    // A copy without spare room, so that a sanitizer sees a read past its end.
    const std::string cut(good, 0, length);
    try {
      decode(cut);
      ADD_FAILURE() << "accepted the first " << length << " bytes";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code) << "length " << length << ": " << e.what();
    }
  }
}

/// `decode` accepts or throws Error(corrupt or unsupported) whatever is changed in `good`.
inline void expect_mutations_survived(const std::string& good, int rounds,
                                      const std::function<void(std::string_view)>& decode) {
  std::mt19937_64 random(7);
  constexpr std::string_view kAlphabet("{}[]\",:\\u0019-.eEnulltrue \x80\xff\x00", 29);
  for (int round = 0; round < rounds; ++round) {
    std::string bad = good;
    for (std::uint64_t changes = 1 + random() % 3; changes > 0 && !bad.empty(); --changes) {
      const std::size_t at = random() % bad.size();
      switch (random() % 4) {
        case 0:
          bad[at] = static_cast<char>(random());
          break;
        case 1:
          bad[at] = kAlphabet[random() % kAlphabet.size()];
          break;
        case 2:
          bad.erase(at, 1 + random() % 8);
          break;
        default:
          bad.insert(at, bad.substr(random() % bad.size(), random() % 40));
      }
    }
    try {
      decode(bad);
    } catch (const Error& e) {
      EXPECT_TRUE(e.code() == Errc::corrupt || e.code() == Errc::unsupported) << e.what();
    }
  }
}

}  // namespace medsave::test
