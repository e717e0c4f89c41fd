#include "medsave/par/task_scope.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/system.hpp"
#include "medsave/base/thread.hpp"

#include <atomic>
#include <utility>

namespace medsave {
namespace {

/// What the threads of one spawn() share.
struct Group {
  TaskScope::Task task;
  std::function<void()> at_end;
  std::atomic<unsigned> running;

  /// Subtracts `count` threads from those that run; whether none is left.
  bool leave(unsigned count) { return running.fetch_sub(count) == count; }
};

}  // namespace

TaskScope::TaskScope(std::stop_token outer) : outer_(std::move(outer)) {
  on_outer_stop_ =
      std::make_unique<std::stop_callback<OnOuterStop>>(outer_, OnOuterStop{.scope = this});
}

TaskScope::~TaskScope() {
  stop_.request_stop();
  for (std::thread& thread : threads_) thread.join();
}

void TaskScope::spawn(const std::string& name, unsigned count, Task task,
                      std::function<void()> at_end) {
  const auto group = std::make_shared<Group>();
  group->task = std::move(task);
  group->at_end = std::move(at_end);
  group->running = count;
  threads_.reserve(threads_.size() + count);
  const auto leave = [this, group](unsigned how_many) {
    if (group->leave(how_many) && group->at_end && !stop_.stop_requested()) group->at_end();
  };
  const auto run = [this, group, name, leave] {
    try {
      name_this_thread(name);
      group->task(stop_.get_token());
      leave(1);  // not reached after a failure, so that at_end does not run then
    } catch (...) {
      fail(std::current_exception());
    }
  };
  for (unsigned i = 0; i < count; ++i) {
    try {
      threads_.emplace_back(run);
    } catch (const std::system_error& e) {
      if (i == 0) throw_no_thread(e);
      leave(count - i);  // the threads that exist do all the work
      return;
    }
  }
}

void TaskScope::fail(std::exception_ptr error) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (!first_error_) first_error_ = std::move(error);
  }
  // After the error has been recorded: what the other threads throw because of the stop must not
  // replace it.
  stop_.request_stop();
}

void TaskScope::join() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  std::exception_ptr error;
  {
    const std::lock_guard lock(mutex_);
    error = first_error_;
  }
  if (error) std::rethrow_exception(error);
  if (outer_.stop_requested()) throw Interrupted();
}

void check_stop(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Interrupted();
}

unsigned worker_count() {
  if (const unsigned count = usable_processors(); count > 0) return count;
  const unsigned count = std::thread::hardware_concurrency();
  return count > 0 ? count : 1;
}

}  // namespace medsave
