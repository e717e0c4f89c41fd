#include "backup_options.hpp"

#include "medsave/archive/snapshot_paths.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/format/time_text.hpp"

#include <algorithm>

namespace medsave::cli {
namespace {

constexpr std::uint64_t kMaxReadConcurrency = 128;

void add_source_options(Command& command, BackupOptions& options) {
  command.group(_("What to back up"));
  command
      .options("files-from", _("FILE"), options.lists.files_from,
               _("read what to back up from a file: one pattern a line, # begins a comment; - is "
                 "standard input"))
      .kind = ValueKind::file;
  command
      .options("files-from-verbatim", _("FILE"), options.lists.files_from_verbatim,
               _("the same, each line being one path exactly as it stands"))
      .kind = ValueKind::file;
  command
      .options("files-from-raw", _("FILE"), options.lists.files_from_raw,
               _("the same, paths ended by NUL bytes, as \"find -print0\" writes them"))
      .kind = ValueKind::file;
  command
      .flag("require-sources", options.require_sources,
            _("exit status 3 also when a source is empty, or what was a mount point in one, as "
              "when a "
              "drive is not connected"))
      .environment = "REQUIRE_SOURCES";
  command.flag("stdin", options.from_stdin, _("back up what arrives on standard input"));
  command.flag("stdin-from-command", options.from_command,
               _("run the arguments as a command and back up its output; nothing is saved if it "
                 "fails"));
  command.option("stdin-filename", _("NAME"), options.stdin_filename,
                 _("name of that file in the snapshot (default \"stdin\")"));
}

void add_filter_options(Command& command, BackupOptions& options) {
  command.group(_("What to leave out"));
  add_exclude_options(command, options.excludes);
  command.flag("exclude-caches", options.exclude_caches,
               _("leave out the content of folders marked by a CACHEDIR.TAG file"));
  command.options("exclude-if-present", _("NAME[:HEADER]"), options.exclude_if_present,
                  _("leave out the content of folders that hold a file NAME (beginning with "
                    "HEADER); may be repeated"));
  command.parsed(
      "exclude-larger-than", _("SIZE"),
      [&options](const std::string& text) {
        options.exclude_larger_than = parse_size(text);
        if (!options.exclude_larger_than) {
          throw Error(Errc::usage, _("must be a size like 500k, 20M or 2G"));
        }
      },
      _("leave out larger files (suffixes k, M, G, T)"));
  command.flag("one-file-system,x", options.one_file_system,
               _("stay on the file systems of what is backed up"));
}

void add_change_options(Command& command, BackupOptions& options) {
  command.group(_("What counts as changed"));
  command.option("parent", _("SNAPSHOT"), options.parent,
                 _("compare with this snapshot instead of the latest of the group"));
  command.flag("force,f", options.force, _("read all files again, changed or not"));
  Option& group_by = command.parsed(
      "group-by,g", _("GROUP"),
      [&options](const std::string& text) { options.group_by = parse_group_by(text); },
      _("what makes a group: host, paths and/or tags, separated by commas (default host,paths)"));
  group_by.kind = ValueKind::text;
  command.flag("ignore-inode", options.ignore_inode,
               _("do not compare inode numbers and change times (for network drives)"));
  command.flag("ignore-ctime", options.ignore_ctime, _("do not compare change times"));
  command.flag("skip-if-unchanged", options.skip_if_unchanged,
               _("save no snapshot if nothing differs from the parent"));
}

void add_record_options(Command& command, BackupOptions& options) {
  command.group(_("What the snapshot records"));
  Option& host = command.option("host,H", _("HOST"), options.host,
                                _("name of the computer in the snapshot (default: this one's)"));
  host.environment = "HOST";
  host.older = "hostname";
  command.options("tag", _("TAG[,TAG...]"), options.tags,
                  _("tags for the snapshot; may be repeated"));
  command.parsed(
      "time", _("TIME"),
      [&options](const std::string& text) {
        options.time = parse_local_time(text);
        if (!options.time) throw Error(Errc::usage, _("must look like 2026-11-22 22:08:41"));
      },
      _("time of the snapshot, as \"2026-11-22 22:08:41\" (default: now)"));
  command.flag("with-atime", options.with_atime, _("record when files were last read"));
  command.group(_("How to do it"));
  Option& readers = command.number("read-concurrency", _("N"), options.read_concurrency,
                                   _("how many files to read at the same time (default 2)"));
  readers.environment = "READ_CONCURRENCY";
  readers.set = [&options, number = readers.set](const std::string& text) {
    number(text);
    if (options.read_concurrency > kMaxReadConcurrency) {
      throw Error(Errc::usage, format_text(_("must be at most {}"), kMaxReadConcurrency));
    }
  };
  command.flag("no-scan", options.no_scan,
               _("do not count files first; progress is then shown without percentages"));
  command.flag("dry-run,n", options.dry_run, _("store nothing, only say what would be done"));
  command
      .option("summary-file", _("FILE"), options.summary_file,
              _("write the summary, or why there is none, to this file instead of what it held; "
                "with --quiet too"))
      .kind = ValueKind::file;
}

}  // namespace

void add_backup_options(Command& command, BackupOptions& options) {
  add_source_options(command, options);
  add_filter_options(command, options);
  add_change_options(command, options);
  add_record_options(command, options);
}

void refuse_contradictions(const BackupOptions& options, const std::vector<std::string>& arguments,
                           const Context& context) {
  if (options.from_stdin && options.from_command) {
    throw Error(Errc::usage, _("--stdin and --stdin-from-command cannot be used together"));
  }
  if ((options.from_stdin || options.from_command) && !options.lists.empty()) {
    throw Error(Errc::usage, _("--stdin and --files-from cannot be used together"));
  }
  if (options.from_stdin && !arguments.empty()) {
    throw Error(Errc::usage, _("--stdin was specified and files/dirs were listed as arguments"));
  }
  if (options.from_command && arguments.empty()) {
    throw Error(Errc::usage, _("--stdin-from-command needs a command as its arguments"));
  }
  if (options.from_stdin || options.from_command) stream_components(options.stdin_filename);
  const auto reads_stdin = [](const std::vector<std::string>& lists) {
    return std::ranges::find(lists, "-") != lists.end();
  };
  const bool list_on_stdin = reads_stdin(options.lists.files_from) ||
                             reads_stdin(options.lists.files_from_verbatim) ||
                             reads_stdin(options.lists.files_from_raw);
  const RepositoryChoice& choice = context.global.repository;
  const bool password_known = choice.no_password || !choice.password_file.empty() ||
                              !choice.password_command.empty() ||
                              !environment_value("PASSWORD").empty();
  if ((options.from_stdin || list_on_stdin) && !password_known) {
    throw Error(Errc::usage,
                _("standard input is taken by what is backed up, so the password must come from "
                  "--password-file, --password-command or the variable MEDSAVE_PASSWORD"));
  }
}

}  // namespace medsave::cli
