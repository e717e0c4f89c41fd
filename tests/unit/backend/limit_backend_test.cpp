#include "medsave/backend/limit_backend.hpp"

#include "medsave/backend/mem_backend.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stop_token>
#include <thread>

namespace medsave::test {
namespace {

template <typename Action>
double seconds_of(const Action& action) {
  const auto begin = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

TEST(LimitBackend, HoldsEachDirectionToItsRate) {
  constexpr FileRef kFile{.kind = FileKind::pack};
  const auto slow_up = limit_rate(std::make_unique<MemBackend>(), 1'000'000, 0);
  EXPECT_GE(seconds_of([&] { slow_up->save(kFile, Buffer(150'000)); }), 0.15);
  Buffer out;
  EXPECT_LT(seconds_of([&] { slow_up->load(kFile, 1'000'000, out); }), 0.1);

  const auto slow_down = limit_rate(std::make_unique<MemBackend>(), 0, 1'000'000);
  EXPECT_LT(seconds_of([&] { slow_down->save(kFile, Buffer(150'000)); }), 0.1);
  EXPECT_GE(seconds_of([&] {
              slow_down->load_range(kFile, 0, 50'000, out);
              slow_down->load_range(kFile, 50'000, 100'000, out);
            }),
            0.15);
}

TEST(LimitBackend, AStopEndsTheWaiting) {
  std::stop_source stop;
  const auto slow = limit_rate(std::make_unique<MemBackend>(), 1, 0, stop.get_token());
  const std::jthread stopper([&stop] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  });
  EXPECT_LT(seconds_of([&] { slow->save({.kind = FileKind::pack}, Buffer(1'000'000)); }), 5);
  EXPECT_LT(seconds_of([&] { slow->save({.kind = FileKind::lock}, Buffer(1'000'000)); }), 0.1);
}

TEST(LimitBackend, LocksDoNotWaitBehindPacks) {
  const auto slow = limit_rate(std::make_unique<MemBackend>(), 10'000, 10'000);
  const FileRef lock{.kind = FileKind::lock};
  const std::jthread uploader([&] { slow->save({.kind = FileKind::pack}, Buffer(20'000)); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the pack waits, for two seconds
  EXPECT_LT(seconds_of([&] {
              slow->save(lock, Buffer(200));
              slow->barrier();
              Buffer out;
              slow->load(lock, 1'000, out);
              EXPECT_EQ(out.size(), 200U);
            }),
            1);
}

TEST(LimitBackend, NoLimitIsNoDecorator) {
  auto mem = std::make_unique<MemBackend>();
  const Backend* plain = mem.get();
  EXPECT_EQ(limit_rate(std::move(mem), 0, 0).get(), plain);
}

}  // namespace
}  // namespace medsave::test
