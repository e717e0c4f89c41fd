#include "rclone_process.hpp"

#include "http_client.hpp"
#include "ssh_failure.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/random.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/secret.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/host.hpp"
#include "medsave/sys/metadata.hpp"
#include "medsave/sys/pipe_io.hpp"
#include "medsave/sys/signals.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <string_view>
#include <utility>

namespace medsave {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::seconds kStartTimeout(60);
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
constexpr std::string_view kHidden = "***";

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

/// Where the values of a connection string are that nobody must see: [begin, end) each.
std::vector<std::pair<std::size_t, std::size_t>> secrets_in(const std::string& remote) {
  static constexpr std::array<std::string_view, 5> kSecret = {"pass", "secret", "token", "key",
                                                              "auth"};
  std::vector<std::pair<std::size_t, std::size_t>> found;
  std::size_t comma = remote.find(',');
  while (comma != std::string::npos) {
    const std::size_t equals = remote.find('=', comma);
    if (equals == std::string::npos) break;
    const std::string_view name = std::string_view(remote).substr(comma + 1, equals - comma - 1);
    std::size_t end = equals + 1;
    const char quote = end < remote.size() ? remote[end] : '\0';
    if (quote == '"' || quote == '\'') end = std::min(remote.find(quote, end + 1), remote.size());
    end = std::min(remote.find_first_of(",:", end), remote.size());
    const bool secret = std::ranges::any_of(kSecret, [name](std::string_view word) {
      return name.find(word) != std::string_view::npos;
    });
    if (secret && end > equals + 1) found.emplace_back(equals + 1, end);
    comma = remote.find(',', end);
  }
  return found;
}

}  // namespace

std::string mask_remote(const std::string& remote) {
  std::string masked;
  std::size_t copied = 0;
  for (const auto& [begin, end] : secrets_in(remote)) {
    masked += remote.substr(copied, begin - copied);
    masked += kHidden;
    copied = end;
  }
  return masked + remote.substr(copied);
}

std::string hide_secrets(std::string text, const std::string& remote) {
  for (const auto& [begin, end] : secrets_in(remote)) {
    const std::string secret = remote.substr(begin, end - begin);
    std::size_t at = text.find(secret);
    while (at != std::string::npos) {
      text.replace(at, secret.size(), kHidden);
      at = text.find(secret, at + kHidden.size());
    }
  }
  return text;
}

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
  closed_ = false;
  ChildSetup setup;
  setup.command = {setup_.program, "serve", "restic", "--addr", listen};
  setup.command.insert(setup.command.end(), setup_.arguments.begin(), setup_.arguments.end());
  setup.command.insert(setup.command.end(), {"--", setup_.remote});
  setup.environment = {{"RCLONE_USER", address_.user},
                       {"RCLONE_PASS", address_.password},
                       // What it writes is read below.
                       {"RCLONE_LOG_FILE", ""},
                       {"RCLONE_LOG_LEVEL", "NOTICE"},
                       {"RCLONE_USE_JSON_LOG", "false"}};
  setup.out = ChildStream::devnull;
  setup.err = ChildStream::pipe;
  setup.terminal = ChildTerminal::own_group;
  setup.ends_with_us = true;
  child_.emplace(setup);
  set_nonblocking(child_->err().get(), setup_.program);
  drain_ = std::jthread([this](const std::stop_token& token) { drain(token); });

  const SteadyClock::time_point deadline = SteadyClock::now() + kStartTimeout;
  while (SteadyClock::now() < deadline) {
    if (is_ready(listen)) {
      last_said();  // that it serves
      return Start::answers;
    }
    if (interrupt_requested()) throw Interrupted();
    std::unique_lock lock(mutex_);
    if (closed_) return Start::ended;
    wrote_.wait_for(lock, kPoll);
  }
  return Start::too_late;
}

/// Where it listens by now; the file of a socket is there a moment before that.
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
  // Without the password: refused at once, whatever the remote behind it takes to answer.
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
                            address_.shown, kStartTimeout.count(), last_said()));
  }
  throw Error(Errc::usage,
              format_text(_("{} cannot serve {}: {}. \"rclone lsd REMOTE:\" must work first"),
                          setup_.program, address_.shown, last_said()));
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
  Buffer piece(kKept);
  try {
    while (!token.stop_requested()) {
      std::array<WatchedFd, 1> watched = {WatchedFd{.fd = child_->err().get()}};
      wait_until_ready(watched, kDrainPoll);
      if (!watched[0].ready) continue;
      const std::optional<std::size_t> got =
          read_now(child_->err().get(), piece.writable(), setup_.program);
      if (!got) continue;
      if (*got == 0) break;
      const std::lock_guard lock(mutex_);
      said_ += as_text(piece.view().first(*got));
      if (said_.size() > kKept) said_.erase(0, said_.size() - kKept);
      wrote_.notify_all();
    }
  } catch (const std::exception&) {  // as if it had closed it
  }
  const std::lock_guard lock(mutex_);
  closed_ = true;
  wrote_.notify_all();
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
