#include "chosen_snapshots.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "maintenance.hpp"
#include "open_repository.hpp"
#include "snapshot_options.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/maintain/snapshot_change.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/repo/list_again.hpp"

#include <memory>

namespace medsave::cli {
namespace {

struct TagOptions {
  std::vector<std::string> set = {};
  std::vector<std::string> add = {};
  std::vector<std::string> remove = {};
  bool dry_run = false;
  SnapshotChoice choice = {};
};

std::vector<std::string> all_tags(const std::vector<std::string>& lists) {
  std::vector<std::string> tags;
  for (const std::string& list : lists) {
    for (std::string& tag : parse_tag_list(list)) tags.push_back(std::move(tag));
  }
  return tags;
}

TagChange make_change(const TagOptions& options) {
  if (options.set.empty() && options.add.empty() && options.remove.empty()) {
    throw Error(Errc::usage, _("nothing to do! Give --set, --add or --remove."));
  }
  if (!options.set.empty() && (!options.add.empty() || !options.remove.empty())) {
    throw Error(Errc::usage, _("--set and --add/--remove cannot be given at the same time"));
  }
  TagChange change{.add = all_tags(options.add), .remove = all_tags(options.remove)};
  if (!options.set.empty()) change.set = all_tags(options.set);
  return change;
}

/// Changes one snapshot; false if it has these tags already.
bool tag_snapshot(const Repository& repository, const SnapshotEntry& entry, const TagChange& change,
                  bool dry_run, Context& context) {
  Snapshot successor = entry.snapshot;
  if (!change_tags(successor, change)) return false;
  if (!successor.original) successor.original = entry.id;
  if (dry_run) {
    const std::vector<std::string>& tags = successor.tags;
    const char* text = tags.empty() ? _("would leave snapshot {} without tags")
                                    : n_("would change snapshot {} to the tag {}",
                                         "would change snapshot {} to the tags {}", tags.size());
    context.info(format_text(text, entry.id.short_hex(), enumerate(tags)));
    return true;
  }
  const Id id = replace_snapshot(repository, successor, entry.id);
  if (context.global.json) {
    context.console.print(JsonObject("changed")
                              .add("old_snapshot_id", entry.id.hex())
                              .add("new_snapshot_id", id.hex())
                              .text());
  } else {
    if (context.identity == Identity::medsave) {
      context.info(
          format_text(_("snapshot {} has become {}"), entry.id.short_hex(), id.short_hex()));
    }
    context.detail(
        format_text(_("old snapshot ID: {} -> new snapshot ID: {}"), entry.id.hex(), id.hex()));
  }
  return true;
}

void run_tag_command(const TagOptions& options, const std::vector<std::string>& ids,
                     Context& context) {
  const TagChange change = make_change(options);
  context.info(_("create exclusive lock for repository"));
  tell_host_of_environment(options.choice, context);
  const OpenedRepository& opened = open_repository(
      context, {.lock = LockMode::exclusive, .reads_only = options.dry_run, .deletes = true});
  const Repository& repository = opened.repository();
  unsigned long count = 0;
  std::vector<Id> replaced;
  const ReadableSnapshots loaded = load_to_choose(repository, ids, opened.stop(), context);
  const std::vector<SnapshotEntry> chosen = choose_snapshots(
      loaded.snapshots, ids, options.choice.filter(), UnknownName::refused, context);
  if (chosen.empty() && loaded.unreadable == 0)
    tell_none_chosen(loaded.snapshots, repository, context);
  for (const SnapshotEntry& entry : chosen) {
    check_stop(opened.stop());
    if (!tag_snapshot(repository, entry, change, options.dry_run, context)) continue;
    ++count;
    if (options.dry_run) continue;
    replaced.push_back(entry.id);
    context.done(format_text(n_("modified {} snapshot", "modified {} snapshots", count), count));
  }
  require_deleted(repository, FileKind::snapshot, replaced, opened.stop());
  if (context.global.json) {
    JsonObject summary("summary");
    summary.add("changed_snapshots", count);
    if (options.dry_run) summary.add("dry_run", true);
    context.console.print(summary.text());
  } else if (count == 0) {
    context.info(_("no snapshots were modified"));
  } else if (!options.dry_run) {
    context.info(context.outcome());
  }
  if (options.dry_run) end_dry_run(context);
  require_all_read(loaded);
}

}  // namespace

void add_tag(Command& root) {
  auto options = std::make_shared<TagOptions>();
  Command& command = root.add_command("tag", _("Change the tags of snapshots"));
  command.describe(
      _("Adds tags to snapshots, removes some, or sets all of them: of the snapshots named, of "
        "those that fit the filter, or of all. A changed snapshot gets a new ID.\n\n"
        "Tags are words of your choice. \"forget --keep-tag\" keeps what bears one."));
  command.arguments(_("[SNAPSHOT]..."));
  command.group(_("Tags"));
  command.options("set", _("TAG[,TAG...]"), options->set,
                  _("these tags instead of all others; \"\" removes all"));
  command.options("add", _("TAG[,TAG...]"), options->add, _("add these tags; may be repeated"));
  command.options("remove", _("TAG[,TAG...]"), options->remove,
                  _("remove these tags; may be repeated"));
  command.flag("dry-run,n", options->dry_run, _("change nothing, only say what would be done"));
  add_snapshot_options(command, options->choice);
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples({{_("medsave tag --add year-end latest"), _("marks the newest snapshot")},
                    {_("medsave tag --tag trial --remove trial"), _("that tag on no snapshot")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    run_tag_command(*options, arguments, context);
  });
}

}  // namespace medsave::cli
