#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

namespace medsave {

/// What several threads have to do where doing one thing finds more, as following trees does. Each
/// takes the newest, so that the stack is about as high as the trees are deep and wide. The work
/// ends when nothing is left and nobody is at work any more. Thread-safe.
template <typename T>
class WorkStack {
 public:
  /// What to begin with.
  void push(T item) {
    {
      const std::lock_guard lock(mutex_);
      items_.push_back(std::move(item));
    }
    changed_.notify_one();
  }

  /// Waits for something to do, which is to be followed by one done(); nullopt when all is done, or
  /// on a stop.
  std::optional<T> next(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [&] { return !items_.empty() || busy_ == 0; });
    if (stop.stop_requested() || items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.back()));
    items_.pop_back();
    ++busy_;
    return item;
  }

  /// Says that what next() gave is done, and adds what it has led to.
  void done(const std::vector<T>& found) {
    {
      const std::lock_guard lock(mutex_);
      items_.insert(items_.end(), found.begin(), found.end());
      --busy_;
    }
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;  // guards the following
  std::condition_variable_any changed_;
  std::vector<T> items_;
  unsigned busy_ = 0;  // threads between next() and done()
};

}  // namespace medsave
