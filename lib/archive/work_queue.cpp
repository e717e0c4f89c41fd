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

void WorkQueue::push(std::vector<StreamTask> streams) {
  if (streams.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    streams_.insert(streams_.end(), std::make_move_iterator(streams.begin()),
                    std::make_move_iterator(streams.end()));
  }
  streams_changed_.notify_all();
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

bool WorkQueue::can_take() const {
  return !chunks_.empty() || (!batches_.empty() && readers_ < max_readers_) ||
         (!directories_.empty() && batches_.size() < kMaxWaitingBatches);
}

Task WorkQueue::take() {
  if (!chunks_.empty()) return take_last(chunks_);
  if (!batches_.empty() && readers_ < max_readers_) {
    ++readers_;
    return take_last(batches_);
  }
  return take_last(directories_);
}

std::optional<Task> WorkQueue::next(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  ++waiting_;
  changed_.wait(lock, stop, [this] { return can_take() || all_done(); });
  --waiting_;
  if (stop.stop_requested() || !can_take()) return std::nullopt;
  ++active_;
  return take();
}

std::optional<StreamTask> WorkQueue::next_stream(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  streams_changed_.wait(lock, stop, [this] { return !streams_.empty() || all_done(); });
  if (stop.stop_requested() || streams_.empty()) return std::nullopt;
  ++active_;
  StreamTask task = std::move(streams_.front());
  streams_.pop_front();
  return task;
}

void WorkQueue::done() {
  bool ended = false;
  {
    const std::lock_guard lock(mutex_);
    --active_;
    ended = all_done();
  }
  if (!ended) return;
  changed_.notify_all();
  streams_changed_.notify_all();
}

void WorkQueue::reading_done() {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    --readers_;
    wake = waiting_ != 0;
  }
  if (wake) changed_.notify_all();
}

}  // namespace medsave
