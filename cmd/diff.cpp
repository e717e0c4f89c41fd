#include "chosen_snapshots.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "open_repository.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/query/tree_diff.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/repo/reliable_index.hpp"
#include "medsave/snap/snapshot_finder.hpp"
#include "medsave/ui/display_text.hpp"

#include <fmt/format.h>

#include <memory>

namespace medsave::cli {
namespace {

struct DiffOptions {
  bool metadata = false;
};

std::string counts_json(const DiffCounts& counts) {
  JsonObject out;
  out.add("files", counts.files)
      .add("dirs", counts.dirs)
      .add("others", counts.others)
      .add("data_blobs", counts.data_blobs)
      .add("tree_blobs", counts.tree_blobs)
      .add("bytes", counts.bytes);
  return out.text();
}

void print_statistics(const DiffStatistics& statistics, const std::vector<std::string>& arguments,
                      Context& context) {
  const DiffCounts& added = statistics.added;
  const DiffCounts& removed = statistics.removed;
  if (context.global.json) {
    JsonObject out("statistics");
    out.add("source_snapshot", arguments[0])
        .add("target_snapshot", arguments[1])
        .add("changed_files", statistics.changed_files)
        .add_json("added", counts_json(added))
        .add_json("removed", counts_json(removed));
    context.console.print(out.text());
    return;
  }
  Console& out = context.console;
  out.tell("");
  out.tell(format_text(_("Files:       {:5} new, {:5} removed, {:5} changed"), added.files,
                       removed.files, statistics.changed_files));
  out.tell(format_text(_("Dirs:        {:5} new, {:5} removed"), added.dirs, removed.dirs));
  out.tell(format_text(_("Others:      {:5} new, {:5} removed"), added.others, removed.others));
  out.tell(
      format_text(_("Data Blobs:  {:5} new, {:5} removed"), added.data_blobs, removed.data_blobs));
  out.tell(
      format_text(_("Tree Blobs:  {:5} new, {:5} removed"), added.tree_blobs, removed.tree_blobs));
  out.tell(format_text(_("  Added:   {:<5}"), format_size(added.bytes)));
  out.tell(format_text(_("  Removed: {:<5}"), format_size(removed.bytes)));
}

/// With two of them, an error has to say in which.
Id subtree_of(const BlobReader& reader, const SnapshotEntry& entry, const SnapshotSpec& spec,
              Identity identity) {
  try {
    return find_subtree(reader, entry.snapshot.tree, spec.subfolder);
  } catch (const Error& e) {
    if (identity == Identity::restic) throw;
    throw e.with_context(format_text(_("snapshot {}"), entry.id.short_hex()));
  }
}

void run_diff(const DiffOptions& options, const std::vector<std::string>& arguments,
              Context& context) {
  const SnapshotSpec from = parse_snapshot_spec(arguments[0]);
  const SnapshotSpec to = parse_snapshot_spec(arguments[1]);
  const OpenedRepository& opened = open_repository(context, kForReading);
  const Repository& repository = opened.repository();
  const bool latest_wanted = from.id == kLatestSnapshot || to.id == kLatestSnapshot;
  const auto snapshots = load_candidates(repository, latest_wanted ? kLatestSnapshot : from.id,
                                         opened.stop(), context);
  const SnapshotEntry& before = find_snapshot(snapshots, from.id, {}, context.notices());
  const SnapshotEntry& after = find_snapshot(snapshots, to.id, {}, context.notices());
  const auto index = load_readable_index(repository, context.notices(), opened.stop());
  const BlobReader reader(repository, *index);
  context.info_lines(format_text(_("comparing snapshot {} to {}:\n"), before.id.short_hex(),
                                 after.id.short_hex()));

  std::uint64_t problems = 0;
  bool same = true;
  const DiffRequest request{.before = subtree_of(reader, before, from, context.identity),
                            .after = subtree_of(reader, after, to, context.identity),
                            .metadata = options.metadata};
  const DiffStatistics statistics = diff_trees(
      reader, request,
      [&](const std::string& path, const std::string& modifier) {
        same = false;
        if (context.global.json && !context.global.quiet) {
          context.console.print(
              JsonObject("change").add("path", path).add("modifier", modifier).text());
        } else if (!context.global.quiet) {
          context.console.print(fmt::format("{:<5}{}", modifier, escape_for_terminal(path)));
        }
      },
      [&](const std::string& message) {
        ++problems;
        context.warn(escape_for_terminal(format_text(_("error: {}"), message)));
      },
      opened.stop());
  same = same && problems == 0 && !context.global.json;
  if (same && context.identity == Identity::medsave) {
    context.info(options.metadata ? _("there is no difference")
                                  : _("there is no difference in names and contents (--metadata "
                                      "compares times, owners and modes too)"));
  } else {
    print_statistics(statistics, arguments, context);
  }
  if (problems != 0) {
    throw CommandFailed(kExitFailed, fatal_text(_("not all of the snapshots can be read")));
  }
}

}  // namespace

void add_diff(Command& root) {
  auto options = std::make_shared<DiffOptions>();
  Command& command = root.add_command("diff", _("Show what differs between two snapshots"));
  command.describe(
      _("Lists what has changed from the first to the second snapshot, one line each:\n\n"
        "+  added\n"
        "-  removed\n"
        "T  of another type, e.g. a file became a symbolic link\n"
        "M  a file with other content\n"
        "?  behind M: although all metadata is the same, which hints at a failing disk\n"
        "U  other metadata, with --metadata\n\n"
        "With a folder behind the snapshot only what is below it is compared; the two folders may "
        "have different names."));
  command.arguments(_("SNAPSHOT[:FOLDER] SNAPSHOT[:FOLDER]"));
  command.flag("metadata", options->metadata,
               _("also list what has other metadata only (times, owner, mode ...)"));
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples(
      {{"medsave -r /media/usb/medsave diff 1f2e3d4c latest", _("what has changed since then")},
       {_("medsave diff 1f2e3d4c:/srv/practice latest:/srv/practice"), _("in one folder")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    if (arguments.size() != 2) throw Error(Errc::usage, _("specify two snapshot IDs"));
    run_diff(*options, arguments, context);
  });
}

}  // namespace medsave::cli
