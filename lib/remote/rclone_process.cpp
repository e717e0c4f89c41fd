#include "rclone_process.hpp"

#include "http_client.hpp"
#include "rclone_remote.hpp"
#include "ssh_failure.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/random.hpp"
#include "medsave/base/sentences.hpp"
#include "medsave/base/system.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/thread.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/host.hpp"
#include "medsave/sys/metadata.hpp"
#include "medsave/sys/pipe_io.hpp"
#include "medsave/sys/remove_tree.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <string_view>
#include <utility>

namespace medsave {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPoll(20);
constexpr std::chrono::milliseconds kDrainPoll(100);
constexpr std::chrono::seconds kGrace(5);
constexpr std::size_t kKept = 8 * 1024;          // bytes of standard error
constexpr std::size_t kQuoted = 500;             // of them in a message
constexpr std::size_t kLongestSocketPath = 100;  // sun_path is 108 bytes
constexpr const char* kSocketName = "/socket";
constexpr std::string_view kAnyPort = "127.0.0.1:0";
constexpr std::string_view kServing = "Serving restic REST API on ";
constexpr std::string_view kLoopback = "http://127.0.0.1:";
constexpr std::string_view kError = " ERROR : ";

std::string random_hex(std::size_t bytes) {
  Buffer random(bytes);
  system_random().fill(random.writable());
  return to_hex(random.view());
}

/// A new folder that only this user can enter, with a path short enough for a socket in it.
std::string make_private_folder() {
  const std::string name = "/medsave-rclone-" + random_hex(8);
  for (const char* variable : {"XDG_RUNTIME_DIR", "TMPDIR"}) {
    const std::string parent = environment(variable).value_or("");
    if (!parent.starts_with('/') || parent.size() + name.size() > kLongestSocketPath) continue;
    try {
      make_dir_at(kCurrentDirectory, parent + name, 0700);
      return parent + name;
    } catch (const Error&) {  // the next may do
    }
  }
  std::string folder = "/tmp" + name;
  make_dir_at(kCurrentDirectory, folder, 0700);
  return folder;
}

}  // namespace

RcloneProcess::RcloneProcess(RcloneSetup setup) : setup_(std::move(setup)) {
  address_.shown = "rclone:" + mask_remote(setup_.remote);
  address_.user = "medsave";
  address_.password = random_hex(32);
  folder_ = make_private_folder();
  try {
    Start outcome = start("unix://" + folder_ + kSocketName);
    if (outcome == Start::ended && said().find("listen tcp") != std::string::npos) {
      outcome = start(std::string(kAnyPort));  // a version without unix sockets
    }
    if (outcome != Start::answers) throw_not_started(outcome);
  } catch (...) {
    stop();
    throw;
  }
}

RcloneProcess::~RcloneProcess() {
  stop();
  wipe(address_.password.data(), address_.password.size());
}

RcloneProcess::Start RcloneProcess::start(const std::string& listen) {
  drain_ = {};  // reads from the child
  child_.reset();
  said_.clear();
  line_.clear();
  closed_ = false;
  ChildSetup setup;
  // It remembers which files it has seen, and would say for ever that a lock is there which another
  // computer has removed.
  setup.command = {setup_.program, "serve", "restic", "--addr", listen, "--cache-objects=false"};
  setup.command.insert(setup.command.end(), setup_.arguments.begin(), setup_.arguments.end());
  const RcloneRemote remote = move_secrets(setup_.remote);
  setup.command.insert(setup.command.end(), {"--", remote.argument});
  setup.environment = {{"RCLONE_USER", address_.user},
                       {"RCLONE_PASS", address_.password},
                       // What it writes is read below.
                       {"RCLONE_LOG_FILE", ""},
                       {"RCLONE_LOG_LEVEL", "NOTICE"},
                       {"RCLONE_USE_JSON_LOG", "false"}};
  setup.environment.insert(setup.environment.end(), remote.environment.begin(),
                           remote.environment.end());
  setup.out = ChildStream::devnull;
  setup.err = ChildStream::pipe;
  setup.terminal = ChildTerminal::own_group;
  setup.ends_with_us = true;
  child_.emplace(setup);
  set_nonblocking(child_->err().get(), setup_.program);
  drain_ = start_thread([this](const std::stop_token& token) { drain(token); });

  const SteadyClock::time_point deadline = SteadyClock::now() + setup_.start_timeout;
  while (SteadyClock::now() < deadline) {
    if (is_ready(listen)) {
      last_said();  // drops its message that it is serving
      return Start::answers;
    }
    if (setup_.stop.stop_requested()) throw Interrupted();
    std::unique_lock lock(mutex_);
    if (closed_) return Start::ended;
    wrote_.wait_for(lock, kPoll);
  }
  return Start::too_late;
}

/// Finds the address that rclone listens on; false while there is none. The socket's file may exist
/// a moment before rclone accepts connections.
bool RcloneProcess::find_address(const std::string& listen) {
  if (listen != kAnyPort) {
    address_.url = "http://localhost";
    address_.unix_socket = folder_ + kSocketName;
    return lstat_at(kCurrentDirectory, address_.unix_socket).has_value();
  }
  address_.unix_socket.clear();
  const std::string text = said();
  const std::size_t serving = text.find(kServing);
  if (serving == std::string::npos) return false;
  const std::size_t start = text.find(kLoopback, serving);
  if (start == std::string::npos) return false;
  const std::size_t end = text.find_first_not_of("0123456789", start + kLoopback.size());
  if (end == std::string::npos) return false;  // more of the line will follow
  address_.url = text.substr(start, end - start);
  return true;
}

bool RcloneProcess::is_ready(const std::string& listen) {
  if (!find_address(listen)) return false;
  // Asks without the password, which rclone refuses at once without asking its remote.
  HttpClient client({.unix_socket = address_.unix_socket, .connections = 1}, {});
  try {
    client.perform({.method = "HEAD", .url = address_.url + "/", .headers = {}, .body = {}});
    return true;
  } catch (const Error&) {
    return false;
  }
}

void RcloneProcess::throw_not_started(Start outcome) {
  if (outcome == Start::too_late) {
    throw Error(Errc::io,
                format_text(_("{} does not serve {} after {} seconds: {}"), setup_.program,
                            address_.shown, setup_.start_timeout.count(), last_said()));
  }
  throw Error(Errc::usage,
              format_text(_("{} cannot serve {}: {}. \"rclone lsd REMOTE:\" must work first."),
                          setup_.program, address_.shown, without_stop(last_said())));
}

void RcloneProcess::stop() {
  if (drain_.joinable()) {
    drain_.request_stop();
    drain_.join();
  }
  if (child_) child_->terminate(kGrace);
  try {
    if (!folder_.empty()) remove_tree_at(kCurrentDirectory, folder_);
  } catch (const std::exception&) {  // an empty folder in /tmp is no reason to fail
  }
}

/// Reads what rclone writes, so that it never waits for us.
void RcloneProcess::drain(const std::stop_token& token) {
  try {
    while (!token.stop_requested()) {
      std::array<WatchedFd, 1> watched = {WatchedFd{.fd = child_->err().get()}};
      wait_until_ready(watched, kDrainPoll);
      if (!watched[0].ready) continue;
      const std::lock_guard lock(mutex_);
      while (read_some()) continue;
      if (closed_) break;
    }
  } catch (const std::exception&) {  // treated as the end of its output
  }
  const std::lock_guard lock(mutex_);
  closed_ = true;
  wrote_.notify_all();
}

/// Takes what is there, with mutex_ held; false when nothing is.
bool RcloneProcess::read_some() {
  if (closed_) return false;
  Buffer piece(kKept);
  const std::optional<std::size_t> got =
      read_now(child_->err().get(), piece.writable(), setup_.program);
  if (!got) return false;
  closed_ = *got == 0;
  said_ += as_text(piece.view().first(*got));
  if (said_.size() > kKept) said_.erase(0, said_.size() - kKept);
  line_ += as_text(piece.view().first(*got));
  take_lines();
  wrote_.notify_all();
  return true;
}

void RcloneProcess::take_lines() {
  constexpr std::size_t kMostErrors = 1000;
  for (std::size_t end = line_.find('\n'); end != std::string::npos; end = line_.find('\n')) {
    if (line_.find(kError) < end) {
      ++error_count_;
      errors_.push_back(line_.substr(0, end));
      if (errors_.size() > kMostErrors) errors_.pop_front();
    }
    line_.erase(0, end + 1);
  }
  if (line_.size() > kKept) line_.clear();
}

std::uint64_t RcloneProcess::errors() {
  const std::lock_guard lock(mutex_);
  return error_count_;
}

std::string RcloneProcess::error_about(const std::string& folder, std::uint64_t seen) {
  const std::lock_guard lock(mutex_);
  while (read_some()) continue;  // it writes before it answers
  const std::string named = std::string(kError) + folder;
  const std::uint64_t fresh = std::min<std::uint64_t>(error_count_ - seen, errors_.size());
  for (std::size_t i = errors_.size() - static_cast<std::size_t>(fresh); i < errors_.size(); ++i) {
    const std::string& line = errors_[i];
    const std::size_t at = line.find(named);
    if (at == std::string::npos) continue;
    const std::size_t after = at + named.size();
    if (after < line.size() && (line[after] == ':' || line[after] == '/')) {
      return last_words(hide_secrets(line, setup_.remote), kQuoted);
    }
  }
  return {};
}

std::string RcloneProcess::said() {
  const std::lock_guard lock(mutex_);
  return said_;
}

std::string RcloneProcess::last_said() {
  std::string text;
  {
    const std::lock_guard lock(mutex_);
    text.swap(said_);
  }
  return last_words(hide_secrets(std::move(text), setup_.remote), kQuoted);
}

bool RcloneProcess::has_ended() {
  const std::lock_guard lock(mutex_);
  return child_ && child_->try_wait().has_value();
}

}  // namespace medsave
