#pragma once

#include "identity.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/progress.hpp"
#include "medsave/format/compression.hpp"
#include "medsave/remote/remote_options.hpp"
#include "medsave/repo/opened_repository.hpp"
#include "medsave/ui/console.hpp"
#include "medsave/ui/progress_display.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>

namespace medsave {
class JsonObject;
class Table;
}  // namespace medsave

namespace medsave::cli {

class Command;
class LogFile;

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
  bool cleanup_cache = false;
  std::string cache_dir = {};
  std::uint64_t limit_upload = 0;    // KiB a second, 0 = unlimited
  std::uint64_t limit_download = 0;  // likewise
  CompressionLevel compression = CompressionLevel::automatic;
  std::uint64_t pack_size = 0;  // MiB, 0 = default
  bool no_extra_verify = false;
  RemoteOptions remote = {};
  bool no_color = false;
  bool as_restic = false;     // read before parsing, see identity.hpp
  std::string language = {};  // read before parsing, see main.cpp
  std::string log = {};       // file that gets a copy of all messages
};

void add_global_options(Command& root, GlobalOptions& options);

/// What a command has at hand: options, output, the program's stop, and what it has opened.
class Context {
 public:
  Context(Identity the_identity, Console& the_console, std::stop_token stop)
      : identity(the_identity), console(the_console), stop_(std::move(stop)) {}

  GlobalOptions global = {};
  const Identity identity;
  Console& console;
  std::shared_ptr<LogFile> log = {};  // of --log
  /// By open_repository(), in that order. They stay open until it was told how the command ended:
  /// to remove a lock can take long where the server does not answer any more.
  std::list<OpenedRepository> opened = {};

  /// A line for people; left out with --quiet and --json.
  void info(const std::string& line);
  /// The same of several lines.
  void info_lines(const std::string& text);
  /// The name of a step that begins; the progress of the step before is no longer shown.
  void begin_step(const std::string& text);
  /// Shown with -v only.
  void detail(const std::string& line);
  /// To standard error, always. With --json as an object with the line in it, but as restic the
  /// plain line.
  void warn(const std::string& line);
  /// What a list that is empty ends with, for people: to standard error, so that what is piped on
  /// stays empty.
  void conclude(const std::string& line);
  /// A list for people: as wide as the terminal at most. Where the output is piped on, and to
  /// restic's clients, it is as wide as its cells.
  void print(const Table& table);
  /// Of the terminal that such a list has to fit; 0: none.
  [[nodiscard]] unsigned columns() const;
  /// An object of --json to standard error.
  void warn(const JsonObject& object);
  /// An object of --json to standard output; nothing without --json.
  void report(const JsonObject& object);
  /// warn() as a sink.
  [[nodiscard]] NoticeSink notices();
  /// 0 quiet, 1 normal, 2 -v, 3 -vv.
  [[nodiscard]] int verbosity() const;

  [[nodiscard]] ProgressStyle progress_style() const;
  [[nodiscard]] std::chrono::milliseconds progress_interval() const;

  /// Stopped by SIGINT and SIGTERM. What is done with a repository has that one's token, which is
  /// stopped with this one and when the lock is lost.
  [[nodiscard]] std::stop_token stop() const { return stop_; }
  /// Whether the user asked to stop.
  [[nodiscard]] bool interrupted() const { return stop_.stop_requested(); }
  /// Whether this is how an interruption ended the command, be it as the error of a server that did
  /// not answer any more when the user gave up waiting for it.
  [[nodiscard]] bool is_interruption(const std::exception& failure) const {
    if (dynamic_cast<const Interrupted*>(&failure) != nullptr) return true;
    const auto* error = dynamic_cast<const Error*>(&failure);
    return error != nullptr && interrupted() &&
           (error->code() == Errc::io || error->code() == Errc::unreachable);
  }
  /// Says, once, that the interruption was noticed and the command is ending.
  void tell_of_interruption();
  /// The same at a password prompt, where nothing has begun: the end of the command says so.
  void tell_of_interruption_at_prompt();
  [[nodiscard]] bool nothing_begun() const { return nothing_begun_; }
  /// After an interruption: throws the Error that says why, if it was a lock that was lost.
  void explain_lost_lock() const;

  /// Remembers whether the command only reads from a repository, for tell_untouched().
  void note_opened(bool reads_only) { (reads_only ? reads_ : writes_) = true; }
  /// After an interruption: says that the backups are unchanged, if the command only reads.
  void tell_untouched();

  /// Enters what went over the line so far, to all repositories; nothing for a folder.
  void add_traffic(JsonObject& out) const;

  /// Records what has been achieved, as a sentence ("snapshot 1234abcd was saved"). If something
  /// fails later, this is printed too, because it still holds.
  void done(std::string outcome) {
    outcome_ = std::move(outcome);
    outcome_told_ = false;
  }
  [[nodiscard]] const std::string& outcome() const { return outcome_; }
  /// Whether info() has shown it already.
  [[nodiscard]] bool outcome_told() const { return outcome_told_; }

  /// Unlocks and closes what is open; with -v says what went over the line.
  void close();

 private:
  [[nodiscard]] Traffic traffic() const;
  void tell_traffic();

  std::stop_token stop_;
  std::string outcome_ = {};
  bool outcome_told_ = false;
  bool nothing_begun_ = false;  // when it was interrupted
  bool reads_ = false;
  bool writes_ = false;
  std::once_flag told_of_interruption_;
};

/// The location a choice names. Throws Error(usage) when it names none.
std::string chosen_location(const RepositoryChoice& choice);
/// Base folder of the caches: --cache-dir or the default.
std::string cache_base(const GlobalOptions& global);
/// Folder of a repository on this computer, rclone's ways to name one included.
std::optional<std::string> folder_here(const std::string& location);
/// What a location is remembered by, from whatever folder and through whatever symbolic links it is
/// named; they need not lead to anything just now.
std::string place_of(const std::string& location);
/// The same for people: without what may be a password.
std::string shown_place(const std::string& location);
/// When a repository was last opened at a location that has none now ("2026-11-30"), as far as this
/// computer remembers; empty otherwise.
std::string last_seen_at(const Context& context, const std::string& location);
/// For last_seen_at(): that a repository was made or opened there.
void remember_seen(const Context& context, const std::string& location, const std::string& id);

}  // namespace medsave::cli
