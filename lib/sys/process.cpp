#include "medsave/sys/process.hpp"

#include "posix.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>
#include <utility>

namespace medsave {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// What the child starts with. This program blocks SIGINT, SIGTERM and SIGHUP and ignores
/// SIGPIPE; a child must not inherit that, or nothing could end it.
class SpawnSetup {
 public:
  explicit SpawnSetup(int output) {
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawn_file_actions_init(&actions_);
    sigset_t none;
    sigemptyset(&none);
    sigset_t defaults;
    sigemptyset(&defaults);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) sigaddset(&defaults, number);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &defaults);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
  }
  ~SpawnSetup() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  /// errno value, 0 on success.
  int spawn(pid_t& pid, char* const* arguments) const {
    return ::posix_spawnp(&pid, arguments[0], &actions_, &attributes_, arguments, environ);
  }

 private:
  posix_spawnattr_t attributes_;
  posix_spawn_file_actions_t actions_;
};

int exit_status(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

std::vector<std::string> split_command(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;  // true also for an empty pair of quotes
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const char next = i + 1 < line.size() ? line[i + 1] : '\0';
    if (c == '\\' && quote != '\'' && next != '\0' &&
        (quote == '\0' || next == '"' || next == '\\')) {
      word.push_back(next);
      in_word = true;
      ++i;
    } else if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        word.push_back(c);
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      in_word = true;
    } else if (is_space(c)) {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
    } else {
      word.push_back(c);
      in_word = true;
    }
  }
  if (quote != '\0') {
    throw Error(Errc::usage, format_text(_("the command \"{}\" has a quote that is not closed"),
                                         std::string(line)));
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

ChildOutput::ChildOutput(const std::vector<std::string>& command) {
  if (command.empty()) throw Error(Errc::usage, _("the command to run is empty"));
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno(N_("cannot start {}"), command.front());
  out_ = UniqueFd(ends[0]);
  const UniqueFd child_end(ends[1]);

  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = -1;
  const int error_number = SpawnSetup(child_end.get()).spawn(pid, arguments.data());
  if (error_number != 0) {
    const Error cause =
        Error::from_errno(error_number, format_text(_("cannot start {}"), command.front()));
    throw Error(Errc::io, cause.what());
  }
  pid_ = pid;
}

ChildOutput::~ChildOutput() {
  if (pid_ < 0) return;
  out_.reset();
  ::kill(pid_, SIGTERM);
  constexpr int kPolls = 100;  // of 20 ms: two seconds to end by itself
  for (int i = 0; i < kPolls; ++i) {
    if (::waitpid(pid_, nullptr, WNOHANG) != 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ::kill(pid_, SIGKILL);
  retry_interrupted([this] { return ::waitpid(pid_, nullptr, 0); });
}

int ChildOutput::wait() {
  out_.reset();  // a child that still writes gets SIGPIPE instead of waiting for ever
  int status = 0;
  if (retry_interrupted([&] { return ::waitpid(pid_, &status, 0); }) < 0) {
    throw_errno(N_("cannot wait for {}"), _("the program"));
  }
  pid_ = -1;
  return exit_status(status);
}

}  // namespace medsave
