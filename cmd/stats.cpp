#include "medsave/query/stats.hpp"

#include "chosen_snapshots.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "open_repository.hpp"
#include "snapshot_options.hpp"
#include "stats_sizes.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/repo/reliable_index.hpp"
#include "medsave/snap/snapshot_finder.hpp"
#include "medsave/ui/display_text.hpp"

#include <memory>

namespace medsave::cli {
namespace {

constexpr std::size_t kResticPadding = 5;  // columns of a size, at least

struct StatsOptions {
  StatsMode mode = StatsMode::restore_size;
  bool sizes = false;  // of the repository's files and blobs, instead of a mode
  SnapshotChoice choice = {};
};

void print_json(const SnapshotStats& stats, Context& context) {
  JsonObject out;
  out.add("total_size", stats.size).add_nonzero("total_uncompressed_size", stats.uncompressed_size);
  const auto add_nonzero = [&](const char* key, double value) {
    if (value != 0) out.add(key, value);
  };
  add_nonzero("compression_ratio", stats.compression_ratio());
  add_nonzero("compression_progress", stats.compression_progress());
  add_nonzero("compression_space_saving", stats.compression_space_saving());
  out.add_nonzero("total_file_count", stats.files)
      .add_nonzero("total_blob_count", stats.blobs)
      .add("snapshots_count", stats.snapshots);
  context.console.print(out.text());
}

void print_text(const SnapshotStats& stats, StatsMode mode, Context& context) {
  Console& out = context.console;
  const bool own_form = context.identity == Identity::medsave;
  const auto size_text = [own_form](std::uint64_t size) {
    return pad_to_width(format_size(size), own_form ? 0 : kResticPadding);
  };
  const std::uint64_t folders = own_form ? stats.folders : 0;
  const std::string name(stats_mode_name(mode));
  out.tell(format_text(_("Stats in {} mode:"), translate(name.c_str())));
  out.tell(format_text(_("     Snapshots processed:  {}"), stats.snapshots));
  if (stats.blobs > 0) out.tell(format_text(_("        Total Blob Count:  {}"), stats.blobs));
  if (stats.files > 0) {
    out.tell(format_text(_("        Total File Count:  {}"), stats.files - folders));
  }
  if (own_form && stats.snapshots > 1 && mode == StatsMode::restore_size) {
    out.tell(_("  (a file counts once for each snapshot that holds it)"));
  }
  if (folders > 0) out.tell(format_text(_("      Total Folder Count:  {}"), folders));
  if (stats.uncompressed_size > 0) {
    out.tell(format_text(_(" Total Uncompressed Size:  {}"), size_text(stats.uncompressed_size)));
  }
  out.tell(format_text(_("              Total Size:  {}"), size_text(stats.size)));
  if (stats.compression_progress() > 0) {
    out.tell(format_text(_("      Already Compressed:  {}"),
                         format_percent(stats.compression_progress(), 2)));
  }
  if (stats.compression_ratio() > 0) {
    out.tell(format_text(_("    That Part Divided by:  {}"),
                         format_decimal(stats.compression_ratio(), 2)));
  }
  if (stats.compression_space_saving() > 0) {
    out.tell(format_text(_("             Space Saved:  {}"),
                         format_percent(stats.compression_space_saving(), 2)));
  }
}

void run_stats(const StatsOptions& options, const std::vector<std::string>& ids, Context& context) {
  const OpenedRepository& opened = open_repository(context, kForReading);
  const Repository& repository = opened.repository();
  if (options.sizes) {
    print_size_statistics(opened, context);
    return;
  }
  const ReadableSnapshots all = load_to_choose(repository, ids, opened.stop(), context);
  const auto index = load_readable_index(repository, context.notices(), opened.stop());
  const BlobReader reader(repository, *index);
  const std::vector<SnapshotEntry> chosen = choose_snapshots(
      all.snapshots, ids, options.choice.filter(), UnknownName::latest_ignored, context);
  if (chosen.empty() && ids.empty() && all.unreadable == 0) {
    tell_none_chosen(all.snapshots, repository, context);
    if (!context.global.json && context.identity == Identity::medsave) return;
  }
  context.info(_("scanning..."));
  std::vector<Id> roots;
  roots.reserve(chosen.size());
  for (const SnapshotEntry& entry : chosen) roots.push_back(entry.snapshot.tree);
  const SnapshotStats stats = collect_stats(reader, options.mode, roots, opened.stop());
  if (context.global.json) {
    print_json(stats, context);
  } else {
    print_text(stats, options.mode, context);
  }
  if (context.identity == Identity::medsave) require_all_read(all);
}

}  // namespace

void add_stats(Command& root) {
  auto options = std::make_shared<StatsOptions>();
  Command& command = root.add_command("stats", _("Count files, blobs and sizes of snapshots"));
  command.describe(
      _("Adds up what the given snapshots hold, or all that fit the options. The mode says what is "
        "counted:\n\n"
        "restore-size: what all the snapshots would take when restored\n"
        "files-by-contents: files with the same content only once\n"
        "blobs-per-file: of each file, parts that several of its states share only once\n"
        "raw-data: what the snapshots take in the repository, and how well it is compressed\n"
        "debug: how large the repository's files and blobs are, whatever the snapshots"));
  command.arguments(_("[SNAPSHOT]..."));
  Option& mode = command.parsed(
      "mode", _("MODE"),
      [options](const std::string& text) {
        options->sizes = text == "debug";
        options->mode = parse_stats_mode(text).value_or(StatsMode::restore_size);
      },
      _("what to count: restore-size (default), files-by-contents, blobs-per-file, raw-data or "
        "debug"));
  mode.kind = ValueKind::choice;
  mode.choices = {"restore-size", "files-by-contents", "blobs-per-file", "raw-data", "debug"};
  add_snapshot_options(command, options->choice);
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples(
      {{"medsave -r /media/usb/medsave stats latest", _("what restoring the newest would take")},
       {"medsave stats --mode raw-data", _("what all snapshots take on the drive")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    run_stats(*options, arguments, context);
  });
}

}  // namespace medsave::cli
