#pragma once

// par: threads. Begin here: a TaskScope owns the threads of one operation and carries the first
// failure out of them. A pipeline consists of a scope, bounded queues between its stages
// (bounded_queue.hpp) and a limit to the bytes in them (byte_budget.hpp).

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace medsave {

/// The threads of one operation. They live no longer than the scope; the first exception of any
/// of them stops all the others and is rethrown by join(). A stop of the outer token stops them
/// too, and join() then throws Interrupted.
class TaskScope {
 public:
  /// `outer` is usually the command's token (SIGINT).
  explicit TaskScope(std::stop_token outer);
  /// Stops and joins; drops exceptions that no join() has thrown.
  ~TaskScope();
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  using Task = std::function<void(const std::stop_token&)>;
  /// Runs `task` on `count` threads. `at_end` runs once, on the last of them to return normally
  /// (close the next queue there); not after a failure or a stop. Where the system refuses some of
  /// the threads, the others do the work; throws Error(permission) when it refuses all.
  void spawn(const std::string& name, unsigned count, Task task, std::function<void()> at_end = {});

  /// The token the tasks see.
  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }
  /// Stops the scope with this failure, unless another came first.
  void fail(std::exception_ptr error) noexcept;
  /// Waits for all. Throws the first failure, or Interrupted when the outer token was stopped.
  void join();

 private:
  void request_stop_from_outer() noexcept { stop_.request_stop(); }

  struct OnOuterStop {
    TaskScope* scope;
    void operator()() const noexcept { scope->request_stop_from_outer(); }
  };

  std::stop_source stop_;
  std::stop_token outer_;
  std::mutex mutex_;  // guards first_error_
  std::exception_ptr first_error_;
  std::vector<std::thread> threads_;
  std::unique_ptr<std::stop_callback<OnOuterStop>> on_outer_stop_;
};

/// Throws Interrupted when `stop` was requested. Call once per item and per MiB.
void check_stop(const std::stop_token& stop);

/// Number of worker threads for computing: the cores this process may use, at least 1.
unsigned worker_count();

}  // namespace medsave
