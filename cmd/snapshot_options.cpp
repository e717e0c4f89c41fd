#include "snapshot_options.hpp"

#include "context.hpp"
#include "option_file.hpp"

#include "medsave/archive/archiver.hpp"
#include "medsave/archive/snapshot_paths.hpp"
#include "medsave/base/encoding.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/time_text.hpp"

#include <algorithm>
#include <utility>

namespace medsave::cli {
namespace {

void add_patterns(PathFilter& filter, const std::vector<std::string>& patterns, bool ignore_case,
                  const std::string& option) {
  for (const std::string& pattern : patterns) {
    try {
      filter.add(pattern, ignore_case);
    } catch (const Error& e) {
      throw e.with_context("--" + option);
    }
  }
}

void add_files(PathFilter& filter, const std::vector<std::string>& files, bool ignore_case,
               const std::string& option) {
  for (const std::string& file : files) {
    std::vector<std::string> patterns;
    try {
      patterns = read_pattern_file(file);
    } catch (const Error& e) {
      throw unusable_file(file, "--" + option, e);
    }
    add_patterns(filter, patterns, ignore_case, join({option, file}, " "));
  }
}

/// A path of --path as snapshots record it: relative ones are made absolute, Windows paths are
/// kept.
std::string meant_path(const std::string& path) {
  // An empty path is likely an unset variable of a script; it would mean the current folder.
  if (path.empty()) throw Error(Errc::usage, _("--path is empty: which folder is meant?"));
  const bool is_drive = path.size() >= 2 && path[1] == ':';
  return is_drive || path.starts_with("\\\\") ? as_utf8(path) : snapshot_paths({path}).front();
}

}  // namespace

SnapshotFilter SnapshotChoice::filter() const {
  SnapshotFilter out;
  // --host "" cancels the host of the environment.
  for (const std::string& host : hosts) {
    if (!host.empty()) out.hosts.push_back(as_utf8(host));
  }
  for (const std::string& list : tags) out.tags.push_back(parse_tag_list(list));
  for (const std::string& path : paths) out.paths.push_back(meant_path(path));
  return out;
}

void add_snapshot_options(Command& command, SnapshotChoice& choice, bool letter) {
  command.group(_("Which snapshots"));
  command
      .options(letter ? "host,H" : "host", _("HOST"), choice.hosts,
               _("only snapshots of this host; may be repeated, \"\" takes the default back"))
      .environment = "HOST";
  command.options("tag", _("TAG[,TAG...]"), choice.tags,
                  _("only snapshots with all these tags; repeated: with any of the lists"));
  command.options("path", _("PATH"), choice.paths,
                  _("only snapshots of this path; repeated: of all of them"));
}

void tell_host_of_environment(const SnapshotChoice& choice, Context& context) {
  const std::string host = environment_value("HOST");
  if (host.empty() || choice.hosts != std::vector{host} || context.identity == Identity::restic) {
    return;
  }
  context.info(
      format_text(_("only snapshots of host {}, as the variable MEDSAVE_HOST or RESTIC_HOST "
                    "says"),
                  host));
}

PathFilter PatternOptions::filter(const std::string& word) const {
  PathFilter out;
  add_patterns(out, patterns, false, word);
  add_files(out, files, false, word + "-file");
  add_patterns(out, ignore_case, true, "i" + word);
  add_files(out, files_ignore_case, true, "i" + word + "-file");
  // Without a pattern, "only what matches" would turn into "everything".
  if (word.starts_with("include") && !empty() && out.empty()) {
    throw Error(Errc::usage,
                format_text(_("--{} holds no pattern, so nothing would be left out; give one, or "
                              "leave the option out"),
                            word));
  }
  return out;
}

void add_exclude_options(Command& command, PatternOptions& options) {
  command.options("exclude,e", _("PATTERN"), options.patterns,
                  _("leave out what matches; may be repeated"));
  command.options("iexclude", _("PATTERN"), options.ignore_case,
                  _("the same, upper and lower case being equal"));
  command
      .options("exclude-file", _("FILE"), options.files,
               _("read such patterns from a file, one a line; may be repeated"))
      .kind = ValueKind::file;
  command
      .options("iexclude-file", _("FILE"), options.files_ignore_case,
               _("the same, upper and lower case being equal"))
      .kind = ValueKind::file;
}

void add_include_options(Command& command, PatternOptions& options) {
  command.options("include,i", _("PATTERN"), options.patterns,
                  _("take only what matches; may be repeated"));
  command.options("iinclude", _("PATTERN"), options.ignore_case,
                  _("the same, upper and lower case being equal"));
  command
      .options("include-file", _("FILE"), options.files,
               _("read such patterns from a file, one a line; may be repeated"))
      .kind = ValueKind::file;
  command
      .options("iinclude-file", _("FILE"), options.files_ignore_case,
               _("the same, upper and lower case being equal"))
      .kind = ValueKind::file;
}

std::string describe_snapshot(const SnapshotEntry& entry) {
  return format_text(_("snapshot {} of {} at {} by {}@{}"), entry.id.short_hex(),
                     enumerate(entry.snapshot.paths), tell_time(entry.snapshot.time.instant),
                     entry.snapshot.username, entry.snapshot.hostname,
                     join(entry.snapshot.paths, " "));
}

std::string join(const std::vector<std::string>& texts, const std::string& separator) {
  std::string out;
  for (const std::string& text : texts) {
    if (!out.empty()) out += separator;
    out += text;
  }
  return out;
}

std::string enumerate(std::vector<std::string> parts) {
  if (parts.size() < 2) return join(parts, ", ");
  const std::string last = std::move(parts.back());
  parts.pop_back();
  return format_text(_("{} and {}"), join(parts, ", "), last);
}

}  // namespace medsave::cli
