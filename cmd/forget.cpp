#include "chosen_snapshots.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "forget_policy.hpp"
#include "open_repository.hpp"
#include "prune_options.hpp"
#include "snapshot_list.hpp"
#include "snapshot_options.hpp"

#include "medsave/base/clock.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/time_text.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/repo/list_again.hpp"
#include "medsave/snap/retention.hpp"
#include "medsave/snap/wrong_clock.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

namespace medsave::cli {
namespace {

struct ForgetOptions {
  PolicyChoice policy = {};
  SnapshotChoice snapshots = {};
  PruneChoice prune_choice = {};
  GroupBy group_by = {};
  bool remove_all = false;
  bool compact = false;
  bool dry_run = false;
  bool prune = false;
};

/// One group and what the policy makes of it.
struct JudgedGroup {
  SnapshotGroup group = {};  // its snapshots have moved to `result`
  RetentionResult result = {};
};

std::vector<JudgedGroup> judge(std::vector<SnapshotEntry> snapshots, const GroupBy& group_by,
                               const RetentionPolicy& policy, const Timestamp& now,
                               const std::set<Id>& made_with_clock_behind) {
  std::vector<JudgedGroup> judged;
  for (SnapshotGroup& group : group_snapshots(std::move(snapshots), group_by)) {
    RetentionResult result =
        apply_retention(std::exchange(group.snapshots, {}), policy, now, made_with_clock_behind);
    if (result.keep.empty() && !policy.empty()) {
      throw Error(Errc::usage,
                  format_text(_("the policy would keep no snapshot of {1} of the host {0}; nothing "
                                "was deleted. To remove them, name their IDs."),
                              group.hostname, enumerate(group.paths), join(group.paths, " ")));
    }
    judged.push_back({std::move(group), std::move(result)});
  }
  return judged;
}

void print_group(const JudgedGroup& judged, const ForgetOptions& options, bool several,
                 Context& context) {
  const std::string heading =
      several ? group_heading(judged.group, options.group_by, context.identity) : "";
  if (!heading.empty()) {
    context.info(context.console.bold(heading));
  }
  const RetentionResult& result = judged.result;
  if (!result.keep.empty()) {
    std::vector<SnapshotEntry> snapshots;
    std::vector<std::vector<std::string>> reasons;
    for (auto kept = result.keep.rbegin(); kept != result.keep.rend(); ++kept) {
      snapshots.push_back(kept->entry);
      reasons.push_back(kept->matches);
    }
    const unsigned long count = snapshots.size();
    context.info(format_text(n_("keep {} snapshot:", "keep {} snapshots:", count), count));
    print_snapshots(snapshots, reasons, options.compact, context);
    context.info("");
  }
  if (!result.remove.empty()) {
    const std::vector<SnapshotEntry> snapshots(result.remove.rbegin(), result.remove.rend());
    const unsigned long count = snapshots.size();
    context.info(format_text(n_("remove {} snapshot:", "remove {} snapshots:", count), count));
    print_snapshots(snapshots, {}, options.compact, context);
    context.info("");
  }
}

std::string group_json(const JudgedGroup& judged) {
  std::vector<SnapshotEntry> keep;
  std::string reasons;
  for (const KeptSnapshot& kept : judged.result.keep) {
    keep.push_back(kept.entry);
    reasons += reasons.empty() ? "[" : ",";
    reasons += JsonObject()
                   .add_json("snapshot", snapshot_json(kept.entry))
                   .add("matches", kept.matches)
                   .text();
  }
  const auto or_null = [](const std::vector<SnapshotEntry>& snapshots) {
    return snapshots.empty() ? "null" : snapshots_json(snapshots);
  };
  return JsonObject()
      .add_json("tags", array_or_null(judged.group.tags))
      .add("host", judged.group.hostname)
      .add_json("paths", array_or_null(judged.group.paths))
      .add_json("keep", or_null(keep))
      .add_json("remove", or_null(judged.result.remove))
      .add_json("reasons", reasons.empty() ? "null" : reasons + "]")
      .text();
}

void print_json(const std::vector<JudgedGroup>& groups, Context& context) {
  std::string out = "[";
  for (const JudgedGroup& group : groups) {
    if (out.size() > 1) out += ',';
    out += group_json(group);
  }
  context.console.print(out + "]");
}

std::vector<Id> ids_of(const std::vector<SnapshotEntry>& snapshots) {
  std::vector<Id> ids;
  ids.reserve(snapshots.size());
  for (const SnapshotEntry& entry : snapshots) ids.push_back(entry.id);
  return ids;
}

/// Warns of snapshots whose time is in the future: with a wrong clock, today or then, "the last" is
/// not what was saved last.
void warn_of_future(const std::vector<SnapshotEntry>& all, const Timestamp& now, Context& context) {
  const auto in_future = [&](const SnapshotEntry& entry) {
    return is_in_future(entry.snapshot.time.instant, now);
  };
  const auto first = std::ranges::find_if(all, in_future);
  if (first == all.end()) return;
  const unsigned long count = static_cast<unsigned long>(std::ranges::count_if(all, in_future));
  context.warn(format_text(
      n_("{} snapshot is of a time in the future ({} of {}): a clock was wrong when it was made, "
         "or is now. The newest of before is kept whatever the policy.",
         "{} snapshots are of a time in the future (first: {} of {}): a clock was wrong when they "
         "were made, or is now. The newest of before is kept whatever the policy.",
         count),
      count, first->id.short_hex(), tell_time(first->snapshot.time.instant)));
}

std::vector<Id> snapshots_to_forget(std::vector<SnapshotEntry> all, bool all_readable,
                                    const Repository& repository, const ForgetOptions& options,
                                    const SnapshotFilter& filter, Context& context) {
  const RetentionPolicy policy = options.policy.policy();
  const std::set<Id> behind = made_with_clock_behind(all);
  const auto fits = [&](const SnapshotEntry& entry) { return filter.matches(entry.snapshot); };
  if (all_readable && std::ranges::none_of(all, fits)) tell_none_chosen(all, repository, context);
  std::erase_if(all, std::not_fn(fits));
  const Timestamp now = system_clock().now();
  warn_of_future(all, now, context);
  warn_of_unused_tags(policy, all, context);
  context.info(format_text(_("Applying Policy: {}"), describe_policy(policy)));
  const std::vector<JudgedGroup> groups =
      judge(std::move(all), options.group_by, policy, now, behind);
  std::vector<SnapshotEntry> to_delete;
  for (const JudgedGroup& judged : groups) {
    const std::vector<SnapshotEntry>& remove = judged.result.remove;
    to_delete.insert(to_delete.end(), remove.begin(), remove.end());
    if (context.verbosity() >= 1 && !context.global.json) {
      // restic says it of one group too, with --verbose.
      const bool of_one = context.identity == Identity::restic && context.verbosity() >= 2;
      print_group(judged, options, groups.size() > 1 || of_one, context);
    }
  }
  if (context.global.json) print_json(groups, context);
  return ids_of(to_delete);
}

/// How many could not be deleted.
unsigned long delete_snapshots(const OpenedRepository& opened, const std::vector<Id>& ids,
                               Context& context) {
  const Repository& repository = opened.repository();
  unsigned long failed = 0;
  std::vector<Id> removed;
  std::string told;  // the last reason
  for (const Id& id : ids) {
    check_stop(opened.stop());
    const FileRef file{.kind = FileKind::snapshot, .id = id};
    try {
      repository.backend().remove(file);
      removed.push_back(id);
    } catch (const Error& e) {
      if (is_fatal(e)) throw;
      ++failed;
      const bool again = std::exchange(told, e.what()) == e.what();
      context.warn(format_text(_("unable to remove {} from the repository: {}"), describe(file),
                               again ? _("for the same reason") : e.what()));
    }
  }
  // Before anything else goes: a power cut must not bring back a snapshot without its data.
  repository.backend().barrier();
  for (const Id& id : find_undeleted(repository, FileKind::snapshot, removed, opened.stop())) {
    ++failed;
    std::erase(removed, id);
    context.warn(format_text(_("unable to remove {} from the repository: the storage said that it "
                               "deleted it, but it is still there"),
                             describe({.kind = FileKind::snapshot, .id = id})));
  }
  // -vv prints whole ids as restic does, for which its users search their logs.
  const bool whole = context.verbosity() > 2;
  for (const Id& id : removed) {
    const FileRef file{.kind = FileKind::snapshot, .id = id};
    context.detail(format_text(_("removed {}"), whole ? "snapshot/" + id.hex() : describe(file)));
  }
  const unsigned long count = removed.size();
  if (count != 0) {
    const std::string outcome = format_text(
        n_("{} snapshot has been removed", "{} snapshots have been removed", count), count);
    context.done(outcome);
    context.info(outcome);
  }
  return failed;
}

/// The summary for programs where snapshots were named; a policy's is the list of its groups. As
/// restic, nothing.
void report_named(std::size_t removed, bool dry_run, Context& context) {
  if (context.identity == Identity::restic) return;
  JsonObject summary("summary");
  summary.add("removed_snapshots", removed);
  if (dry_run) summary.add("dry_run", true);
  context.report(summary);
}

void announce_dry_run(const std::vector<Id>& ids, Context& context) {
  std::vector<std::string> names;
  names.reserve(ids.size());
  for (const Id& id : ids) names.push_back(id.short_hex());
  std::ranges::sort(names);
  if (context.identity == Identity::medsave) {
    const unsigned long count = names.size();
    context.info(format_text(n_("{} snapshot would be removed ({}); nothing was changed",
                                "{} snapshots would be removed ({}); nothing was changed", count),
                             count, join(names, ", ")));
    return;
  }
  context.info(_("Would have removed the following snapshots:"));
  context.info("{" + join(names, " ") + "}");
  context.info("");
}

void refuse_contradictions(const ForgetOptions& options, bool ids_given,
                           const SnapshotFilter& filter, const Context& context) {
  if (context.global.no_lock && !options.dry_run) {
    throw Error(Errc::usage,
                _("--no-lock is only applicable in combination with --dry-run for forget command"));
  }
  if (ids_given && !options.policy.policy().empty() && context.identity == Identity::medsave) {
    throw Error(Errc::usage,
                _("snapshots were named together with a policy, and a policy does not apply to "
                  "those that are named; nothing was removed. Give one or the other."));
  }
  if (ids_given || !options.policy.policy().empty()) return;
  if (!options.remove_all) {
    throw Error(Errc::usage, _("no policy was specified, no snapshots will be removed"));
  }
  if (filter.empty()) {
    throw Error(Errc::usage, _("--unsafe-allow-remove-all is not allowed unless a snapshot filter "
                               "option is specified"));
  }
}

/// A snapshot file that was read and is not what it should be, or could not be read at all.
struct Unreadable {
  Id id = {};
  Error error;
};

/// What the arguments of the command mean.
struct NamedSnapshots {
  std::vector<std::string> readable = {};  // to be chosen as everywhere
  std::vector<Id> damaged = {};
};

void require_damaged(const Repository& repository, const Unreadable& file) {
  const std::string name = describe({.kind = FileKind::snapshot, .id = file.id});
  if (file.error.code() != Errc::corrupt) {
    throw Error(file.error.code(),
                format_text(_("{} could not be read, which does not mean that it is damaged, so "
                              "nothing was removed; look at the medium or the server, then try "
                              "again: {}"),
                            name, file.error.what()));
  }
  if (why_damaged(repository, file.id)) return;
  throw Error(Errc::io, format_text(_("{} could not be read at first, but can be now: the medium, "
                                      "the server or this computer's memory is failing; nothing "
                                      "was removed"),
                                    name));
}

/// Tells those names apart that mean a damaged file and nothing else.
NamedSnapshots sort_names(const std::vector<std::string>& names, const Repository& repository,
                          const std::vector<SnapshotEntry>& readable,
                          const std::vector<Unreadable>& unreadable) {
  NamedSnapshots named;
  for (const std::string& name : names) {
    const auto fits = [&](const auto& file) { return file.id.hex().starts_with(name); };
    const auto file = std::ranges::find_if(unreadable, fits);
    if (name.empty() || file == unreadable.end()) {
      named.readable.push_back(name);
      continue;
    }
    if (std::ranges::count_if(unreadable, fits) + std::ranges::count_if(readable, fits) > 1) {
      throw Error(Errc::usage, format_text(_("snapshot id {} is ambiguous, it also fits {}, which "
                                             "cannot be read; nothing was removed"),
                                           name, file->id.hex()));
    }
    require_damaged(repository, *file);
    if (std::ranges::find(named.damaged, file->id) == named.damaged.end()) {
      named.damaged.push_back(file->id);
    }
  }
  return named;
}

/// With a policy there are tables of them.
void tell_named(const std::vector<SnapshotEntry>& all, const std::vector<Id>& named,
                Context& context) {
  constexpr std::size_t kMost = 10;
  for (std::size_t i = 0; i < std::min(named.size(), kMost); ++i) {
    context.info(describe_snapshot(*std::ranges::find(all, named[i], &SnapshotEntry::id)));
  }
  if (named.size() <= kMost) return;
  const unsigned long more = named.size() - kMost;
  context.info(format_text(n_("and {} more", "and {} more", more), more));
}

/// Ids of the snapshots that the arguments name. A damaged snapshot file is removed only when it is
/// named.
std::vector<Id> named_snapshots(const std::vector<std::string>& arguments,
                                const Repository& repository, const std::vector<SnapshotEntry>& all,
                                const std::vector<Unreadable>& unreadable,
                                const ForgetOptions& options, Context& context) {
  const NamedSnapshots named = sort_names(arguments, repository, all, unreadable);
  std::vector<Id> to_delete;
  if (!named.readable.empty()) {
    to_delete = ids_of(choose_snapshots(all, named.readable, options.snapshots.filter(),
                                        UnknownName::latest_ignored, context));
    if (!context.global.json && context.identity == Identity::medsave) {
      tell_named(all, to_delete, context);
    }
  }
  for (const Id& id : named.damaged) {
    context.warn(format_text(
        options.dry_run
            ? _("snapshot {} is damaged, so what it holds cannot be shown; it would be removed, "
                "because it was named")
            : _("snapshot {} is damaged, so what it holds cannot be shown; it is removed, because "
                "it was named. Before anything is pruned, \"medsave recover\" makes a new snapshot "
                "of what only this one held."),
        id.hex()));
    to_delete.push_back(id);
  }
  return to_delete;
}

/// All that can be read; the others are told.
std::vector<SnapshotEntry> load_for_choice(const OpenedRepository& opened,
                                           std::vector<Unreadable>& unreadable, Context& context) {
  return load_readable_snapshots(opened.repository(), opened.stop(),
                                 [&](const Id& id, const Error& error) {
                                   context.warn(error.what());
                                   unreadable.push_back({.id = id, .error = error});
                                 });
}

/// How many snapshots the policy could not judge because they cannot be read now. Damaged ones do
/// not count, since the policy never removes them.
unsigned long count_unread(const std::vector<Unreadable>& unreadable) {
  return static_cast<unsigned long>(std::ranges::count_if(
      unreadable,
      [](const Unreadable& snapshot) { return snapshot.error.code() != Errc::corrupt; }));
}

/// Throws CommandFailed (exit code 3) when snapshots could not be removed or not be read.
void require_all_done(unsigned long failed, unsigned long unread) {
  if (failed != 0) {
    throw CommandFailed(kExitIncomplete, _("failed to remove one or more snapshots"));
  }
  if (unread == 0) return;
  throw CommandFailed(
      kExitIncomplete,
      format_text(n_("Warning: {} snapshot could not be read just now, so the policy was not "
                     "applied to it and it was kept; look at the medium or the server, then run "
                     "forget again",
                     "Warning: {} snapshots could not be read just now, so the policy was not "
                     "applied to them and they were kept; look at the medium or the server, then "
                     "run forget again",
                     unread),
                  unread));
}

void run_forget(const ForgetOptions& options, const std::vector<std::string>& arguments,
                Context& context) {
  const SnapshotFilter filter = options.snapshots.filter();
  refuse_contradictions(options, !arguments.empty(), filter, context);
  tell_host_of_environment(options.snapshots, context);
  const OpenedRepository& opened = open_repository(context, {.lock = LockMode::exclusive,
                                                             .reads_only = options.dry_run,
                                                             .deletes = true,
                                                             .makes_room = true});
  const Repository& repository = opened.repository();
  if (options.prune) check_prune_choice(options.prune_choice, repository, context);
  const bool latest = std::ranges::find(arguments, kLatestSnapshot) != arguments.end();
  std::vector<Unreadable> unreadable;
  std::vector<SnapshotEntry> all =
      latest ? load_candidates(repository, kLatestSnapshot, opened.stop(), context)
             : load_for_choice(opened, unreadable, context);
  const unsigned long unread = arguments.empty() ? count_unread(unreadable) : 0;
  KnownSnapshots known{.there = ids_of(all)};
  const std::vector<Id> to_delete =
      arguments.empty() ? snapshots_to_forget(std::move(all), unreadable.empty(), repository,
                                              options, filter, context)
                        : named_snapshots(arguments, repository, all, unreadable, options, context);
  if (to_delete.empty()) {
    if (options.prune) {
      context.info(
          _("no snapshots to remove, so nothing was pruned; \"medsave prune\" frees what "
            "interrupted runs left"));
    } else if (context.identity == Identity::medsave) {
      context.info(_("no snapshots to remove"));
    }
    if (!arguments.empty()) report_named(0, options.dry_run, context);
    require_all_done(0, unread);
    return;
  }
  unsigned long failed = 0;
  if (options.dry_run) {
    announce_dry_run(to_delete, context);
  } else {
    failed = delete_snapshots(opened, to_delete, context);
    if (!options.prune && failed != to_delete.size() && context.identity == Identity::medsave) {
      context.info(
          _("The data stays until \"medsave prune\" frees the space; before that, \"medsave "
            "recover\" can bring it back"));
    }
  }
  if (!arguments.empty()) report_named(to_delete.size() - failed, options.dry_run, context);
  if (options.prune) {
    PruneChoice choice = options.prune_choice;
    // The repository may have no snapshot left: this command has just removed them, as was asked.
    choice.may_remove_everything = true;
    std::erase_if(known.there, [&](const Id& id) {
      return std::ranges::find(to_delete, id) != to_delete.end();
    });
    if (options.dry_run) known.ignored = to_delete;
    prune_repository(opened, choice, options.dry_run, std::move(known), context);
  }
  require_all_done(failed, unread);
}

}  // namespace

void add_forget(Command& root) {
  auto options = std::make_shared<ForgetOptions>();
  Command& command = root.add_command("forget", _("Remove snapshots by a policy"));
  command.describe(
      _("Divides the snapshots into groups of the same host and paths, and applies the policy to "
        "each: a snapshot is kept if any of the --keep options keeps it, and the list says which. "
        "Or removes the snapshots that are named; a damaged one goes only in this way.\n\n"
        "An option like --keep-daily 7 keeps the newest snapshot of each of the last 7 days that "
        "have one. As long as there are fewer, the oldest snapshot of the group is kept as well. "
        "A policy that would keep nothing of a group is refused.\n\n"
        "The data stays in the repository until \"prune\" or --prune removes what no other "
        "snapshot needs."));
  command.arguments(_("[SNAPSHOT]..."));
  add_policy_options(command, options->policy);
  command.group("");
  command.flag("prune", options->prune, _("afterwards remove the data that nobody needs any more"));
  command.flag("dry-run,n", options->dry_run, _("change nothing, only say what would be done"));
  command.flag("compact,c", options->compact, _("one line for each snapshot and tag, no paths"));
  command.parsed(
      "group-by,g", _("GROUP"),
      [options](const std::string& text) { options->group_by = parse_group_by(text); },
      _("apply the policy to each host, paths and/or tags, separated by commas; \"\" makes one "
        "group (default: host,paths)"));
  command.flag("unsafe-allow-remove-all", options->remove_all,
               _("without a policy, remove all snapshots that --host, --tag and --path choose"));
  add_snapshot_options(command, options->snapshots, false);
  add_prune_options(command, options->prune_choice);
  command.exit_codes({kExitIncomplete, kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples({{"medsave -r /media/usb/medsave forget --policy cabinet --prune",
                     _("thin out as a practice should, and free the space")},
                    {"medsave forget --keep-daily 14 --keep-monthly 24 --dry-run",
                     _("what would another policy keep?")},
                    {"medsave forget 1f2e3d4c", _("remove one snapshot")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    run_forget(*options, arguments, context);
  });
}

}  // namespace medsave::cli
