// A backup's bytes depend on nothing but its source, time and chance.
#include "backup_setup.hpp"
#include "support/time_and_chance.hpp"

#include "medsave/base/clock.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <string>

namespace medsave {
namespace {

using test::BackupTest;

/// Ticks at each look at it.
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
    test::SeededRandom random;
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
