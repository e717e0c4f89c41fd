// A backup's bytes depend on nothing but its source, time and chance.
#include "backup_setup.hpp"

#include "medsave/base/clock.hpp"
#include "medsave/base/random.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>

namespace medsave {
namespace {

using test::BackupTest;

/// The same bytes in the same order, and a clock that ticks at each look at it.
class FixedRandom : public Random {
 public:
  void fill(MutableByteView out) override {
    const std::lock_guard lock(mutex_);
    for (std::byte& byte : out) byte = static_cast<std::byte>(engine_() & 0xFFU);
  }

 private:
  std::mutex mutex_;  // guards engine_
  std::mt19937_64 engine_{1};
};
class TickingClock : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override {
    return {.seconds = 1'700'000'000 + ticks_++, .nanoseconds = 0};
  }

 private:
  mutable std::atomic<int> ticks_ = 0;
};

TEST_F(BackupTest, MakesTheSameBytesOfTheSameTimeAndChance) {
  const Buffer content = test::content(1, 3000, false);
  write("d/f", as_text(content.view()));
  const auto stored = [this] {
    MemBackend store;
    FixedRandom random;
    const TickingClock clock;
    repository_ = Repository::create(
        std::make_unique<test::Connection>(store), Secret("password"),
        {.polynomial = {}, .kdf = test::kFastKdf, .clock = clock, .random = random});
    index_ = load_index(*repository_, {});
    run();
    std::map<std::string, std::string> files;
    Buffer stored_bytes;
    store.load({.kind = FileKind::config, .id = {}}, ~0ULL, stored_bytes);
    files["config"] = as_text(stored_bytes.view());
    for (const FileKind kind :
         {FileKind::key, FileKind::snapshot, FileKind::index, FileKind::pack}) {
      for (const ListedFile& file : store.list(kind)) {
        store.load({.kind = kind, .id = file.id}, ~0ULL, stored_bytes);
        files[file.id.hex()] = as_text(stored_bytes.view());
      }
    }
    reload();
    return files;
  };
  const std::map<std::string, std::string> first = stored();
  EXPECT_EQ(first.size(), 6U);  // with a pack of data and one of lists
  EXPECT_EQ(first, stored());
}

}  // namespace
}  // namespace medsave
