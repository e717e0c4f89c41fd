#include "context.hpp"

#include "command_line.hpp"
#include "kept_config.hpp"
#include "known_repositories.hpp"
#include "passwords.hpp"

#include "medsave/backend/cache_backend.hpp"
#include "medsave/backend/guarded_backend.hpp"
#include "medsave/backend/limit_backend.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/text_file.hpp"
#include "medsave/base/units.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/remote/location.hpp"
#include "medsave/remote/retry_backend.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/ui/table.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

namespace medsave::cli {
namespace {

constexpr int kPasswordTries = 3;
constexpr std::uint64_t kMinPackMiB = 4;
constexpr std::uint64_t kMaxPackMiB = 128;
constexpr std::size_t kMaxLocationFile = std::size_t{64} * 1024;  // bytes

void set_pack_size(GlobalOptions& options, std::uint64_t mib) {
  if (mib != 0 && (mib < kMinPackMiB || mib > kMaxPackMiB)) {
    throw Error(Errc::usage,
                format_text(_("must be between {} and {} MiB"), kMinPackMiB, kMaxPackMiB));
  }
  options.pack_size = mib;
}

void add_extended(RemoteOptions& remote, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos) {
    throw Error(Errc::usage, _("must be of the form KEY=VALUE, e.g. sftp.connections=3"));
  }
  remote.extended[text.substr(0, equals)] = text.substr(equals + 1);
}

void set_stuck_request_timeout(RemoteOptions& remote, const std::string& text) {
  const auto timeout = parse_go_duration(text);
  if (!timeout || *timeout < std::chrono::seconds(1)) {
    throw Error(Errc::usage, _("must be a duration of a second or more, like 5m or 30s"));
  }
  remote.stuck_request_timeout = std::chrono::duration_cast<std::chrono::seconds>(*timeout);
}

void add_repository_options(Command& root, GlobalOptions& options) {
  RepositoryChoice& repository = options.repository;
  root.group(_("Repository and password"));
  Option& repo = root.option("repo,r", _("REPOSITORY"), repository.location,
                             _("repository to work on: a folder, or sftp:, rest:, s3: or rclone: "
                               "with an address"));
  repo.environment = "REPOSITORY";
  repo.exclusive = "repository";
  repo.kind = ValueKind::directory;
  Option& file = root.option("repository-file", _("FILE"), repository.location_file,
                             _("file that holds the repository's location"));
  file.environment = "REPOSITORY_FILE";
  file.exclusive = "repository";
  file.kind = ValueKind::file;
  Option& password_file = root.option("password-file,p", _("FILE"), repository.password_file,
                                      _("file that holds the repository's password"));
  password_file.environment = "PASSWORD_FILE";
  password_file.exclusive = "password";
  password_file.kind = ValueKind::file;
  Option& command = root.option("password-command", _("COMMAND"), repository.password_command,
                                _("program that prints the repository's password"));
  command.environment = "PASSWORD_COMMAND";
  command.exclusive = "password";
  root.option("key-hint", _("ID"), repository.key_hint,
              _("key to try first; saves time when a repository has many"))
      .environment = "KEY_HINT";
  root.flag("insecure-no-password", repository.no_password,
            _("the repository has an empty password (insecure); needed with every command"));
}

void add_storage_options(Command& root, GlobalOptions& options) {
  root.group(_("How to work with the repository"));
  root.flag("no-lock", options.no_lock,
            _("do not lock the repository: for reading one that cannot be written"));
  root.parsed(
      "retry-lock", _("DURATION"),
      [&options](const std::string& text) {
        const auto wait = parse_go_duration(text);
        if (!wait) throw Error(Errc::usage, _("must be a duration like 5m or 1h30m"));
        options.retry_lock = *wait;
      },
      _("how long to wait while others have the repository locked, e.g. 5m"));
  Option& compression = root.parsed(
      "compression", _("MODE"),
      [&options](const std::string& text) {
        options.compression = parse_compression_level(text).value_or(CompressionLevel::automatic);
      },
      _("how hard to compress: auto, off, fastest, better or max"));
  compression.environment = "COMPRESSION";
  compression.kind = ValueKind::choice;
  compression.choices = {"auto", "off", "fastest", "better", "max"};
  Option& pack_size = root.number("pack-size", _("MIB"), options.pack_size,
                                  _("size at which a pack file is closed, 4 to 128 MiB"));
  pack_size.environment = "PACK_SIZE";
  pack_size.set = [&options, number = pack_size.set](const std::string& text) {
    number(text);
    set_pack_size(options, options.pack_size);
  };
  root.flag("no-extra-verify", options.no_extra_verify,
            _("do not open and compare each sealed blob before it is stored"));
  root.number("limit-upload", _("RATE"), options.limit_upload,
              _("write to the repository at no more than RATE KiB a second"));
  root.number("limit-download", _("RATE"), options.limit_download,
              _("read from the repository at no more than RATE KiB a second"));
  root.flag("no-cache", options.no_cache, _("keep no local copies of the repository's metadata"));
  Option& cache_dir = root.option(
      "cache-dir", _("FOLDER"), options.cache_dir,
      _("where to keep local copies of metadata; a repository in a folder has them only if asked "
        "for here"));
  cache_dir.environment = "CACHE_DIR";
  cache_dir.kind = ValueKind::directory;
  root.flag("cleanup-cache", options.cleanup_cache,
            _("remove local copies that were not used for 30 days"));
}

void add_remote_options(Command& root, RemoteOptions& remote) {
  root.group(_("Remote repositories"));
  root.parsed(
      "option,o", _("KEY=VALUE"),
      [&remote](const std::string& text) { add_extended(remote, text); },
      _("option of a kind of repository, see medsave options; may be repeated"));
  root.parsed(
          "retention-lock", _("DURATION"),
          [&remote](const std::string& text) { remote.extended[kRetentionLock] = text; },
          _("S3: files that are stored cannot be deleted by anybody for so long, e.g. 30d; backup "
            "extends it for what the snapshots need"))
      .environment = "RETENTION_LOCK";
  Option& ca = root.option("cacert", _("FILE"), remote.ca_file,
                           _("PEM file with the certificates to trust instead of the system's"));
  ca.environment = "CACERT";
  ca.kind = ValueKind::file;
  Option& client = root.option("tls-client-cert", _("FILE"), remote.client_certificate,
                               _("PEM file with this client's certificate and private key"));
  client.environment = "TLS_CLIENT_CERT";
  client.kind = ValueKind::file;
  root.flag("insecure-tls", remote.insecure_tls,
            _("do not verify the server's certificate (insecure)"));
  root.option("http-user-agent", _("TEXT"), remote.user_agent,
              _("what HTTP servers are told of this program (default: medsave)"))
      .environment = "HTTP_USER_AGENT";
  root.parsed(
      "stuck-request-timeout", _("DURATION"),
      [&remote](const std::string& text) { set_stuck_request_timeout(remote, text); },
      _("give up a request during which nothing moves for so long (default 5m), and a server "
        "that fails for twenty times as long, at most 15m"));
}

void add_output_options(Command& root, GlobalOptions& options) {
  root.group(_("Output"));
  root.flag("json", options.json, _("write JSON for programs instead of text"));
  root.flag("quiet,q", options.quiet, _("say nothing unless something is wrong"));
  root.count("verbose,v", options.verbose, _("say more; -vv (or --verbose=2) names every file"));
  root.flag("no-color", options.no_color, _("no colours (also: the variable NO_COLOR)"));
  Option& language = root.option("lang", _("LANGUAGE"), options.language,
                                 _("language of the messages: en or fr (also: MEDSAVE_LANG)"));
  language.kind = ValueKind::choice;
  language.choices = {"en", "fr"};
  root.option("log", _("FILE"), options.log,
              _("append all messages to a file too, with time and computer, also with --quiet"))
      .kind = ValueKind::file;
  root.flag("as-restic", options.as_restic,
            _("speak as restic: its version, its words in English, its exit codes; for programs "
              "that drive restic (also when called by that name)"));
}

/// Removes what earlier commands left of repositories that nobody uses any more.
void clean_up_cache(Context& context) {
  const std::string base = cache_base(context.global);
  try {
    for (const CacheDirectory& directory : list_cache_directories(base, false)) {
      if (!directory.old) continue;
      context.detail(
          format_text(_("removing old cache of repository {}"), directory.repository_id));
      remove_cache_directory(base, directory.repository_id);
    }
  } catch (const Error& e) {  // no reason not to do what the command is for
    context.warn(format_text(_("the old caches were not cleaned up: {}"), e.what()));
  }
}

}  // namespace

void add_global_options(Command& root, GlobalOptions& options) {
  add_repository_options(root, options);
  add_storage_options(root, options);
  add_remote_options(root, options.remote);
  add_output_options(root, options);
}

void Context::info(const std::string& line) {
  if (verbosity() < 1 || global.json) return;
  console.tell(line);
  if (line == outcome_) outcome_told_ = true;
}

void Context::detail(const std::string& line) {
  if (verbosity() >= 2 && !global.json) console.tell(line);
}

void Context::print(const Table& table) {
  const bool fits = console.out_is_terminal() && identity == Identity::medsave;
  for (const std::string& line : table.lines(fits ? console.width() : 0)) console.print(line);
}

void Context::warn(const std::string& line) {
  if (global.json && identity == Identity::medsave) {
    warn(JsonObject("warning").add("message", line));
  } else {
    console.warn(line);
  }
}

void Context::warn(const JsonObject& object) { console.print_err(object.text()); }

void Context::report(const JsonObject& object) {
  if (global.json) console.print(object.text());
}

NoticeSink Context::notices() {
  return [this](const std::string& line) { warn(line); };
}

int Context::verbosity() const {
  if (global.quiet) return 0;
  return 1 + std::min(global.verbose, 2);
}

ProgressStyle Context::progress_style() const {
  if (verbosity() == 0) return ProgressStyle::none;
  if (global.json) return ProgressStyle::json;
  if (console.out_is_terminal()) return ProgressStyle::live;
  const bool wanted = verbosity() >= 2 || !environment_value("PROGRESS_FPS").empty();
  return wanted ? ProgressStyle::lines : ProgressStyle::none;
}

std::chrono::milliseconds Context::progress_interval() const {
  constexpr double kMaxPerSecond = 60;
  const std::string text = environment_value("PROGRESS_FPS");
  const double per_second = text.empty() ? 0 : std::strtod(text.c_str(), nullptr);
  if (per_second > 0) {
    return std::chrono::milliseconds(
        static_cast<std::int64_t>(1000 / std::min(per_second, kMaxPerSecond)));
  }
  if (progress_style() == ProgressStyle::lines) return std::chrono::seconds(10);
  return std::chrono::milliseconds(100);
}

std::string chosen_location(const RepositoryChoice& choice) {
  std::string location = choice.location;
  if (!choice.location_file.empty()) {
    const Buffer content =
        decode_text(read_file(choice.location_file, kMaxLocationFile).view(), choice.location_file);
    location = trim_unicode_space(as_text(content.view()));
  }
  if (location.empty()) {
    throw Error(
        Errc::usage,
        choice.environment_prefix.empty()
            ? _("please specify the repository location (-r FOLDER, --repository-file or the "
                "variable MEDSAVE_REPOSITORY)")
            : _("please specify the location of the other repository (--from-repo)"));
  }
  return location;
}

namespace {

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
                                      std::shared_ptr<const WriteCondition> writes) {
  const GlobalOptions& global = context.global;
  RemoteOptions remote = global.remote;
  remote.stop = context.hurry();
  std::unique_ptr<Backend> backend = open_location(location, remote);
  if (writes) backend = guard_writes(std::move(backend), std::move(writes));
  if (!local_folder(location)) {
    // Who waits less for one request waits less for a server that is started again, too.
    RetryPolicy policy;
    policy.give_up_after = std::min<std::chrono::milliseconds>(policy.give_up_after,
                                                               20 * remote.stuck_request_timeout);
    if (const auto tries = remote.extended.find("s3.retries");
        tries != remote.extended.end() && location.starts_with("s3:")) {
      policy.most_attempts = attempts_of(tries->second);
    }
    backend = retry_requests(std::move(backend), policy, context.notices(), remote.stop);
  }
  return limit_rate(std::move(backend), global.limit_upload * 1024, global.limit_download * 1024,
                    remote.stop);
}

namespace {

bool holds_keys(Context& context, const std::string& location) {
  if (!local_folder(location))
    return false;  // elsewhere it is no more than a guess what is missing
  try {
    return !open_backend(context, location)->list(FileKind::key).empty();
  } catch (const Error&) {
    return false;
  }
}

[[noreturn]] void throw_no_repository(Context& context, const std::string& location) {
  if (context.identity == Identity::medsave && holds_keys(context, location)) {
    throw Error(Errc::no_repository,
                format_text(_("the repository at {} has lost its file \"config\", without which it "
                              "cannot be opened; its keys and data are there. Make no new one: "
                              "bring that file back from a copy of the repository"),
                            location));
  }
  if (const std::string seen = last_seen_at(context, location); !seen.empty()) {
    throw Error(
        Errc::no_repository,
        format_text(_("the repository that was at {} on {} is not there now, so nothing was "
                      "done. Connect its drive and run the command again; your backups "
                      "are on it. If the drive is connected, it may have another name now: "
                      "give its folder with -r"),
                    location, seen));
  }
  throw Error(Errc::no_repository,
              format_text(_("repository does not exist: there is no config file at {}\n"
                            "Is the location right, and is its drive connected? A new repository "
                            "is made with: medsave init"),
                          location));
}

/// Throws where an upgrade that was cut short has deleted the config, of which this computer has a
/// copy. Before the config is read: rclone would be asked for it again and again.
void require_config(const Context& context, Backend& backend) {
  const std::string place = backend.location();
  if (!is_config_kept(context, place)) return;
  try {
    if (!has_lost_config(backend)) return;
  } catch (const Error&) {  // whoever reads the config meets the same
    return;
  }
  throw Error(Errc::no_repository,
              format_text(_("repository does not exist: there is no config file at {}\n"
                            "An upgrade of the repository was cut short there, and this computer "
                            "has kept a copy of that file: {}\n"
                            "It is put back, and the upgrade finished, by: medsave migrate "
                            "upgrade_repo_v2"),
                          place, kept_config_path(context, place)));
}

void remember(const Context& context, const std::string& location, const std::string& id) {
  if (context.global.no_cache) return;
  try {
    remember_repository(cache_base(context.global), place_of(location), id, system_clock().now());
  } catch (const Error&) {  // no home folder
  }
}

/// Local copies pay where the repository is far away; those of a folder must be asked for.
void use_cache(const GlobalOptions& global, const std::string& location, Repository& repository) {
  const bool local = local_folder(location).has_value();
  if (global.no_cache || (local && (global.cache_dir.empty() || global.temporary_cache))) return;
  if (global.temporary_cache) {
    repository.use_temporary_cache(cache_base(global));
  } else {
    repository.use_cache(cache_base(global));
  }
}

/// A password in the location, which stands on the command line and not in the environment.
void warn_of_password(Context& context, const RepositoryChoice& choice,
                      const std::string& location) {
  const std::size_t user = location.find("://");
  if (context.identity == Identity::restic || user == std::string::npos) return;
  const std::string_view host =
      std::string_view(location).substr(user + 3, location.find('/', user + 3) - user - 3);
  const std::size_t at = host.rfind('@');
  if (at == std::string_view::npos || host.substr(0, at).find(':') == std::string_view::npos) {
    return;
  }
  const std::string variable = choice.environment_prefix + "REPOSITORY";
  if (!choice.location_file.empty() || environment_value(variable) == location) return;
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
                                    const std::string& key_hint,
                                    const std::shared_ptr<WriteCondition>& writes) {
  const bool lists_packs = context.global.lists_packs;
  if (!answer.undecoded) {
    return Repository::open(std::move(backend), answer.password, key_hint, lists_packs, writes,
                            context.hurry());
  }
  try {
    return Repository::open(std::move(backend), answer.password, key_hint, lists_packs, writes,
                            context.hurry());
  } catch (const Error& e) {
    if (e.code() != Errc::wrong_password) throw;
  }
  auto repository = Repository::open(open_backend(context, location, writes), *answer.undecoded,
                                     key_hint, lists_packs, writes, context.hurry());
  context.warn(format_text(
      _("the password is not the text in {} but its bytes as they stand (mark and encoding "
        "included): nobody can type it, and other programs may not open the repository with this "
        "file. Give it the password that you know: medsave key passwd"),
      answer.source));
  return repository;
}

}  // namespace

std::unique_ptr<Repository> open_chosen(Context& context, const RepositoryChoice& choice) {
  const std::string location = chosen_location(choice);
  warn_of_password(context, choice, location);
  const auto writes = std::make_shared<WriteCondition>();
  std::unique_ptr<Backend> backend = open_backend(context, location, writes);
  require_config(context, *backend);
  const auto before_asking = [&] {
    if (!backend->size({FileKind::config, {}})) throw_no_repository(context, backend->location());
  };
  for (int tries = 1;; ++tries) {
    const PasswordAnswer answer = repository_password(context, choice, before_asking);
    const std::string shown = backend->location();
    try {
      std::unique_ptr<Repository> repository =
          open_by(context, std::move(backend), location, answer, choice.key_hint, writes);
      use_cache(context.global, location, *repository);
      remember(context, shown, repository->config().id);
      return repository;
    } catch (const Error& e) {
      if (e.code() == Errc::no_repository) throw_no_repository(context, shown);
      if (e.code() != Errc::wrong_password) throw;
      // Front ends of restic know the first line.
      if (!answer.asked || tries == kPasswordTries) {
        throw Error(e.code(), format_text(_("wrong password or no key found\n{}"), e.what()));
      }
      tell_of_wrong_password(context, kPasswordTries - tries);
    }
    backend = open_backend(context, location, writes);
  }
}

std::string place_of(const std::string& location) {
  const std::optional<std::string> folder = local_folder(location);
  if (!folder) return location;
  std::error_code no_current_folder;  // then the path as it is has to do
  const auto path = std::filesystem::absolute(*folder, no_current_folder);
  return no_current_folder ? *folder : path.lexically_normal().string();
}

std::string shown_place(const std::string& location) {
  std::string place = place_of(location);
  if (!local_folder(location) && place.find('@') != std::string::npos) {
    place.resize(place.find(':') + 1);
    place += "…";
  }
  return place;
}

std::string last_seen_at(const Context& context, const std::string& location) {
  // As restic, it says what restic's clients look for.
  if (context.global.no_cache || context.identity == Identity::restic) return {};
  try {
    const auto known = known_repository(cache_base(context.global), place_of(location));
    return known ? known->seen : std::string();
  } catch (const Error&) {  // no home folder
    return {};
  }
}

std::string cache_base(const GlobalOptions& global) {
  return global.cache_dir.empty() ? default_cache_base() : global.cache_dir;
}

Repository& Context::open_repository() {
  repository_ = open_chosen(*this, global.repository);
  if (global.cleanup_cache) clean_up_cache(*this);
  return *repository_;
}

Repository& Context::open_locked(LockMode mode, bool dry_run) {
  Repository& repository = open_repository();
  if (dry_run && global.no_lock) return repository;
  take_lock({.mode = mode, .unlockable = dry_run ? Unlockable::read_on : Unlockable::refuse});
  return repository;
}

Repository& Context::open_for_inspection() {
  Repository& repository = open_repository();
  if (!global.no_lock) {
    take_lock(
        {.mode = LockMode::exclusive, .unlockable = Unlockable::read_on, .reads_first = true});
  }
  return repository;
}

void Context::take_lock(LockOptions options) {
  options.retry = global.retry_lock;
  // To look for a file costs nothing there, so it is never believed to be there still.
  if (local_folder(chosen_location(global.repository))) {
    options.timing.trust = std::chrono::milliseconds(0);
  }
  try {
    lock_ = std::make_unique<RepoLock>(*repository_, options, notices(), stop_);
    on_lost_lock_ = hurry_when(lock_->token());
  } catch (const Error& e) {
    if (e.code() != Errc::locked) throw;
    // Front ends of restic know the first line.
    throw Error(e.code(),
                format_text(_("unable to create lock in backend: repository is already locked\n{}"),
                            e.what()));
  }
}

Repository& Context::open_for_deletion(bool dry_run, bool makes_room) {
  if (dry_run) return open_locked(LockMode::exclusive, true);
  Repository& repository = open_repository();
  take_lock({.mode = LockMode::exclusive,
             .unlockable = makes_room ? Unlockable::make_room : Unlockable::refuse});
  if (!repository.backend().can_delete()) {
    throw Error(Errc::permission,
                format_text(_("{} is append-only: it takes new files but deletes none, and this "
                              "command has to. Nothing was changed. Run it with an account that "
                              "may delete, or on the server itself"),
                            repository.backend().location()));
  }
  return repository;
}

void Context::tell_of_interruption() {
  if (!interrupted()) return;
  std::call_once(told_of_interruption_, [this] { console.warn(_("interrupted, cleaning up")); });
}

void Context::explain_lost_lock() const {
  if (lock_ && lock_->lost()) lock_->confirm();
}

Traffic Context::traffic() const {
  return repository_ ? repository_->backend().traffic() : Traffic{};
}

void Context::add_traffic(JsonObject& out) const {
  const Traffic seen = traffic();
  if (seen.requests == 0) return;
  out.add("requests", seen.requests)
      .add("bytes_sent", seen.sent)
      .add("bytes_received", seen.received);
}

void Context::tell_traffic() {
  const Traffic seen = traffic();
  if (seen.requests == 0 || verbosity() < 2) return;
  if (global.json) {
    JsonObject out("traffic");
    add_traffic(out);
    warn(out);
    return;
  }
  const unsigned long requests = seen.requests;
  detail(format_text(n_("{} request to the server, {} sent, {} received",
                        "{} requests to the server, {} sent, {} received", requests),
                     requests, format_size(seen.sent), format_size(seen.received)));
}

void Context::close() {
  lock_.reset();
  tell_traffic();
  repository_.reset();
}

}  // namespace medsave::cli
