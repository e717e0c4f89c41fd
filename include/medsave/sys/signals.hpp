#pragma once

#include <functional>
#include <stop_token>
#include <thread>

namespace medsave {

/// Turns SIGINT and SIGTERM into a stop request; so does SIGHUP from the kernel or from the shell
/// (the terminal was closed), unless the program was started by nohup. SIGHUP from other processes
/// is survived: restic sends it to the owners of locks to see whether they live.
///
/// Whoever does not want to wait for an orderly end sends another one: a signal that comes more
/// than 3 seconds after the first, or SIGINT more than half a second after it (a second Ctrl-C).
/// Then what OnForcedExit objects hold is done, and the process ends with 130. Signals that come
/// earlier count as one with the first: timeout(1) and service managers send several at once.
///
/// Blocks these signals in all threads and waits for them in one of its own: make it before any
/// other thread. SIGPIPE is ignored from then on.
class SignalGuard {
 public:
  SignalGuard();
  ~SignalGuard();
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }

 private:
  std::stop_source stop_;
  std::jthread thread_;
};

/// Something that must not stay behind when the process ends by force: a lock, a mount. Its action
/// runs on a thread of its own, at the same time as others' and as whatever else the process does,
/// and gets 2 seconds. The destructor waits for one that runs, so what the action uses has to live
/// as long as this object. An action may throw, which is ignored.
class OnForcedExit {
 public:
  explicit OnForcedExit(std::function<void()> action);
  ~OnForcedExit();
  OnForcedExit(const OnForcedExit&) = delete;
  OnForcedExit& operator=(const OnForcedExit&) = delete;

 private:
  std::function<void()> action_;
};

/// No core dumps, no ptrace by other processes of the user: memory holds keys.
void protect_process_memory();

}  // namespace medsave
