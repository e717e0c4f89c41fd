// kill-at N PROGRAM [ARGUMENT...]
//
// Runs PROGRAM and kills it with SIGKILL as one of its threads is about to change files for the
// N-th time: to make, write, sync, rename, link, dress or remove one. Nothing on the disk changes
// between two such system calls, so that these are all the states a kill can leave. With 0 it is
// left to end, and the number of its changes is the last line of the output. Exit status: 137 when
// killed, else PROGRAM's; 126 where a process may not trace another.

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>

namespace {

constexpr int kMayNotTrace = 126;
constexpr int kSyscallStop = SIGTRAP | 0x80;

/// Where PTRACE_GET_SYSCALL_INFO tells of a call that begins.
struct Call {
  unsigned long number = 0;
  std::array<unsigned long, 6> arguments = {};
};

/// Not a pipe, a terminal or a descriptor that stands for an event.
bool is_file(pid_t process, unsigned long descriptor) {
  if (descriptor <= STDERR_FILENO) return false;
  std::error_code failed;
  const std::string path =
      std::filesystem::read_symlink(
          "/proc/" + std::to_string(process) + "/fd/" + std::to_string(descriptor), failed)
          .string();
  return path.starts_with('/') && !path.starts_with("/dev/null") && !path.starts_with("/proc/");
}

bool changes_files(pid_t process, const Call& call) {
  switch (call.number) {
    case SYS_openat:
      return (call.arguments[2] & O_CREAT) != 0 ||
             (call.arguments[2] & O_TMPFILE) == static_cast<unsigned long>(O_TMPFILE);
    case SYS_write:
    case SYS_pwrite64:
    case SYS_writev:
    case SYS_pwritev:
    case SYS_pwritev2:
    case SYS_ftruncate:
    case SYS_fallocate:
    case SYS_copy_file_range:
      return is_file(process, call.arguments[0]);
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_syncfs:
    case SYS_sync_file_range:
    case SYS_renameat:
    case SYS_renameat2:
    case SYS_linkat:
    case SYS_unlinkat:
    case SYS_mkdirat:
    case SYS_symlinkat:
    case SYS_mknodat:
    case SYS_utimensat:
    case SYS_fchownat:
    case SYS_fchmodat:
#ifdef SYS_rename  // newer architectures lack what has a successor
    case SYS_rename:
    case SYS_link:
    case SYS_unlink:
    case SYS_mkdir:
    case SYS_rmdir:
#endif
      return true;
    default:
      return false;
  }
}

/// The call that a stopped thread is about to make; false at its end.
bool begins_call(pid_t thread, Call& call) {
  __ptrace_syscall_info info = {};
  if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info) < 0) return false;
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return false;
  call.number = info.entry.nr;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) call.arguments[i] = info.entry.args[i];
  return true;
}

class Watch {
 public:
  Watch(pid_t process, unsigned long limit) : process_(process), limit_(limit) {}

  /// Until the process is gone; its wait status.
  int follow() {
    resume(process_, 0);
    for (;;) {
      int status = 0;
      const pid_t thread = waitpid(-1, &status, __WALL);
      if (thread < 0) return 0;
      if (WIFSTOPPED(status)) {
        stopped(thread, status);
      } else if (thread == process_) {
        return status;
      }
    }
  }
  [[nodiscard]] unsigned long changes() const { return changes_; }

 private:
  void stopped(pid_t thread, int status) {
    const int signal = WSTOPSIG(status);
    if (signal == kSyscallStop) {
      Call call;
      if (begins_call(thread, call) && changes_files(process_, call) && ++changes_ == limit_) {
        kill(process_, SIGKILL);
      }
      resume(thread, 0);
    } else {
      // Threads begin with SIGSTOP; the events of tracing are not signals to hand on.
      resume(thread, signal == SIGSTOP || status >> 16 != 0 ? 0 : signal);
    }
  }
  static void resume(pid_t thread, int signal) {
    // Fails once the thread has been killed.
    ptrace(PTRACE_SYSCALL, thread, nullptr, static_cast<long>(signal));
  }

  const pid_t process_;
  const unsigned long limit_;
  unsigned long changes_ = 0;
};

int run(unsigned long limit, char** command) {
  const pid_t process = fork();
  if (process == 0) {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) < 0) _exit(kMayNotTrace);
    raise(SIGSTOP);
    execvp(command[0], command);
    _exit(127);
  }
  int status = 0;
  if (process < 0 || waitpid(process, &status, 0) != process) return 2;
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  if (ptrace(PTRACE_SETOPTIONS, process, nullptr,
             PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) <
      0) {
    kill(process, SIGKILL);
    return kMayNotTrace;
  }
  Watch watch(process, limit);
  status = watch.follow();
  if (limit == 0) std::cout << watch.changes() << '\n';
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: kill-at N PROGRAM [ARGUMENT...]\n";
    return 2;
  }
  return run(std::strtoul(argv[1], nullptr, 10), argv + 2);
}
