#include "open_repository.hpp"

#include "command_line.hpp"
#include "kept_config.hpp"
#include "passwords.hpp"

#include "medsave/backend/cache_backend.hpp"
#include "medsave/backend/cache_directories.hpp"
#include "medsave/backend/guarded_backend.hpp"
#include "medsave/backend/limit_backend.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/error_in_lines.hpp"
#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"
#include "medsave/remote/location.hpp"
#include "medsave/remote/retry_backend.hpp"
#include "medsave/sys/mounts.hpp"
#include "medsave/ui/display_text.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <system_error>
#include <utility>

namespace medsave::cli {
namespace {

constexpr int kPasswordTries = 3;

std::uint64_t attempts_of(const std::string& text) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || end != text.data() + text.size() || count == 0) {
    throw Error(Errc::usage, format_text(_("s3.retries: \"{}\" is not a number from 1 on"), text));
  }
  return count;
}

}  // namespace

std::unique_ptr<Backend> open_backend(Context& context, const std::string& location,
                                      const std::stop_token& stop,
                                      std::shared_ptr<const WriteCondition> writes) {
  const GlobalOptions& global = context.global;
  RemoteOptions remote = global.remote;
  remote.stop = stop;
  remote.library_words = context.verbosity() >= 2 || context.identity == Identity::restic;
  std::unique_ptr<Backend> backend = open_location(location, remote);
  if (writes) backend = guard_writes(std::move(backend), std::move(writes));
  if (!local_folder(location)) {
    // A shorter time for a stuck request also shortens the time for which requests are repeated.
    RetryPolicy policy;
    policy.give_up_after = std::min<std::chrono::milliseconds>(policy.give_up_after,
                                                               20 * remote.stuck_request_timeout);
    if (const auto tries = remote.extended.find("s3.retries");
        tries != remote.extended.end() && location.starts_with("s3:")) {
      policy.most_attempts = attempts_of(tries->second);
    }
    // With --quiet repetitions are not reported: if they do not help, the error says why.
    const NoticeSink notice =
        context.verbosity() == 0 ? [](const std::string&) {} : context.notices();
    backend = retry_requests(std::move(backend), policy, notice, remote.stop);
  }
  return limit_rate(std::move(backend), global.limit_upload * 1024, global.limit_download * 1024,
                    remote.stop);
}

namespace {

bool holds_keys(Context& context, const std::string& location) {
  if (!local_folder(location)) return false;  // of a server it cannot be told what is missing
  try {
    return !open_backend(context, location, context.stop())->list(FileKind::key).empty();
  } catch (const Error&) {
    return false;
  }
}

[[noreturn]] void throw_no_repository(Context& context, const std::string& location) {
  if (context.identity == Identity::medsave && holds_keys(context, location)) {
    throw Error(Errc::no_repository,
                format_text(_("the repository at {} has lost its file \"config\", without which it "
                              "cannot be opened; its keys and data are there. Make no new one: "
                              "bring that file back from a copy of the repository."),
                            location));
  }
  if (const std::string seen = last_seen_at(context, location); !seen.empty()) {
    throw Error(
        Errc::no_repository,
        format_text(_("the repository that was at {} on {} is not there now, so nothing was done. "
                      "Connect its drive and run the command again; your backups are on it. If the "
                      "drive is connected, it may have another name now: give its folder with -r."),
                    location, seen));
  }
  if (context.identity == Identity::medsave && !folder_here(location)) {
    throw ErrorInLines(
        Errc::no_repository,
        format_text(_("repository does not exist: there is no config file at {}\n"
                      "Are the address and its path right, and is it a server of repositories? A "
                      "new repository is made there with: \"medsave init\"."),
                    escape_for_terminal(location)));
  }
  throw ErrorInLines(
      Errc::no_repository,
      format_text(
          _("repository does not exist: there is no config file at {}\nIs the location right, and "
            "is its drive connected? A new repository is made with: \"medsave init\"."),
          escape_for_terminal(location)));
}

/// Whether an interrupted upgrade may have deleted the config, of which this computer has a copy.
/// Asked before the config is read, because rclone's failures to read it would be repeated for a
/// quarter of an hour.
bool lacks_kept_config(const Context& context, Backend& backend) {
  if (kept_configs(context, backend.location()).empty()) return false;
  try {
    return has_lost_config(backend);
  } catch (const Error&) {  // reading the config reports the same failure
    return false;
  }
}

[[noreturn]] void throw_kept_config(const Context& context, const std::string& place) {
  const std::string kept = fmt::format("{}", fmt::join(kept_configs(context, place), ", "));
  throw ErrorInLines(Errc::no_repository,
                     format_text(_("repository does not exist: there is no config file at {}\nAn "
                                   "upgrade of the repository was cut short there, and this "
                                   "computer has kept a copy of that file: {}\nIt is put back, and "
                                   "the upgrade finished, by: \"medsave migrate upgrade_repo_v2\""),
                                 escape_for_terminal(place), escape_for_terminal(kept)));
}

/// Local copies pay where the repository is far away; those of a folder must be asked for.
void use_cache(const GlobalOptions& global, const std::string& location, CacheUse use,
               Repository& repository) {
  const bool local = local_folder(location).has_value();
  const bool temporary = use == CacheUse::temporary;
  if (global.no_cache || use == CacheUse::none) return;
  if (local && (global.cache_dir.empty() || temporary)) return;
  if (temporary) {
    repository.use_temporary_cache(cache_base(global));
  } else {
    repository.use_cache(cache_base(global));
  }
}

/// Removes what earlier commands left of repositories that nobody uses any more.
void clean_up_cache(Context& context) {
  const std::string base = cache_base(context.global);
  try {
    for (const CacheDirectory& directory :
         list_cache_directories(base, false, system_clock().now())) {
      if (!directory.old) continue;
      context.detail(
          format_text(_("removing old cache of repository {}"), directory.repository_id));
      remove_cache_directory(base, directory.repository_id);
    }
  } catch (const Error& e) {  // no reason not to do what the command is for
    context.warn(format_text(_("the old caches were not cleaned up: {}"), e.what()));
  }
}

/// Whether a URL names a password beside the user.
bool has_url_password(const std::string& location) {
  const std::size_t user = location.find("://");
  if (user == std::string::npos) return false;
  const std::string_view host =
      std::string_view(location).substr(user + 3, location.find('/', user + 3) - user - 3);
  const std::size_t at = host.rfind('@');
  return at != std::string_view::npos && host.substr(0, at).find(':') != std::string_view::npos;
}

/// Warns of a password in --repo: everybody on this computer can see the command line.
void warn_of_password(Context& context, const RepositoryChoice& choice,
                      const std::string& location) {
  if (context.identity == Identity::restic) return;
  const std::string variable = choice.environment_prefix + "REPOSITORY";
  if (!choice.location_file.empty() || environment_value(variable) == location) return;
  if (mask_rclone_secrets(location) != location) {
    context.warn(
        _("a secret of rclone's remote stands on the command line, where other users of this "
          "computer can see it: put it into rclone's configuration with \"rclone config\", or "
          "give the whole location with --repository-file"));
    return;
  }
  if (!has_url_password(location)) return;
  context.warn(
      _("the server's password stands on the command line, where other users of this computer can "
        "see it: give user and password with the variables MEDSAVE_REST_USERNAME and "
        "MEDSAVE_REST_PASSWORD, or the whole location with --repository-file"));
}

void tell_of_wrong_password(Context& context, int tries_left) {
  const auto left = static_cast<unsigned long>(tries_left);
  context.warn(format_text(n_("that is not the password; try again, {} attempt left",
                              "that is not the password; try again, {} attempts left", left),
                           left));
}

/// Keys that were made of a file's bytes before text was decoded open too.
std::unique_ptr<Repository> open_by(Context& context, std::unique_ptr<Backend> backend,
                                    const std::string& location, const PasswordAnswer& answer,
                                    const std::string& key_hint, bool lists_packs,
                                    const std::shared_ptr<WriteCondition>& writes,
                                    const std::stop_token& stop) {
  if (!answer.undecoded) {
    return Repository::open(std::move(backend), answer.password, key_hint, lists_packs, writes,
                            stop);
  }
  try {
    return Repository::open(std::move(backend), answer.password, key_hint, lists_packs, writes,
                            stop);
  } catch (const Error& e) {
    if (e.code() != Errc::wrong_password) throw;
  }
  auto repository = Repository::open(open_backend(context, location, stop, writes),
                                     *answer.undecoded, key_hint, lists_packs, writes, stop);
  context.warn(format_text(
      _("the password is not the text in {} but its bytes as they stand (mark and encoding "
        "included): nobody can type it, and other programs may not open the repository with this "
        "file. Give it the password that you know: \"medsave key passwd\"."),
      answer.source));
  return repository;
}

/// With a local cache where the options ask for one or it is remote.
std::unique_ptr<Repository> open_chosen(Context& context, const RepositoryChoice& choice,
                                        const OpenOptions& options,
                                        const OpenedRepository& opened) {
  const std::string& location = opened.location();
  const std::stop_token stop = opened.stop();
  warn_of_password(context, choice, location);
  const auto writes = std::make_shared<WriteCondition>();
  std::unique_ptr<Backend> backend = open_backend(context, location, stop, writes);
  bool is_config_lost = lacks_kept_config(context, *backend);
  if (is_config_lost && !options.puts_config_back) throw_kept_config(context, backend->location());
  const auto before_asking = [&] {
    if (!is_config_lost && !backend->size({FileKind::config, {}}))
      throw_no_repository(context, backend->location());
  };
  for (int tries = 1;; ++tries) {
    const PasswordAnswer answer = repository_password(context, choice, before_asking);
    const std::string shown = backend->location();
    try {
      if (is_config_lost) {
        const std::string copy = put_back_config(context, *backend, answer, choice.key_hint, stop);
        context.info(format_text(_("the repository had lost its file \"config\" in an upgrade that "
                                   "was cut short; it was put back from {}"),
                                 copy));
        is_config_lost = false;
      }
      std::unique_ptr<Repository> repository =
          open_by(context, std::move(backend), location, answer, choice.key_hint,
                  options.lists_packs, writes, stop);
      use_cache(context.global, location, options.cache, *repository);
      remember_seen(context, shown, repository->config().id);
      return repository;
    } catch (const Error& e) {
      if (e.code() == Errc::no_repository) throw_no_repository(context, shown);
      if (e.code() != Errc::wrong_password) throw;
      if (!answer.asked || tries == kPasswordTries) throw;
      tell_of_wrong_password(context, kPasswordTries - tries);
    }
    backend = open_backend(context, location, stop, writes);
  }
}

Unlockable unlockable(const OpenOptions& options) {
  if (options.reads_only) return Unlockable::read_on;
  return options.makes_room ? Unlockable::make_room : Unlockable::refuse;
}

/// A lock: then the command has not begun.
bool could_not_be_stored(Errc code) {
  return code == Errc::read_only || code == Errc::permission || code == Errc::no_space ||
         code == Errc::unreachable || code == Errc::io;
}

void take_lock(Context& context, const OpenOptions& options, OpenedRepository& opened) {
  if (!options.lock || (options.reads_only && context.global.no_lock)) return;
  LockOptions lock{.mode = *options.lock,
                   .unlockable = unlockable(options),
                   .reads_first = options.reads_first,
                   .retry = context.global.retry_lock};
  // In a local folder it costs nothing to look for the lock file, so that is done each time.
  if (local_folder(opened.location())) lock.timing.trust = std::chrono::milliseconds(0);
  try {
    opened.take_lock(lock, context.notices());
  } catch (const Error& e) {
    if (context.identity == Identity::medsave && could_not_be_stored(e.code())) {
      throw Error(e.code(), with_sentence(e.what(), _("Nothing was done")));
    }
    if (e.code() != Errc::locked) throw;
    const std::string text = format_text(_("{}. Nothing was done."), without_stop(e.what()));
    if (context.identity == Identity::medsave) throw Error(e.code(), text);
    // restic announces the waiting also where there is none.
    if (lock.retry.count() == 0 && !context.global.json) {
      context.warn(format_text(_("waiting up to {1}: {0}"), e.what(), "0s"));
    }
    throw ErrorInLines(e.code(), text);  // restic tells of a lock in lines of its own
  }
}

void require_deletion(Backend& backend) {
  if (backend.can_delete()) return;
  throw Error(Errc::permission,
              format_text(_("{} is append-only: it takes new files but deletes none, and this "
                            "command has to. Nothing was changed. Run it with an account that may "
                            "delete, or on the server itself."),
                          backend.location()));
}

OpenedRepository& open_unlocked(Context& context, const RepositoryChoice& choice,
                                const OpenOptions& options) {
  OpenedRepository& opened = context.opened.emplace_back(chosen_location(choice), context.stop());
  try {
    opened.set_repository(open_chosen(context, choice, options, opened));
  } catch (const Error& e) {
    if (e.code() != Errc::unreachable || context.identity == Identity::restic) throw;
    throw Error(e.code(), with_sentence(e.what(), _("Nothing was done")));
  }
  return opened;
}

void lock_for(Context& context, const OpenOptions& options, OpenedRepository& opened) {
  if (options.lock && !options.reads_only) tell_of_late_uploads(context, opened.location());
  take_lock(context, options, opened);
  context.note_opened(options.reads_only);
  if (options.deletes && !options.reads_only) require_deletion(opened.repository().backend());
}

}  // namespace

void tell_of_late_uploads(Context& context, const std::string& location) {
  const std::optional<std::string> folder = local_folder(location);
  if (!folder || context.identity == Identity::restic) return;
  const std::optional<MountedFileSystem> mounted = file_system_of(*folder);
  if (!mounted || !uploads_later(*mounted)) return;
  context.warn(format_text(
      _("{} is on a mount ({}) that answers from memory and uploads only later: that something was "
        "saved there does not prove that it has arrived, and what other computers do there is seen "
        "late. Give the storage itself as the repository instead, for example with -r "
        "rclone:REMOTE:PATH."),
      *folder, mounted->type));
}

OpenedRepository& open_repository(Context& context, const RepositoryChoice& choice,
                                  const OpenOptions& options) {
  OpenedRepository& opened = open_unlocked(context, choice, options);
  lock_for(context, options, opened);
  return opened;
}

OpenedRepository& open_repository(Context& context, const OpenOptions& options) {
  OpenedRepository& opened = open_unlocked(context, context.global.repository, options);
  if (context.global.cleanup_cache) clean_up_cache(context);
  lock_for(context, options, opened);
  return opened;
}

}  // namespace medsave::cli
