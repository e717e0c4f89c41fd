#include "medsave/base/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

namespace medsave {
namespace {

TEST(SystemRandom, NeverRepeatsANonce) {
  std::set<std::string> seen;
  for (int i = 0; i < 2000; ++i) {  // several pools' worth
    std::array<std::byte, 16> nonce = {};
    system_random().fill(nonce);
    EXPECT_TRUE(seen.emplace(as_text(nonce)).second);
  }
}

TEST(SystemRandom, FillsRequestsOfEverySize) {
  for (const std::size_t size : {0U, 1U, 31U, 64U, 65U, 4096U, 100'000U}) {
    Buffer buffer(size);
    for (std::byte& b : buffer.writable()) b = std::byte{0};
    // A byte stays zero in one of 256 cases; both ends staying zero 20 times is no accident.
    bool first = size == 0;
    bool last = size == 0;
    for (int i = 0; i < 20; ++i) {
      system_random().fill(buffer.writable());
      first = first || buffer.view().front() != std::byte{0};
      last = last || buffer.view().back() != std::byte{0};
    }
    EXPECT_TRUE(first && last) << size;
  }
}

/// Hands out given numbers.
class FixedRandom final : public Random {
 public:
  explicit FixedRandom(std::initializer_list<std::uint64_t> values) : values_(values) {}
  void fill(MutableByteView out) override {
    const std::uint64_t value = values_.at(next_++);
    ASSERT_EQ(out.size(), sizeof value);
    std::memcpy(out.data(), &value, sizeof value);
  }

 private:
  std::vector<std::uint64_t> values_;
  std::size_t next_ = 0;
};

TEST(Random, BelowStaysBelowItsBound) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(system_random().below(5));
  EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(system_random().below(1), 0U);
}

TEST(Random, BelowDrawsAgainWhereTheResultWouldBeBiased) {
  // 2^64 mod 10 = 6: the values 0 to 5 would be one too many for the results 0 to 5.
  FixedRandom random({5, 0, 6});
  EXPECT_EQ(random.below(10), 6U);
}

}  // namespace
}  // namespace medsave
