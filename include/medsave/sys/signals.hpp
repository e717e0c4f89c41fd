#pragma once

#include <stop_token>
#include <thread>

namespace medsave {

/// Turns SIGINT and SIGTERM into a stop request; the second one ends the process at once with
/// 130. SIGHUP is survived (restic's unlock sends it to lock owners). Blocks these signals in all
/// threads and waits for them in one of its own: make it before any other thread. SIGPIPE is
/// ignored from then on.
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

/// Whether a SignalGuard is there and has seen SIGINT or SIGTERM: for waits deep inside that have
/// no stop token (password prompt, rate limits).
bool interrupt_requested();

/// No core dumps, no ptrace by other processes of the user: memory holds keys.
void protect_process_memory();

}  // namespace medsave
