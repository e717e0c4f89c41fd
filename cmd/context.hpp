#pragma once

#include "medsave/base/progress.hpp"
#include "medsave/format/compression.hpp"
#include "medsave/remote/remote_options.hpp"
#include "medsave/repo/repo_lock.hpp"
#include "medsave/repo/repository.hpp"
#include "medsave/ui/console.hpp"
#include "medsave/ui/progress_display.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace medsave {
class JsonObject;
}

namespace medsave::cli {

class Command;

/// Where a repository is and how to get its password, as options and environment say.
struct RepositoryChoice {
  std::string location = {};
  std::string location_file = {};
  std::string password_file = {};
  std::string password_command = {};
  std::string key_hint = {};
  bool no_password = false;             // --insecure-no-password
  std::string environment_prefix = {};  // "" or "FROM_": of PASSWORD
};

/// Options every command takes.
struct GlobalOptions {
  RepositoryChoice repository = {};
  bool no_lock = false;
  std::chrono::nanoseconds retry_lock = {};
  bool json = false;
  bool quiet = false;
  int verbose = 0;
  bool no_cache = false;
  bool temporary_cache = false;  // set by commands that distrust older local copies
  bool lists_packs = false;      // set by commands that need to know the packs right away
  bool cleanup_cache = false;
  std::string cache_dir = {};
  std::uint64_t limit_upload = 0;    // KiB a second, 0 = unlimited
  std::uint64_t limit_download = 0;  // likewise
  CompressionLevel compression = CompressionLevel::automatic;
  std::uint64_t pack_size = 0;  // MiB, 0 = default
  bool no_extra_verify = false;
  RemoteOptions remote = {};
  bool no_color = false;
  std::string language = {};  // read before parsing, see main.cpp
};

void add_global_options(Command& root, GlobalOptions& options);

/// What a command has at hand: options, output, the repository it opened.
class Context {
 public:
  Context(Console& the_console, std::stop_token stop)
      : console(the_console), stop_(std::move(stop)) {}

  GlobalOptions global = {};
  Console& console;

  /// A line for people; left out with --quiet and --json.
  void info(const std::string& line);
  /// Shown with -v only.
  void detail(const std::string& line);
  /// To standard error, always.
  void warn(const std::string& line);
  /// warn() as a sink.
  [[nodiscard]] NoticeSink notices();
  /// 0 quiet, 1 normal, 2 -v, 3 -vv.
  [[nodiscard]] int verbosity() const;

  [[nodiscard]] ProgressStyle progress_style() const;
  [[nodiscard]] std::chrono::milliseconds progress_interval() const;

  /// Opens the repository of the global options, asking for the password where necessary.
  Repository& open_repository();
  /// The same and locks it. With `optional`, --no-lock leaves the lock out.
  Repository& open_locked(LockMode mode, bool optional);
  /// Opens it for a command that reads all of it while nobody writes: locked exclusively unless
  /// --no-lock was given. What was read holds once lock()->confirm() has returned.
  Repository& open_for_inspection();
  /// Opens it for a command that deletes: locked exclusively, which --no-lock leaves out of a dry
  /// run. Throws Error(permission) before anything is changed where the server lets files be added
  /// but not deleted.
  Repository& open_for_deletion(bool dry_run);
  [[nodiscard]] RepoLock* lock() const { return lock_.get(); }

  /// Stopped by SIGINT and SIGTERM, and when the lock is lost.
  [[nodiscard]] std::stop_token stop() const { return lock_ ? lock_->token() : stop_; }
  /// After an interruption: throws the Error that says why, if it was the lock that was lost.
  void explain_lost_lock() const;

  /// Enters what went over the line so far; nothing for a folder.
  void add_traffic(JsonObject& out) const;

  /// Unlocks and closes; with -v says what went over the line.
  void close();

 private:
  [[nodiscard]] Traffic traffic() const;
  void tell_traffic();

  void take_lock(LockOptions options);

  std::stop_token stop_;
  std::unique_ptr<Repository> repository_;
  std::unique_ptr<RepoLock> lock_;
};

/// The location a choice names. Throws Error(usage) when it names none.
std::string chosen_location(const RepositoryChoice& choice);
/// Opens a backend with the rate limits of the global options; requests to a remote one are
/// repeated where that can help.
std::unique_ptr<Backend> open_backend(Context& context, const std::string& location);
/// Opens a repository, with a local cache where the options ask for one or it is remote.
std::unique_ptr<Repository> open_chosen(Context& context, const RepositoryChoice& choice);
/// Base folder of the caches: --cache-dir or the default.
std::string cache_base(const GlobalOptions& global);

}  // namespace medsave::cli
