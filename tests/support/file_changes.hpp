#pragma once

// What programs change below one folder, call by call: recorded with ptrace(2).

#include <fmt/core.h>

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace powercut {

[[noreturn]] inline void die(const std::string& why) {
  fmt::print(stderr, "powercut: {}\n", why);
  std::exit(2);
}

enum class Change {
  create,
  write,
  truncate,
  sync,
  sync_all,
  rename,
  link,
  remove,
  make_folder,
  end
};

/// One change, in the order in which the calls returned. Paths are absolute.
struct Event {
  Change change = Change::end;
  std::string path = {};
  std::string to = {};       // rename, link: the new path
  std::string data = {};     // write
  std::uint64_t offset = 0;  // write; truncate: the new length
  std::size_t file = 0;      // create, write, truncate, sync: which file
  std::size_t covers = 0;    // sync: events before this one were there when it began
  int status = 0;            // end of a program: its exit status, 137 when killed
};

/// Where a program is to be killed: as it is about to make a certain change, or to sync a folder
/// for the so-manieth time; 0 for neither.
struct Limit {
  std::size_t change = 0;
  std::size_t folder_sync = 0;
};

/// What a program began.
struct Begun {
  std::size_t changes = 0;
  std::size_t folder_syncs = 0;
};

/// Runs programs and records what they change below `root`.
class Recorder {
 public:
  explicit Recorder(std::string root) : root_(std::move(root)) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
      if (entry.is_regular_file()) files_[inode(entry.path())] = ++last_file_;
      known_.insert(entry.path());
    }
  }

  [[nodiscard]] const std::vector<Event>& events() const { return events_; }
  /// Files that were there before anything ran: path -> number.
  [[nodiscard]] std::size_t number_of(const std::string& path) { return files_[inode(path)]; }

  /// Runs a program to its end, or kills it at the limit.
  Begun run(const std::vector<std::string>& words, const Limit& limit) {
    limit_ = limit;
    begun_ = {};
    dying_ = false;
    calls_.clear();
    process_ = start(words);
    const int status = follow();
    events_.push_back({.change = Change::end,
                       .status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)});
    return begun_;
  }

 private:
  /// A call of one thread that has begun and not ended.
  struct Call {
    unsigned long number = 0;
    std::array<unsigned long, 6> arguments = {};
    Event event = {};
    bool changes = false;
  };

  static std::pair<dev_t, ino_t> inode(const std::string& path) {
    struct stat status = {};
    if (stat(path.c_str(), &status) != 0) return {};
    return {status.st_dev, status.st_ino};
  }

  static pid_t start(const std::vector<std::string>& words) {
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t process = fork();
    if (process == 0) {
      if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) < 0) _exit(126);
      raise(SIGSTOP);
      execvp(arguments[0], arguments.data());
      _exit(127);
    }
    int status = 0;
    if (process < 0 || waitpid(process, &status, 0) != process) die("cannot start a program");
    if (WIFEXITED(status) || ptrace(PTRACE_SETOPTIONS, process, nullptr,
                                    PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
                                        PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) < 0) {
      fmt::print(stderr, "powercut: may not trace\n");
      std::exit(77);
    }
    ptrace(PTRACE_SYSCALL, process, nullptr, nullptr);
    return process;
  }

  int follow() {
    for (;;) {
      int status = 0;
      const pid_t thread = waitpid(-1, &status, __WALL);
      if (thread < 0) return 0;
      if (!WIFSTOPPED(status)) {
        calls_.erase(thread);
        if (thread == process_) return status;
        continue;
      }
      const int signal = WSTOPSIG(status);
      if (signal != (SIGTRAP | 0x80)) {
        const bool hand_on = signal != SIGSTOP && status >> 16 == 0;
        ptrace(PTRACE_SYSCALL, thread, nullptr, static_cast<long>(hand_on ? signal : 0));
      } else if (stopped_at_call(thread)) {
        ptrace(PTRACE_SYSCALL, thread, nullptr, nullptr);
      }
      kill_when_due();
    }
  }

  /// False when the thread is to be held where it is: the process is about to be killed.
  bool stopped_at_call(pid_t thread) {
    __ptrace_syscall_info info = {};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info) < 0) return true;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
      Call call{.number = info.entry.nr};
      for (std::size_t i = 0; i < call.arguments.size(); ++i) {
        call.arguments[i] = info.entry.args[i];
      }
      call.changes = prepare(call);
      if (call.changes) {
        if (!dying_) dying_ = reaches_limit(call.event);
        if (dying_) return false;
        ++changing_;
      }
      calls_[thread] = std::move(call);
      return true;
    }
    const auto found = calls_.find(thread);
    if (found == calls_.end() || !found->second.changes) return true;
    Call call = std::move(found->second);
    calls_.erase(found);
    --changing_;
    if (info.op == PTRACE_SYSCALL_INFO_EXIT && info.exit.is_error == 0) {
      finish(call, static_cast<std::uint64_t>(info.exit.rval));
    }
    return true;
  }

  bool reaches_limit(const Event& event) {
    const bool folder_sync = event.change == Change::sync && event.file == 0;
    if (folder_sync) ++begun_.folder_syncs;
    return ++begun_.changes == limit_.change ||
           (folder_sync && begun_.folder_syncs == limit_.folder_sync);
  }

  /// Not before the calls of other threads that are under way have returned: what they changed is
  /// on the disk.
  void kill_when_due() {
    if (dying_ && changing_ == 0) kill(process_, SIGKILL);
  }

  [[nodiscard]] bool below_root(const std::string& path) const {
    return path.size() > root_.size() && path.starts_with(root_) && path[root_.size()] == '/';
  }
  [[nodiscard]] std::string link_of(const std::string& name) const {
    std::error_code failed;
    return std::filesystem::read_symlink("/proc/" + std::to_string(process_) + "/" + name, failed);
  }
  [[nodiscard]] std::string descriptor(unsigned long number) const {
    return "fd/" + std::to_string(static_cast<int>(number));
  }
  /// The number of a file that is open, 0 for others.
  [[nodiscard]] std::size_t open_file(unsigned long number) const {
    const auto found =
        files_.find(inode("/proc/" + std::to_string(process_) + "/" + descriptor(number)));
    return found == files_.end() ? 0 : found->second;
  }
  [[nodiscard]] std::string memory(unsigned long address, std::size_t size) const {
    std::string bytes(size, '\0');
    iovec here = {.iov_base = bytes.data(), .iov_len = size};
    iovec there = {.iov_base = std::bit_cast<void*>(address), .iov_len = size};
    if (process_vm_readv(process_, &here, 1, &there, 1, 0) != static_cast<ssize_t>(size)) {
      die("cannot read the memory of the program");
    }
    return bytes;
  }
  [[nodiscard]] std::string text(unsigned long address) const {
    std::ifstream all("/proc/" + std::to_string(process_) + "/mem", std::ios::binary);
    all.seekg(static_cast<std::streamoff>(address));
    std::string line;
    std::getline(all, line, '\0');
    return line;
  }
  [[nodiscard]] std::string path(unsigned long folder, unsigned long name) const {
    const std::string given = text(name);
    if (given.starts_with('/')) return std::filesystem::path(given).lexically_normal();
    const bool current = static_cast<int>(folder) == AT_FDCWD;
    const std::string base = current ? link_of("cwd") : link_of(descriptor(folder));
    return (std::filesystem::path(base) / given).lexically_normal();
  }
  [[nodiscard]] std::string gathered(unsigned long vector, unsigned long count) const {
    std::string all;
    for (unsigned long i = 0; i < count; ++i) {
      const std::string raw = memory(vector + i * sizeof(iovec), sizeof(iovec));
      iovec one = {};
      std::copy(raw.begin(), raw.end(), reinterpret_cast<char*>(&one));
      all += memory(reinterpret_cast<unsigned long>(one.iov_base), one.iov_len);
    }
    return all;
  }
  [[nodiscard]] std::uint64_t position(unsigned long number) const {
    std::ifstream info("/proc/" + std::to_string(process_) + "/fdinfo/" +
                       std::to_string(static_cast<int>(number)));
    std::string word;
    std::uint64_t at = 0;
    info >> word >> at;
    return at;
  }

  /// Looks at a call that begins. Whether it may change something below the root.
  bool prepare(Call& call) { return prepare_data(call) || prepare_names(call); }

  bool prepare_data(Call& call) {
    const auto& a = call.arguments;
    Event& event = call.event;
    event.change = Change::write;
    switch (call.number) {
      case SYS_write:
        if ((event.file = open_file(a[0])) == 0) return false;
        event.offset = position(a[0]);
        event.data = memory(a[1], a[2]);
        return true;
      case SYS_writev:
        if ((event.file = open_file(a[0])) == 0) return false;
        event.offset = position(a[0]);
        event.data = gathered(a[1], a[2]);
        return true;
      case SYS_pwrite64:
        if ((event.file = open_file(a[0])) == 0) return false;
        event.offset = a[3];
        event.data = memory(a[1], a[2]);
        return true;
      case SYS_pwritev:
      case SYS_pwritev2:
        if ((event.file = open_file(a[0])) == 0) return false;
        event.offset = a[3];
        event.data = gathered(a[1], a[2]);
        return true;
      case SYS_ftruncate:
        event.change = Change::truncate;
        event.offset = a[1];
        return (event.file = open_file(a[0])) != 0;
      case SYS_fsync:
      case SYS_fdatasync:
        event.change = Change::sync;
        event.file = open_file(a[0]);
        event.path = link_of(descriptor(a[0]));
        event.covers = events_.size();
        return event.file != 0 || event.path == root_ || below_root(event.path);
      case SYS_syncfs:
        event.change = Change::sync_all;
        event.covers = events_.size();
        return true;
      case SYS_copy_file_range:
        if (open_file(a[2]) != 0) die("a call that is not understood: copy_file_range");
        return false;
      default:
        return false;
    }
  }

  bool prepare_names(Call& call) {
    const auto& a = call.arguments;
    const auto here = static_cast<unsigned long>(AT_FDCWD);
    const auto one = [&](Change change, unsigned long folder, unsigned long name) {
      call.event.change = change;
      call.event.path = path(folder, name);
      return below_root(call.event.path);
    };
    const auto two = [&](Change change, unsigned long from, unsigned long old_name,
                         unsigned long to, unsigned long new_name) {
      one(change, from, old_name);
      call.event.to = path(to, new_name);
      return below_root(call.event.to);
    };
    switch (call.number) {
      case SYS_openat:
        if ((a[2] & O_TMPFILE) == static_cast<unsigned long>(O_TMPFILE)) {
          die("a call that is not understood: O_TMPFILE");
        }
        return (a[2] & O_CREAT) != 0 && one(Change::create, a[0], a[1]);
      case SYS_renameat:
      case SYS_renameat2:
        return two(Change::rename, a[0], a[1], a[2], a[3]);
      case SYS_linkat:
        return two(Change::link, a[0], a[1], a[2], a[3]);
      case SYS_unlinkat:
        return one(Change::remove, a[0], a[1]);
      case SYS_mkdirat:
        return one(Change::make_folder, a[0], a[1]);
#ifdef SYS_rename  // newer architectures lack what has a successor
      case SYS_rename:
        return two(Change::rename, here, a[0], here, a[1]);
      case SYS_link:
        return two(Change::link, here, a[0], here, a[1]);
      case SYS_unlink:
      case SYS_rmdir:
        return one(Change::remove, here, a[0]);
      case SYS_mkdir:
        return one(Change::make_folder, here, a[0]);
#endif
      default:
        return false;
    }
  }

  /// Enters what a call has done.
  void finish(Call& call, std::uint64_t result) {
    Event& event = call.event;
    switch (event.change) {
      case Change::create:
        if (!known_.insert(event.path).second) return;  // it was there
        event.file = ++last_file_;
        files_[inode(event.path)] = event.file;
        break;
      case Change::write:
        event.data.resize(result);
        break;
      case Change::rename:
        known_.erase(event.path);
        known_.insert(event.to);
        break;
      case Change::link:
        known_.insert(event.to);
        break;
      case Change::remove:
        known_.erase(event.path);
        break;
      case Change::make_folder:
        known_.insert(event.path);
        break;
      default:
        break;
    }
    events_.push_back(std::move(event));
  }

  const std::string root_;
  std::vector<Event> events_;
  std::map<std::pair<dev_t, ino_t>, std::size_t> files_;  // numbers of those that are open or there
  std::set<std::string> known_;                           // paths that exist
  std::size_t last_file_ = 0;
  pid_t process_ = 0;
  std::map<pid_t, Call> calls_;
  std::size_t changing_ = 0;  // calls under way that change something
  Begun begun_;
  Limit limit_;
  bool dying_ = false;
};

}  // namespace powercut
