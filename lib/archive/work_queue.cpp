#include "work_queue.hpp"

#include <iterator>
#include <utility>

namespace medsave {
namespace {

/// Folders are not walked further ahead of the readers than this.
constexpr std::size_t kMaxWaitingBatches = 256;

template <typename T>
void move_reversed(std::vector<T>& from, std::vector<T>& to) {
  to.insert(to.end(), std::make_move_iterator(from.rbegin()), std::make_move_iterator(from.rend()));
}

template <typename T>
T take_last(std::vector<T>& from) {
  T task = std::move(from.back());
  from.pop_back();
  return task;
}

}  // namespace

void WorkQueue::push(std::vector<FileBatch> batches, std::vector<DirectoryTask> directories) {
  if (batches.empty() && directories.empty()) return;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    move_reversed(batches, batches_);
    move_reversed(directories, directories_);
    wake = waiting_ != 0;
  }
  if (wake) changed_.notify_all();
}

bool WorkQueue::try_push(ChunkTask& task) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (chunks_.size() >= max_chunks_) return false;
    chunks_.push_back(std::move(task));
    wake = waiting_ != 0;
  }
  if (wake) changed_.notify_one();
  return true;
}

std::optional<Task> WorkQueue::take() {
  if (!chunks_.empty()) return take_last(chunks_);
  if (!batches_.empty() && readers_ < max_readers_) {
    ++readers_;
    return take_last(batches_);
  }
  if (!directories_.empty() && batches_.size() < kMaxWaitingBatches) {
    return take_last(directories_);
  }
  return std::nullopt;
}

std::optional<Task> WorkQueue::next(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (std::optional<Task> task = take()) {
      ++active_;
      return task;
    }
    if (active_ == 0 && idle()) break;
    ++waiting_;
    changed_.wait(lock, stop, [this, known = version_] { return version_ != known; });
    --waiting_;
  }
  return std::nullopt;
}

void WorkQueue::done() {
  bool ended = false;
  {
    const std::lock_guard lock(mutex_);
    --active_;
    ended = active_ == 0 && idle();
  }
  if (ended) changed_.notify_all();
}

void WorkQueue::reading_done() {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    --readers_;
    wake = waiting_ != 0;
  }
  if (wake) changed_.notify_one();
}

}  // namespace medsave
