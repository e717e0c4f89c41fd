#pragma once

#include "rest_address.hpp"

#include "medsave/sys/child_process.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace medsave {

/// How rclone is started.
struct RcloneSetup {
  std::string program = {};
  std::vector<std::string> arguments = {};  // more than ours
  std::string remote = {};
  std::stop_token stop = {};  // gives up starting
  std::chrono::seconds start_timeout{60};
};

/// An `rclone serve restic` that only we can talk to: on a unix socket in a private folder, or,
/// with a version that has none, on a loopback port; with a random password in both cases, handed
/// over by environment. Ended on destruction, and with this process. Thread-safe.
class RcloneProcess {
 public:
  /// Returns when it answers. Throws Error(usage) with rclone's own words when it does not start.
  explicit RcloneProcess(RcloneSetup setup);
  ~RcloneProcess();
  RcloneProcess(const RcloneProcess&) = delete;
  RcloneProcess& operator=(const RcloneProcess&) = delete;

  [[nodiscard]] const RestAddress& address() const { return address_; }
  /// Whether it runs no more, without having been asked to end.
  bool has_ended();
  /// The end of what it wrote to its standard error since the last call; one line without
  /// passwords.
  std::string last_said();
  /// How many errors it has reported so far.
  std::uint64_t errors();
  /// What it reported about `folder`, or about something in it, after the first `seen` errors;
  /// empty when nothing.
  std::string error_about(const std::string& folder, std::uint64_t seen);

 private:
  enum class Start { answers, ended, too_late };

  Start start(const std::string& listen);
  bool find_address(const std::string& listen);
  bool is_ready(const std::string& listen);
  void stop();
  void drain(const std::stop_token& token);
  bool read_some();
  void take_lines();
  std::string said();
  [[noreturn]] void throw_not_started(Start outcome);

  const RcloneSetup setup_;
  std::string folder_;  // private, for the socket
  RestAddress address_;
  std::mutex mutex_;  // guards what follows, and reading from the child
  std::condition_variable wrote_;
  std::string said_;
  std::string line_;                // begun, not ended
  std::deque<std::string> errors_;  // the last lines that report one
  std::uint64_t error_count_ = 0;   // all of them
  bool closed_ = false;
  std::optional<ChildProcess> child_;
  std::jthread drain_;
};

}  // namespace medsave
