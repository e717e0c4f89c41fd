#pragma once

#include "medsave/sys/fd.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace medsave {

/// What one of a child's standard streams is.
enum class ChildStream { devnull, inherited, pipe };

/// What a child has to do with our terminal.
enum class ChildTerminal {
  shared,           // as any child: ctrl-c ends it too
  ignores_signals,  // it may ask there, but ctrl-c and a hang-up are ours alone to handle
  own_group,        // a group of its own, which no key reaches and which is ended as a whole
};

struct ChildSetup {
  std::vector<std::string> command = {};  // the program is searched in $PATH
  /// Variables that are added to ours or replace them.
  std::vector<std::pair<std::string, std::string>> environment = {};
  ChildStream in = ChildStream::devnull;
  ChildStream out = ChildStream::inherited;
  ChildStream err = ChildStream::inherited;
  ChildTerminal terminal = ChildTerminal::shared;
  /// SIGTERM reaches it when this process is killed. Costs a thread, since the kernel takes the
  /// end of the thread that started a child for the end of its parent.
  bool ends_with_us = false;
};

/// A child process. It starts with no signal blocked, SIGINT, SIGTERM, SIGHUP and SIGPIPE as by
/// default and no descriptor of ours but its three streams. For one thread at a time.
class ChildProcess {
 public:
  /// Throws an Error that names the program when it cannot be started: usage when there is no such
  /// program, permission when it is not one, io otherwise.
  explicit ChildProcess(const ChildSetup& setup);
  /// terminate() within two seconds.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] int pid() const { return pid_; }
  /// Our ends of the pipes: blocking, closed on exec, empty for a stream that is no pipe.
  [[nodiscard]] UniqueFd& in() { return in_; }
  [[nodiscard]] UniqueFd& out() { return out_; }
  [[nodiscard]] UniqueFd& err() { return err_; }

  /// Waits for the end. Exit status, or 128 + signal; the same again when it has ended before.
  int wait();
  /// The status if it has ended.
  std::optional<int> try_wait();
  /// Closes the pipes, sends SIGTERM and, when it still runs after `grace`, SIGKILL. The status.
  int terminate(std::chrono::milliseconds grace);

 private:
  void send(int signal) const;

  int pid_ = -1;
  bool own_group_ = false;
  std::optional<int> status_;
  UniqueFd in_;
  UniqueFd out_;
  UniqueFd err_;
  std::jthread parent_;  // started the child, where ends_with_us
};

}  // namespace medsave
