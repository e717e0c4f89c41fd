#include "context.hpp"

#include "command_line.hpp"
#include "known_repositories.hpp"
#include "option_file.hpp"

#include "medsave/backend/cache_backend.hpp"
#include "medsave/backend/cache_directories.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/text_file.hpp"
#include "medsave/base/units.hpp"
#include "medsave/format/time_text.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/remote/location.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/path.hpp"
#include "medsave/ui/table.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace medsave::cli {
namespace {

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
      _("option of a kind of repository, see \"medsave options\"; may be repeated"));
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

void Context::info_lines(const std::string& text) {
  if (verbosity() >= 1 && !global.json) console.tell_lines(text);
}

void Context::begin_step(const std::string& text) {
  console.clear_status();
  info_lines(text);
}

void Context::detail(const std::string& line) {
  if (verbosity() >= 2 && !global.json) console.tell(line);
}

void Context::conclude(const std::string& line) {
  if (verbosity() >= 1 && !global.json && identity == Identity::medsave) console.warn(line);
}

void Context::print(const Table& table) {
  for (const std::string& line : table.lines(columns())) console.print(line);
}

unsigned Context::columns() const {
  return console.out_is_terminal() && identity == Identity::medsave ? console.width() : 0;
}

void Context::warn(const std::string& line) {
  if (global.json && identity == Identity::medsave) {
    warn(JsonObject("warning").add("message", line));
  } else if (identity == Identity::restic) {
    console.warn_lines(line);  // some of restic's messages have several
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

namespace {

std::string location_in_file(const RepositoryChoice& choice) {
  Buffer content;
  try {
    content = read_file(choice.location_file, kMaxLocationFile);
  } catch (const Error& e) {
    const bool other = !choice.environment_prefix.empty();
    throw unusable_file(choice.location_file,
                        other ? "--from-repository-file" : "--repository-file", e);
  }
  const Buffer text = decode_text(content.view(), choice.location_file);
  return std::string(trim_unicode_space(as_text(text.view())));
}

}  // namespace

std::string chosen_location(const RepositoryChoice& choice) {
  std::string location = choice.location;
  if (!choice.location_file.empty()) location = location_in_file(choice);
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

std::optional<std::string> folder_here(const std::string& location) {
  if (auto folder = local_folder(location)) return folder;
  constexpr std::string_view kOnTheFly = "rclone::local:";
  if (location.starts_with(kOnTheFly)) return location.substr(kOnTheFly.size());
  if (location.starts_with("rclone:/")) return location.substr(location.find('/'));
  return std::nullopt;
}

std::string place_of(const std::string& location) {
  const std::optional<std::string> folder = folder_here(location);
  if (!folder) return location;
  const std::optional<std::string> path = make_absolute(*folder);
  return path ? resolve_links(*path) : *folder;  // as it is where the current folder is gone
}

std::string shown_place(const std::string& location) {
  std::string place = place_of(location);
  if (folder_here(location)) return place;
  place = mask_rclone_secrets(place);
  if (place.find('@') != std::string::npos) {
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
    if (!known) return {};
    const auto day = parse_local_time(known->seen);
    return day ? tell_day(*day) : known->seen;
  } catch (const Error&) {  // no home folder
    return {};
  }
}

void remember_seen(const Context& context, const std::string& location, const std::string& id) {
  if (context.global.no_cache) return;
  try {
    remember_repository(cache_base(context.global), place_of(location), id, system_clock().now());
  } catch (const Error&) {  // no home folder
  }
}

std::string cache_base(const GlobalOptions& global) {
  return global.cache_dir.empty() ? default_cache_base() : global.cache_dir;
}

void Context::tell_of_interruption() {
  if (!interrupted()) return;
  std::call_once(told_of_interruption_, [this] { console.warn(_("interrupted, cleaning up")); });
}

void Context::tell_of_interruption_at_prompt() {
  std::call_once(told_of_interruption_, [this] { nothing_begun_ = true; });
}

void Context::tell_untouched() {
  if (!reads_ || writes_ || !outcome_.empty() || identity == Identity::restic) return;
  console.warn(_("this command only reads: it has changed nothing in your backups"));
}

void Context::explain_lost_lock() const {
  for (const OpenedRepository& each : opened) each.explain_lost_lock();
}

Traffic Context::traffic() const {
  Traffic sum;
  for (const OpenedRepository& each : opened) {
    const Traffic seen = each.traffic();
    sum.requests += seen.requests;
    sum.sent += seen.sent;
    sum.received += seen.received;
  }
  return sum;
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
  for (OpenedRepository& each : opened) each.unlock();
  tell_traffic();
  opened.clear();
}

}  // namespace medsave::cli
