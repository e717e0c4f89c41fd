#include "medsave/sys/signals.hpp"

#include "medsave/base/thread.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace medsave {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kExitInterrupted = 130;
constexpr auto kOrderlyEnd = std::chrono::seconds(3);              // before further signals count
constexpr auto kSecondKeystroke = std::chrono::milliseconds(500);  // before a second Ctrl-C counts
constexpr auto kLastActions = std::chrono::seconds(2);

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, number);
  return set;
}

/// What OnForcedExit objects want done. Lives for ever: threads may use it while the process ends.
struct LastActions {
  std::mutex mutex;  // guards actions; held for good once they run
  std::vector<const std::function<void()>*> actions;
};

LastActions& last_actions() {
  static auto* const kActions = new LastActions;
  return *kActions;
}

[[noreturn]] void end_by_force() {
  // Never released, so that no owner ends before the process does.
  auto* const lock = new std::unique_lock(last_actions().mutex, std::defer_lock);
  // OnForcedExit holds it for a moment only.
  lock->lock();
  struct Progress {
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t open = 0;
  };
  auto* const progress = new Progress;
  progress->open = last_actions().actions.size();
  for (const std::function<void()>* action : last_actions().actions) {
    const auto run = [progress, action] {
      try {
        (*action)();
      } catch (...) {  // what cannot be cleaned up stays
      }
      const std::lock_guard guard(progress->mutex);
      --progress->open;
      progress->changed.notify_all();
    };
    try {
      std::thread(run).detach();
    } catch (const std::system_error&) {
      run();  // there are no threads left, so one after the other
    }
  }
  std::unique_lock guard(progress->mutex);
  progress->changed.wait_for(guard, kLastActions, [&] { return progress->open == 0; });
  ::_exit(kExitInterrupted);
}

/// A hang-up by the kernel, or by the shell that hands it on: the terminal is gone. Others only
/// look whether this process lives.
bool terminal_was_closed(const siginfo_t& info) {
  if (info.si_code == SI_KERNEL) return true;
  return info.si_code == SI_USER && info.si_pid != 0 &&
         (info.si_pid == ::getppid() || info.si_pid == ::getsid(0));
}

bool hang_ups_are_ignored() {
  struct sigaction action = {};
  return ::sigaction(SIGHUP, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

void wait_for_signals(const std::stop_token& end, const std::stop_source& stop) {
  const sigset_t handled = handled_signals();
  const bool ignores_hang_up = hang_ups_are_ignored();
  std::optional<Clock::time_point> first;
  while (!end.stop_requested()) {
    siginfo_t info{};
    const int number = ::sigwaitinfo(&handled, &info);
    if (number < 0 || end.stop_requested()) continue;
    if (number == SIGHUP && (ignores_hang_up || !terminal_was_closed(info))) continue;
    const Clock::time_point now = Clock::now();
    if (!first) {
      first = now;
      stop.request_stop();
    } else if (now - *first > kOrderlyEnd ||
               (number == SIGINT && now - *first > kSecondKeystroke)) {
      end_by_force();
    }
  }
}

}  // namespace

SignalGuard::SignalGuard() {
  const sigset_t handled = handled_signals();
  ::pthread_sigmask(SIG_BLOCK, &handled, nullptr);
  ::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of write()
  ::signal(SIGXFSZ, SIG_IGN);  // so is a file that may not grow
  thread_ =
      start_thread([stop = stop_](const std::stop_token& end) { wait_for_signals(end, stop); });
}

SignalGuard::~SignalGuard() {
  thread_.request_stop();
  // Wakes the thread; harmless when it comes before sigwait, the signal is blocked then.
  ::pthread_kill(thread_.native_handle(), SIGHUP);
  thread_.join();
}

OnForcedExit::OnForcedExit(std::function<void()> action) : action_(std::move(action)) {
  const std::lock_guard guard(last_actions().mutex);
  last_actions().actions.push_back(&action_);
}

OnForcedExit::~OnForcedExit() {
  const std::lock_guard guard(last_actions().mutex);
  std::erase(last_actions().actions, &action_);
}

void protect_process_memory() {
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  ::setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__)  // the leak detector must be able to look into the process
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

}  // namespace medsave
