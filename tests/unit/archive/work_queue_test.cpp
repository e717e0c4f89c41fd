#include "work_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

namespace medsave {
namespace {

std::vector<DirectoryTask> directories(std::size_t first, std::size_t count) {
  std::vector<DirectoryTask> tasks(count);
  for (std::size_t i = 0; i < count; ++i) tasks[i].slot = first + i;
  return tasks;
}

std::vector<FileBatch> batches(std::size_t count) { return std::vector<FileBatch>(count); }

std::size_t slot_of(const std::optional<Task>& task) {
  return std::get<DirectoryTask>(task.value()).slot;
}

TEST(WorkQueue, TakesTheNewestFoldersFirstInTheirOrder) {
  WorkQueue queue(1, 1);
  queue.push({}, directories(0, 2));
  EXPECT_EQ(slot_of(queue.next({})), 0U);
  queue.push({}, directories(10, 2));
  EXPECT_EQ(slot_of(queue.next({})), 10U);
  EXPECT_EQ(slot_of(queue.next({})), 11U);
  EXPECT_EQ(slot_of(queue.next({})), 1U);
}

TEST(WorkQueue, PrefersChunksToFilesToFolders) {
  WorkQueue queue(2, 1);
  queue.push(batches(1), directories(0, 1));
  ChunkTask chunk;
  EXPECT_TRUE(queue.try_push(chunk));
  EXPECT_TRUE(std::holds_alternative<ChunkTask>(queue.next({}).value()));
  EXPECT_TRUE(std::holds_alternative<FileBatch>(queue.next({}).value()));
  EXPECT_TRUE(std::holds_alternative<DirectoryTask>(queue.next({}).value()));
}

TEST(WorkQueue, RefusesChunksBeyondItsRoomUntouched) {
  WorkQueue queue(1, 1);
  ChunkTask first;
  ChunkTask second{.index = 2, .bytes = Buffer(5)};
  EXPECT_TRUE(queue.try_push(first));
  EXPECT_FALSE(queue.try_push(second));
  EXPECT_EQ(second.bytes.size(), 5U);
}

TEST(WorkQueue, LimitsTheReaders) {
  WorkQueue queue(1, 1);
  queue.push(batches(2), directories(0, 1));
  EXPECT_TRUE(std::holds_alternative<FileBatch>(queue.next({}).value()));
  EXPECT_TRUE(std::holds_alternative<DirectoryTask>(queue.next({}).value()));
  queue.reading_done();
  EXPECT_TRUE(std::holds_alternative<FileBatch>(queue.next({}).value()));
}

TEST(WorkQueue, EndsForAllWhenTheLastTaskIsDone) {
  WorkQueue queue(1, 1);
  queue.push(std::vector<StreamTask>(1));
  EXPECT_TRUE(queue.next_stream({}));
  std::atomic<int> ended = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (queue.next({})) queue.done();
      ++ended;
    });
  }
  queue.push({}, directories(0, 50));
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(ended, 0);  // the stream may still add something
  queue.done();
  threads.clear();
  EXPECT_EQ(ended, 3);
  EXPECT_FALSE(queue.next_stream({}));
}

TEST(WorkQueue, EndsOnAStop) {
  WorkQueue queue(1, 1);
  queue.push(std::vector<StreamTask>(1));
  EXPECT_TRUE(queue.next_stream({}));
  std::stop_source stop;
  std::jthread waiting([&] { EXPECT_FALSE(queue.next(stop.get_token())); });
  stop.request_stop();
}

}  // namespace
}  // namespace medsave
