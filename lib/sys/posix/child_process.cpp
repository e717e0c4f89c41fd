#include "medsave/sys/child_process.hpp"

#include "system_call.hpp"

#include "medsave/base/thread.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <string_view>

namespace medsave {
namespace {

constexpr int kExitNotStarted = 127;
constexpr std::chrono::milliseconds kGrace(2000);  // of the destructor

Error start_error(int error_number, const std::string& program) {
  if (error_number == ENOENT) {
    return {Errc::usage,
            format_text(_("there is no program {}; install it, or give its whole path"), program)};
  }
  const Error cause = error_from_errno(error_number, format_text(_("cannot start {}"), program));
  return {cause.code() == Errc::permission ? Errc::permission : Errc::io, cause.what()};
}

/// A descriptor that is none of the standard streams, so that they can be replaced one by one.
UniqueFd above_streams(int fd) {
  UniqueFd original(fd);
  if (fd > STDERR_FILENO) return original;
  return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Pipe make_pipe(const std::string& program) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw start_error(errno, program);
  Pipe made{.read = above_streams(ends[0]), .write = above_streams(ends[1])};
  if (!made.read || !made.write) throw start_error(errno, program);
  return made;
}

/// Our environment with the given variables added or replaced, as "NAME=value".
std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const bool replaced = std::ranges::any_of(variables, [&](const auto& variable) {
      return text.starts_with(variable.first) && text.substr(variable.first.size(), 1) == "=";
    });
    if (!replaced) entries.emplace_back(text);
  }
  for (const auto& [name, value] : variables) {
    entries.push_back(std::string(name).append("=").append(value));
  }
  return entries;
}

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// Everything the child needs between fork and exec, where nothing may be allocated and no lock
/// taken: another thread may have held any of them.
struct Launch {
  std::vector<char*> arguments;
  std::vector<char*> environment;
  int streams[3] = {-1, -1, -1};  // -1: inherited
  int failure = -1;               // where errno goes when the program cannot be started
  ChildTerminal terminal = ChildTerminal::shared;
  bool ends_with_us = false;
  int parent = -1;
};

/// A handler that the child ignores is inherited by the program; all others become defaults.
void set_signals(ChildTerminal terminal) {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) {
    ::sigaction(number, &action, nullptr);
  }
  if (terminal == ChildTerminal::ignores_signals) {
    action.sa_handler = SIG_IGN;
    for (const int number : {SIGINT, SIGHUP, SIGQUIT}) ::sigaction(number, &action, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

void report(int failure, int error_number) {
  if (::write(failure, &error_number, sizeof error_number) < 0) ::_exit(kExitNotStarted);
}

[[noreturn]] void run_child(const Launch& launch) {
  // If the parent has ended already, the kernel sends no signal any more.
  if (launch.ends_with_us &&
      (::prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || ::getppid() != launch.parent)) {
    ::_exit(kExitNotStarted);
  }
  if (launch.terminal == ChildTerminal::own_group) ::setpgid(0, 0);
  for (int target = STDIN_FILENO; target <= STDERR_FILENO; ++target) {
    const int source = launch.streams[target];
    if (source >= 0 && ::dup2(source, target) < 0) {
      report(launch.failure, errno);
      ::_exit(kExitNotStarted);
    }
  }
  set_signals(launch.terminal);
  ::execvpe(launch.arguments[0], launch.arguments.data(), launch.environment.data());
  report(launch.failure, errno);
  ::_exit(kExitNotStarted);
}

/// Forks with all signals blocked, so that no handler of ours runs in the child. pid, or -errno.
int fork_child(const Launch& launch) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) run_child(launch);
  const int error_number = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return pid < 0 ? -error_number : pid;
}

/// Forks in a thread that stays until it is asked to stop.
int fork_in(std::jthread& parent, const Launch& launch) {
  std::promise<int> result;
  std::future<int> pid = result.get_future();
  parent = start_thread([&launch, result = std::move(result)](const std::stop_token& stop) mutable {
    result.set_value(fork_child(launch));  // the last use of launch
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait(lock, stop, [] { return false; });
  });
  return pid.get();
}

int exit_status(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

ChildProcess::ChildProcess(const ChildSetup& setup)
    : own_group_(setup.terminal == ChildTerminal::own_group) {
  if (setup.command.empty() || setup.command.front().empty()) {
    throw Error(Errc::usage, _("the command to run is empty"));
  }
  const std::string& program = setup.command.front();
  const std::vector<std::string> environment = environment_with(setup.environment);
  Launch launch{.arguments = pointers_to(setup.command),
                .environment = pointers_to(environment),
                .terminal = setup.terminal,
                .ends_with_us = setup.ends_with_us,
                .parent = ::getpid()};
  std::vector<UniqueFd> child_ends;
  const ChildStream kinds[] = {setup.in, setup.out, setup.err};
  UniqueFd* const our_ends[] = {&in_, &out_, &err_};
  for (int i = STDIN_FILENO; i <= STDERR_FILENO; ++i) {
    if (kinds[i] == ChildStream::inherited) continue;
    if (kinds[i] == ChildStream::devnull) {
      child_ends.push_back(above_streams(::open("/dev/null", O_RDWR | O_CLOEXEC)));
      if (!child_ends.back()) throw start_error(errno, program);
    } else {
      Pipe made = make_pipe(program);
      *our_ends[i] = std::move(i == STDIN_FILENO ? made.write : made.read);
      child_ends.push_back(std::move(i == STDIN_FILENO ? made.read : made.write));
    }
    launch.streams[i] = child_ends.back().get();
  }
  Pipe failure = make_pipe(program);
  launch.failure = failure.write.get();

  const int pid = setup.ends_with_us ? fork_in(parent_, launch) : fork_child(launch);
  if (pid < 0) throw start_error(-pid, program);
  pid_ = pid;
  failure.write.reset();
  int error_number = 0;
  const auto got = retry_interrupted(
      [&] { return ::read(failure.read.get(), &error_number, sizeof error_number); });
  if (got != static_cast<ssize_t>(sizeof error_number)) return;  // closed by exec
  wait();
  throw start_error(error_number, program);
}

ChildProcess::~ChildProcess() {
  try {
    terminate(kGrace);
  } catch (const Error&) {
    return;  // a child that nobody can wait for any more
  }
}

void ChildProcess::send(int signal) const { ::kill(own_group_ ? -pid_ : pid_, signal); }

std::optional<int> ChildProcess::try_wait() {
  if (status_) return status_;
  int status = 0;
  const int got = retry_interrupted([&] { return ::waitpid(pid_, &status, WNOHANG); });
  if (got < 0) throw_errno(N_("cannot wait for {}"), _("the program"));
  if (got == pid_) status_ = exit_status(status);
  return status_;
}

int ChildProcess::wait() {
  if (status_) return *status_;
  int status = 0;
  if (retry_interrupted([&] { return ::waitpid(pid_, &status, 0); }) < 0) {
    throw_errno(N_("cannot wait for {}"), _("the program"));
  }
  status_ = exit_status(status);
  return *status_;
}

int ChildProcess::terminate(std::chrono::milliseconds grace) {
  in_.reset();
  out_.reset();
  err_.reset();
  if (const std::optional<int> ended = try_wait()) return *ended;
  send(SIGTERM);
  constexpr std::chrono::milliseconds kPoll(5);
  const auto end = std::chrono::steady_clock::now() + grace;
  while (std::chrono::steady_clock::now() < end) {
    if (const std::optional<int> ended = try_wait()) return *ended;
    std::this_thread::sleep_for(kPoll);
  }
  send(SIGKILL);
  return wait();
}

}  // namespace medsave
