#include "medsave/remote/retry_backend.hpp"

#include "support/faulty_backend.hpp"
#include "support/matchers.hpp"

#include "medsave/backend/mem_backend.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace medsave::test {
namespace {

using std::chrono::milliseconds;

constexpr RetryPolicy kQuick = {.first_wait = milliseconds(1),
                                .longest_wait = milliseconds(4),
                                .give_up_after = milliseconds(200)};
constexpr FileRef kConfig = {.kind = FileKind::config};
const FileRef kPack = {.kind = FileKind::pack, .id = Id::parse(std::string(64, '7')).value()};

/// Says that a request failed although it was carried out, the first time.
class LostAnswer : public MemBackend {
 public:
  void save(const FileRef& file, Buffer&& data) override {
    MemBackend::save(file, Buffer(data.view()));
    if (!std::exchange(lost_, true)) throw Error(Errc::io, "the answer was lost");
  }

 private:
  bool lost_ = false;
};

class Retry : public testing::Test {
 protected:
  std::unique_ptr<Backend> faulty(unsigned n, Errc code, bool from_then_on = false) {
    return retry_requests(
        std::make_unique<FaultyBackend>(store_, n, Error(code, "the line is dead"), from_then_on),
        kQuick, [this](const std::string& notice) { notices_.push_back(notice); });
  }

  MemBackend store_;
  std::vector<std::string> notices_;
};

TEST_F(Retry, RepeatsEveryKindOfRequest) {
  for (unsigned n = 1; n <= 6; ++n) {
    notices_.clear();
    const auto backend = faulty(n, Errc::io);
    Buffer out;
    backend->save(kPack, Buffer(as_bytes("0123456789")));
    backend->load(kPack, 100, out);
    EXPECT_EQ(as_text(out.view()), "0123456789");
    backend->load_range(kPack, 3, 4, out);
    EXPECT_EQ(as_text(out.view()), "3456");
    EXPECT_EQ(backend->size(kPack), 10U);
    EXPECT_EQ(backend->list(FileKind::pack).size(), 1U);
    backend->remove(kPack);
    EXPECT_EQ(notices_.size(), 1U) << n;
    EXPECT_FALSE(store_.size(kPack));
  }
}

TEST_F(Retry, TellsWhatFailedAndWhy) {
  faulty(1, Errc::io)->size(kPack);
  ASSERT_EQ(notices_.size(), 1U);
  EXPECT_NE(notices_[0].find("the line is dead"), std::string::npos);
  EXPECT_NE(notices_[0].find("pack 77777777"), std::string::npos);
}

TEST_F(Retry, GivesUpInTheEnd) {
  const auto start = std::chrono::steady_clock::now();
  const auto backend = faulty(1, Errc::io, true);
  EXPECT_THAT([&] { backend->size(kPack); }, throws_errc(Errc::io));
  EXPECT_GT(notices_.size(), 3U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST_F(Retry, DoesNotRepeatWhatCannotPass) {
  for (const Errc code : {Errc::permission, Errc::no_space, Errc::corrupt, Errc::usage}) {
    const auto backend = faulty(1, code, true);
    EXPECT_THAT([&] { backend->save(kPack, Buffer(as_bytes("x"))); }, throws_errc(code));
  }
  EXPECT_TRUE(notices_.empty());
}

TEST_F(Retry, TakesItsOwnConfigForStoredWhenTheAnswerWasLost) {
  const auto backend =
      retry_requests(std::make_unique<LostAnswer>(), kQuick, [](const std::string&) {});
  backend->save(kConfig, Buffer(as_bytes("settings")));
  EXPECT_THAT([&] { backend->save(kConfig, Buffer(as_bytes("others"))); },
              throws_errc(Errc::exists));
}

}  // namespace
}  // namespace medsave::test
