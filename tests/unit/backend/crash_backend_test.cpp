#include "support/crash_backend.hpp"

#include "support/matchers.hpp"

#include <gtest/gtest.h>

namespace medsave::test {
namespace {

FileRef pack(unsigned n) {
  FileRef file{.kind = FileKind::pack};
  file.id.bytes()[0] = static_cast<std::byte>(n);
  return file;
}

TEST(CrashBackend, KeepsWhatABarrierMadeDurableAndLosesSomeOfTheRest) {
  bool lost_some = false;
  bool kept_some = false;
  for (unsigned seed = 0; seed < 20; ++seed) {
    MemBackend disk;
    CrashBackend backend(disk);
    backend.save(pack(0), Buffer(as_bytes("safe")));
    backend.barrier();
    for (unsigned i = 1; i < 10; ++i) backend.save(pack(i), Buffer(as_bytes("unsafe")));
    EXPECT_EQ(backend.list(FileKind::pack).size(), 10U);
    EXPECT_EQ(backend.unsafe_changes(), 9U);
    backend.crash(seed);
    EXPECT_THAT([&] { backend.barrier(); }, throws_errc(Errc::io));
    EXPECT_TRUE(disk.size(pack(0)));
    const std::size_t left = disk.list(FileKind::pack).size();
    lost_some = lost_some || left < 10;
    kept_some = kept_some || left > 1;
  }
  EXPECT_TRUE(lost_some);
  EXPECT_TRUE(kept_some);
}

TEST(CrashBackend, RemovalsMayComeBack) {
  bool came_back = false;
  bool stayed_away = false;
  for (unsigned seed = 0; seed < 20; ++seed) {
    MemBackend disk;
    disk.save(pack(1), Buffer(as_bytes("old")));
    CrashBackend backend(disk);
    backend.remove(pack(1));
    EXPECT_FALSE(backend.size(pack(1)));
    backend.crash(seed);
    (disk.size(pack(1)) ? came_back : stayed_away) = true;
  }
  EXPECT_TRUE(came_back);
  EXPECT_TRUE(stayed_away);
}

}  // namespace
}  // namespace medsave::test
