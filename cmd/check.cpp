#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "maintenance.hpp"
#include "open_repository.hpp"
#include "snapshot_options.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/check/checker.hpp"
#include "medsave/check/read_data_selection.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/ui/display_text.hpp"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <utility>

namespace medsave::cli {
namespace {

struct CheckOptions {
  bool read_data = false;
  ReadDataSelection subset = {};
  bool with_cache = false;
  bool check_unused = false;
  SnapshotChoice choice = {};
};

void print_finding(const Finding& finding, Context& context) {
  if (context.global.json) {
    // Hints are no errors; restic's consumers count these messages.
    if (!finding.is_hint) {
      context.warn(JsonObject("error").add("message", finding.message));
    }
    return;
  }
  if (finding.is_hint) {
    context.info(format_text(_("hint: {}"), finding.message));
    for (const Id& pack : finding.packs) context.detail("  " + pack.hex());
  } else {
    context.warn(escape_for_terminal(format_text(_("error: {}"), finding.message)));
  }
}

void print_affected(const CheckReport& report, Context& context) {
  if (report.affected.empty()) return;
  context.warn(_("These cannot be restored completely as things stand:"));
  for (const AffectedPath& affected : report.affected) {
    context.warn(
        escape_for_terminal(format_text(_("  snapshot {}, {}: {}"), affected.snapshot.short_hex(),
                                        affected.path, affected.reason)));
  }
  const unsigned long more = report.affected_total - report.affected.size();
  if (more != 0) context.warn(format_text(n_("and {} more", "and {} more", more), more));
  if (report.suggest_repair_index) {
    context.warn(_("The index can be made anew, and perhaps nothing is lost then (see below)"));
  }
}

/// Whether all snapshots were looked at, and none needs what is damaged.
bool touches_no_snapshot(const CheckReport& report) {
  return report.affected_total == 0 && report.unread_snapshots == 0 && !report.access_denied &&
         !report.no_snapshots && report.snapshots == report.snapshots_listed;
}

std::string hex_of(const std::vector<Id>& ids) {
  std::vector<std::string> names;
  for (const Id& id : ids) names.push_back(id.hex());
  return join(names, " ");
}

std::string advice_on_unknown_types() {
  return _(
      "Entries of an unknown type may be those of a newer program, and whole: restore them with "
      "that one. \"medsave repair snapshots\" would take them out of the snapshots.");
}

/// The steps that suit this damage, in the order in which to take them. The intact blobs of a
/// damaged pack have to be moved; a missing pack is only taken out of the index.
std::vector<std::string> steps_to_mend(const CheckReport& report) {
  // No repair is suggested: files that this user may not read look missing, and a repair would take
  // them out of the index.
  if (report.access_denied) {
    return {_("This user may not read all files of the repository, which is no damage of theirs: "
              "run the command as the user who made the repository, or have the rights changed"),
            _("Then check again, and repair nothing before")};
  }
  if (report.unknown_types && !report.lost_content && report.damaged_snapshots.empty()) {
    return {advice_on_unknown_types()};
  }
  std::vector<std::string> steps = {
      _("Write nothing more to this repository, and copy it to another drive first: all that "
        "follows is done to the copy (-r and its folder). If there are more errors each time, the "
        "drive or the memory is failing.")};
  if (!report.broken_packs.empty() && report.rotten_packs.size() != report.broken_packs.size()) {
    steps.emplace_back(
        _("If a folder or files below \"data\" were renamed or moved, put them back"));
  }
  if (!report.broken_packs.empty()) {
    steps.emplace_back(
        _("If there is a copy of the repository on another drive or server, fetch the files named "
          "above from its folder \"data\" and put them in their place. Then check again: what "
          "follows is only for what is still damaged then."));
  }
  if (report.suggest_repair_index) {
    steps.emplace_back(
        _("Make the index anew from the packs: \"medsave repair index\". Then check again."));
  }
  if (!report.damaged_snapshots.empty()) {
    steps.push_back(advice_on_damaged_snapshots(report.damaged_snapshots));
  }
  if (!report.damaged_keys.empty()) {
    steps.push_back(format_text(
        _("Fetch the damaged keys ({}) from the folder \"keys\" of another copy of the repository, "
          "or remove them (\"medsave key remove ID\") and add their passwords again (\"medsave key "
          "add\")"),
        hex_of(report.damaged_keys)));
  }
  if (!report.rotten_packs.empty()) {
    steps.push_back(
        format_text(_("Save what is intact of the damaged packs: \"medsave repair packs {}\""),
                    hex_of(report.rotten_packs)));
  }
  if (report.broken_packs.size() > report.rotten_packs.size() && !report.suggest_repair_index) {
    steps.emplace_back(_("Make the index fit the packs that are there: \"medsave repair index\""));
  }
  if (report.unknown_types) steps.push_back(advice_on_unknown_types());
  const bool may_be_lost = !report.broken_packs.empty() || !report.affected.empty();
  if (may_be_lost && !touches_no_snapshot(report)) {
    steps.emplace_back(
        _("Back up again: what the source still has is stored again. Then check again."));
    steps.emplace_back(
        _("What is lost for good, \"medsave repair snapshots --forget\" takes out of the "
          "snapshots"));
  } else if (!report.suggest_repair_index) {
    steps.emplace_back(_("Then check again"));
  }
  return steps;
}

const char* what_is_whole(const CheckReport& report, bool reads_all) {
  if (touches_no_snapshot(report)) {
    return reads_all ? _("No snapshot needs what is damaged: all of them can be restored")
                     : _("As far as can be told without reading the data (--read-data), no "
                         "snapshot needs what is damaged");
  }
  return reads_all ? _("Snapshots and paths not named above are whole and can be restored")
                   : _("As far as can be told without reading the data (--read-data), snapshots "
                       "and paths not named above are whole");
}

void print_advice(const CheckReport& report, bool reads_all, Context& context) {
  if (report.errors != 0 && report.errors == report.unused_errors) {
    context.warn(_("Data that no snapshot needs is no damage; \"medsave prune\" removes it"));
  } else if (report.errors != 0) {
    context.warn(what_is_whole(report, reads_all));
    if (context.identity == Identity::medsave) {
      context.warn(_("The files on your computer are not concerned"));
    }
    context.warn(_("What to do, in this order:"));
    std::size_t number = 0;
    for (const std::string& step : steps_to_mend(report)) {
      context.warn(fmt::format("{}. {}", ++number, step));
    }
  }
  if (report.no_snapshots) {
    context.warn(
        _("The repository holds data, but no snapshots. If there should be some, they were "
          "deleted, or their folder or list is damaged: do not prune, look at the medium or the "
          "server first. What was deleted, \"medsave recover\" can find again."));
  } else if (report.suggest_prune && report.errors == 0) {
    context.info(
        _("There are files that no snapshot needs; pruning the repository removes them. This "
          "is no damage."));
  }
}

void print_superfluous(const CheckReport& report, Context& context) {
  // After errors nothing is said of unneeded blobs, because a damaged snapshot may need them.
  if (report.no_snapshots || report.errors != 0) return;
  if (const unsigned long unused = report.unused.count; unused != 0) {
    context.info(
        format_text(n_("{} blob ({}) is needed by no snapshot; pruning removes it",
                       "{} blobs ({}) are needed by no snapshot; pruning removes them", unused),
                    unused, format_size(report.unused.size)));
  }
  if (const unsigned long copies = report.duplicates.count; copies != 0) {
    context.info(
        format_text(n_("{} blob ({}) is stored a second time; pruning removes the copy",
                       "{} blobs ({}) are stored again; pruning removes the copies", copies),
                    copies, format_size(report.duplicates.size)));
  }
}

/// "affected" and the counts of blobs are medsave's own; restic's consumers skip what they do not
/// know.
void print_json_summary(const CheckReport& report, Context& context) {
  for (const AffectedPath& affected : report.affected) {
    context.console.print(JsonObject("affected")
                              .add("snapshot", affected.snapshot.hex())
                              .add("path", affected.path)
                              .add("reason", affected.reason)
                              .text());
  }
  std::vector<std::string> packs;
  for (const Id& id : report.broken_packs) packs.push_back(id.hex());
  JsonObject out("summary");
  out.add("num_errors", report.errors)
      .add_json("broken_packs", packs.empty() ? "null" : json_array(packs))
      .add("suggest_repair_index", report.suggest_repair_index)
      .add("suggest_prune", report.suggest_prune)
      .add("unused_blobs", report.unused.count)
      .add("unused_size", report.unused.size)
      .add("duplicate_blobs", report.duplicates.count)
      .add("duplicate_size", report.duplicates.size);
  context.add_traffic(out);
  context.console.print(out.text());
}

/// Whether no snapshot fits the choice. restic counts that as success.
bool nothing_chosen(const CheckReport& report, const Context& context) {
  return report.snapshots == 0 && report.snapshots_listed != 0 &&
         context.identity == Identity::medsave;
}

/// `elapsed`: since the last step began.
void print_summary(const CheckReport& report, ReadDataSelection::Kind reading,
                   std::chrono::seconds elapsed, Context& context) {
  const bool reads_all = reading == ReadDataSelection::Kind::all;
  print_affected(report, context);
  print_advice(report, reads_all, context);
  print_superfluous(report, context);
  if (report.snapshots != report.snapshots_listed && context.identity == Identity::medsave) {
    const unsigned long checked = report.snapshots;
    context.info(
        format_text(n_("checked {} of {} snapshots", "checked {} of {} snapshots", checked),
                    checked, report.snapshots_listed));
  }
  const bool tells_reading =
      context.identity == Identity::medsave && reading != ReadDataSelection::Kind::none;
  if (reading != ReadDataSelection::Kind::none) {
    print_restic_progress(report.packs_read, "packs", elapsed, context);
  }
  if (tells_reading) {
    const unsigned long packs = report.packs_read;
    context.info(format_text(n_("read {} pack, {}", "read {} packs, {}", packs), packs,
                             format_size(report.bytes_read)));
  }
  if (report.errors != 0 || nothing_chosen(report, context)) return;
  if (context.identity == Identity::restic) {
    context.info(_("no errors were found"));
    return;
  }
  context.info(report.no_snapshots ? _("apart from that, no errors were found")
                                   : _("no errors were found"));
  if (reading == ReadDataSelection::Kind::none) {
    context.info(
        _("(the content of files was not read: that a drive begins to fail is seen only by "
          "\"medsave check --read-data\")"));
  } else if (!reads_all) {
    context.info(_("(not all data was read again; \"medsave check --read-data\" does that)"));
  }
}

CheckRequest make_request(const CheckOptions& options, const std::vector<std::string>& arguments) {
  if (options.read_data && options.subset.kind != ReadDataSelection::Kind::none) {
    throw Error(Errc::usage, _("--read-data and --read-data-subset cannot be used together"));
  }
  if (arguments.size() > 1) {
    throw Error(Errc::usage, _("check takes at most one snapshot; use --host, --tag and --path for "
                               "several"));
  }
  CheckRequest request{.read_data = options.subset,
                       .filter = options.choice.filter(),
                       .list_unused = options.check_unused};
  if (options.read_data) request.read_data.kind = ReadDataSelection::Kind::all;
  if (!arguments.empty()) request.snapshot_id = arguments.front();
  return request;
}

void run_check_command(const CheckOptions& options, const std::vector<std::string>& arguments,
                       Context& context) {
  CheckRequest request = make_request(options, arguments);
  // Front ends of restic still say --check-unused; their restic ignores it.
  if (context.identity == Identity::restic) request.list_unused = false;
  if (!context.global.no_lock) context.info(_("create exclusive lock for repository"));
  tell_host_of_environment(options.choice, context);
  const OpenedRepository& opened = open_repository(
      context, {.lock = LockMode::exclusive,
                .reads_only = true,
                .reads_first = true,
                .cache = options.with_cache ? CacheUse::usual : CacheUse::temporary});

  Progress progress;
  progress.stop = opened.stop();
  CheckReport report;
  auto begun = std::chrono::steady_clock::now();
  const auto elapsed = [&begun] {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() -
                                                            begun);
  };
  request.snapshots_checked = [&](std::uint64_t snapshots) {
    print_restic_progress(snapshots, "snapshots", elapsed(), context);
  };
  std::string told;
  {
    const ProgressDisplay display(
        context.console, progress, ProgressKind::check,
        context.global.json ? ProgressStyle::none : context.progress_style(),
        context.progress_interval());
    report = run_check(
        opened.repository(), request,
        [&](const Finding& finding) { print_finding(finding, context); },
        [&](const std::string& stage) {
          begun = std::chrono::steady_clock::now();
          // Two steps may have one name in restic's words.
          if (std::exchange(told, stage) != stage) context.begin_step(stage);
        },
        progress, opened.stop());
  }
  if (opened.lock() != nullptr) opened.lock()->confirm();
  if (context.global.json) {
    print_json_summary(report, context);
  } else {
    print_summary(report, request.read_data.kind, elapsed(), context);
  }
  if (nothing_chosen(report, context)) {
    const unsigned long all = report.snapshots_listed;
    throw CommandFailed(
        kExitFailed,
        fatal_text(format_text(
            n_("none of the {} snapshot fits --host, --tag or --path, so no snapshot was checked",
               "none of the {} snapshots fits --host, --tag or --path, so no snapshot was checked",
               all),
            all)));
  }
  if (report.errors != 0) {
    throw CommandFailed(kExitFailed, fatal_text(_("repository contains errors")));
  }
}

}  // namespace

void add_check(Command& root) {
  auto options = std::make_shared<CheckOptions>();
  Command& command = root.add_command("check", _("Check the repository for errors"));
  command.describe(
      _("Tests whether everything the snapshots need is there and fits together. With --read-data "
        "all stored data is read and verified too, which is the only way to find a disk that has "
        "begun to forget.\n\n"
        "All damage is listed, with the snapshots and paths it touches."));
  command.arguments(_("[SNAPSHOT]"));
  command.flag("read-data", options->read_data, _("read and verify all data"));
  command.parsed(
      "read-data-subset", _("SUBSET"),
      [options](const std::string& text) { options->subset = parse_read_data_subset(text); },
      _("read and verify a part: n/t is the n-th of t parts, x% or a size (10G) a random part"));
  command.flag("check-unused", options->check_unused,
               _("list every blob that no snapshot needs, and take it for an error"));
  command.flag("with-cache", options->with_cache,
               _("use the local cache; its files are then not read from the repository"));
  add_snapshot_options(command, options->choice);
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples({{"medsave -r /media/usb/medsave check --read-data", _("everything")},
                    {"medsave check --read-data-subset 3/12",
                     _("the third twelfth; one a month reads all within a year")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    run_check_command(*options, arguments, context);
  });
}

}  // namespace medsave::cli
