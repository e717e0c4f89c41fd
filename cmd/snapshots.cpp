#include "chosen_snapshots.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "open_repository.hpp"
#include "snapshot_list.hpp"
#include "snapshot_options.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

namespace medsave::cli {
namespace {

struct SnapshotsOptions {
  SnapshotChoice choice = {};
  bool compact = false;
  std::optional<GroupBy> group_by = {};
  std::uint64_t latest = 0;  // 0: all
};

/// The newest `count` of each group, in their order.
std::vector<SnapshotEntry> newest(std::vector<SnapshotEntry> snapshots, std::uint64_t count,
                                  const GroupBy& by) {
  std::vector<SnapshotEntry> out;
  for (SnapshotGroup& group : group_snapshots(std::move(snapshots), by)) {
    auto& members = group.snapshots;
    const std::size_t skip = members.size() - std::min<std::uint64_t>(members.size(), count);
    std::move(members.begin() + static_cast<std::ptrdiff_t>(skip), members.end(),
              std::back_inserter(out));
  }
  std::ranges::stable_sort(out, {}, [](const SnapshotEntry& e) { return e.snapshot.time.instant; });
  return out;
}

std::string groups_json(const std::vector<SnapshotGroup>& groups) {
  std::string out = "[";
  for (const SnapshotGroup& group : groups) {
    if (out.size() > 1) out += ',';
    JsonObject key;
    key.add("hostname", group.hostname)
        .add_json("paths", array_or_null(group.paths))
        .add_json("tags", array_or_null(group.tags));
    out += JsonObject()
               .add_json("group_key", key.text())
               .add_json("snapshots", snapshots_json(group.snapshots))
               .text();
  }
  return out + "]";
}

void run_snapshots(const SnapshotsOptions& options, const std::vector<std::string>& ids,
                   Context& context) {
  const OpenedRepository& opened = open_repository(context, kForReading);
  const Repository& repository = opened.repository();
  const ReadableSnapshots all = load_to_choose(repository, ids, opened.stop(), context);
  std::vector<SnapshotEntry> chosen = choose_snapshots(all.snapshots, ids, options.choice.filter(),
                                                       UnknownName::latest_ignored, context);
  if (chosen.empty() && ids.empty() && all.unreadable == 0) {
    tell_none_chosen(all.snapshots, repository, context);
    if (!context.global.json && context.identity == Identity::medsave) return;
  }
  if (all.snapshots.empty() && context.identity == Identity::medsave) require_all_read(all);
  if (options.latest != 0) {
    chosen = newest(std::move(chosen), options.latest, options.group_by.value_or(GroupBy{}));
  }
  if (!options.group_by) {
    if (context.global.json) {
      context.console.print(snapshots_json(chosen));
    } else if (!chosen.empty()) {
      print_snapshots(chosen, {}, options.compact, context);
    }
    return;
  }
  const auto groups = group_snapshots(std::move(chosen), *options.group_by);
  if (context.global.json) {
    context.console.print(groups_json(groups));
    return;
  }
  for (const SnapshotGroup& group : groups) {
    const std::string heading = group_heading(group, *options.group_by, context.identity);
    if (!heading.empty()) {
      context.console.tell(context.console.bold(heading));
    }
    print_snapshots(group.snapshots, {}, options.compact, context);
  }
}

}  // namespace

void add_snapshots(Command& root) {
  auto options = std::make_shared<SnapshotsOptions>();
  Command& command = root.add_command("snapshots", _("List the snapshots of the repository"));
  command.describe(
      _("Lists all snapshots, oldest first, or those that are named. The size is that of the files "
        "in the snapshot, not what it takes in the repository."));
  command.arguments(_("[SNAPSHOT]..."));
  command.flag("compact,c", options->compact, _("one line for each snapshot and tag, no paths"));
  command.parsed(
      "group-by,g", _("GROUP"),
      [options](const std::string& text) { options->group_by = parse_group_by(text); },
      _("one list for each host, paths and/or tags, separated by commas"));
  command.number("latest", _("N"), options->latest,
                 _("only the newest N of each group (default: for each host and paths)"));
  add_snapshot_options(command, options->choice);
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples({{"medsave -r /media/usb/medsave snapshots --latest 1",
                     _("when was each folder backed up last?")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    run_snapshots(*options, arguments, context);
  });
}

}  // namespace medsave::cli
