#include "medsave/sys/signals.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>

namespace medsave {
namespace {

constexpr int kExitInterrupted = 130;

std::atomic<bool>& interrupt_flag() {
  static std::atomic<bool> flag = false;
  return flag;
}

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, number);
  return set;
}

void wait_for_signals(const std::stop_token& end, std::stop_source stop) {
  const sigset_t handled = handled_signals();
  while (!end.stop_requested()) {
    int number = 0;
    if (::sigwait(&handled, &number) != 0 || number == SIGHUP) continue;
    if (stop.stop_requested()) ::_exit(kExitInterrupted);
    interrupt_flag().store(true);
    stop.request_stop();
  }
}

}  // namespace

bool interrupt_requested() { return interrupt_flag().load(); }

SignalGuard::SignalGuard() {
  const sigset_t handled = handled_signals();
  ::pthread_sigmask(SIG_BLOCK, &handled, nullptr);
  ::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of write()
  thread_ = std::jthread(wait_for_signals, stop_);
}

SignalGuard::~SignalGuard() {
  thread_.request_stop();
  // Wakes the thread; harmless when it comes before sigwait, the signal is blocked then.
  ::pthread_kill(thread_.native_handle(), SIGHUP);
  thread_.join();
  interrupt_flag().store(false);
}

void protect_process_memory() {
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  ::setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__)  // the leak detector must be able to look into the process
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

}  // namespace medsave
