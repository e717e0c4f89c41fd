#include "chosen_snapshots.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "ids.hpp"
#include "maintenance.hpp"
#include "open_repository.hpp"
#include "snapshot_options.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/maintain/index_repair.hpp"
#include "medsave/maintain/pack_repair.hpp"
#include "medsave/maintain/snapshot_repair.hpp"
#include "medsave/maintain/snapshot_rewriter.hpp"
#include "medsave/repo/adopt.hpp"
#include "medsave/repo/blob_writer.hpp"
#include "medsave/repo/reliable_index.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"

#include <memory>

namespace medsave::cli {
namespace {

struct RepairSnapshotsOptions {
  bool forget = false;
  bool dry_run = false;
  SnapshotChoice choice = {};
};

struct RepairPacksOptions {
  bool dry_run = false;
};

ProgressStyle style(const Context& context) {
  return context.global.json ? ProgressStyle::none : context.progress_style();
}

[[noreturn]] void throw_unread_packs(unsigned long count) {
  throw CommandFailed(
      kExitFailed,
      fatal_text(format_text(n_("{} pack could not be read, so the index keeps what it says of it. "
                                "Look at the medium or the server and run \"medsave repair index\" "
                                "again; do not prune before it succeeds.",
                                "{} packs could not be read, so the index keeps what it says of "
                                "them. Look at the medium or the server and run \"medsave repair "
                                "index\" again; do not prune before it succeeds.",
                                count),
                             count)));
}

void run_repair_index(const IndexRepairRequest& request, const std::vector<std::string>& arguments,
                      Context& context) {
  if (!arguments.empty()) throw Error(Errc::usage, _("repair index takes no arguments"));
  const OpenedRepository& opened = open_repository(context, {.lock = LockMode::exclusive,
                                                             .reads_only = request.dry_run,
                                                             .deletes = true,
                                                             .cache = CacheUse::none});
  Progress progress;
  IndexRepairReport report;
  {
    const ProgressDisplay display(context.console, progress, ProgressKind::check, style(context),
                                  context.progress_interval());
    report = repair_index(opened.repository(), request,
                          {.stage = [&](const std::string& text) { context.begin_step(text); },
                           .change = [&](const std::string& text) { context.info(text); },
                           .warning = context.notices()},
                          progress, opened.stop());
  }
  if (report.lost_blobs != 0) {
    const unsigned long lost = report.lost_blobs;
    context.warn(
        format_text(n_("{} blob is lost. \"medsave check\" shows which snapshots and paths need "
                       "it; a new backup stores again what the source still has.",
                       "{} blobs are lost. \"medsave check\" shows which snapshots and paths need "
                       "them; a new backup stores again what the source still has.",
                       lost),
                    lost));
  }
  JsonObject summary("summary");
  summary.add("replaced_index_files", report.replaced_files)
      .add("added_packs", report.added.size())
      .add("missing_packs", report.missing.size())
      .add("damaged_packs", report.damaged.size())
      .add("unread_packs", report.unread.size())
      .add("lost_blobs", report.lost_blobs);
  if (request.dry_run) summary.add("dry_run", true);
  context.report(summary);
  if (!report.changed()) {
    context.info(_("the index is right, nothing was changed"));
  } else if (request.dry_run) {
    const unsigned long files = report.replaced_files;
    context.info(format_text(
        n_("would replace {} index file", "would replace {} index files", files), files));
  } else {
    context.done(_("the index was repaired"));
    context.info(_("done"));
  }
  if (request.dry_run && report.changed()) end_dry_run(context);
  if (!report.unread.empty()) throw_unread_packs(report.unread.size());
}

/// Keeps a copy of a damaged pack in the current folder, in case another tool can read more of it.
void keep_pack(const Id& pack, ByteView content) {
  const std::string path = "pack-" + pack.hex();
  if (const auto present = lstat_at(kCurrentDirectory, path)) {
    const bool same = present->size == content.size() &&
                      as_text(read_file(path, content.size()).view()) == as_text(content);
    if (same) return;
    throw Error(Errc::exists,
                format_text(_("{} exists already and is something else; move it away"), path));
  }
  write_file_durably(path, content, 0600);
}

void run_repair_packs(const RepairPacksOptions& options, const std::vector<std::string>& arguments,
                      Context& context) {
  if (arguments.empty())
    throw Error(Errc::usage, _("no ids specified; \"medsave check --read-data\" names the "
                               "damaged packs"));
  const OpenedRepository& opened = open_repository(context, {.lock = LockMode::exclusive,
                                                             .reads_only = options.dry_run,
                                                             .deletes = true,
                                                             .cache = CacheUse::none});
  const Repository& repository = opened.repository();
  PackRepairRequest request{.dry_run = options.dry_run,
                            .writer = chosen_writer_options(context.global)};
  for (const std::string& id : arguments) {
    request.packs.push_back(find_file(repository.backend(), FileKind::pack, id));
  }
  if (!options.dry_run) context.info(_("saving backup copies of pack files to current folder"));
  Progress progress;
  PackRepairReport report;
  {
    const ProgressDisplay display(context.console, progress, ProgressKind::check, style(context),
                                  context.progress_interval());
    report = repair_packs(repository, request,
                          {.stage = [&](const std::string& text) { context.begin_step(text); },
                           .warning = context.notices(),
                           .keep_copy = keep_pack},
                          progress, opened.stop());
  }
  if (!options.dry_run) context.done(_("the packs were repaired"));
  const unsigned long saved = report.saved_blobs;
  JsonObject summary("summary");
  summary.add("saved_blobs", saved).add("lost_blobs", report.lost_blobs);
  if (options.dry_run) summary.add("dry_run", true);
  context.report(summary);
  context.info(format_text(
      options.dry_run ? n_("would save {} blob, {} lost", "would save {} blobs, {} lost", saved)
                      : n_("saved {} blob, {} lost", "saved {} blobs, {} lost", saved),
      saved, report.lost_blobs));
  if (options.dry_run) end_dry_run(context);
  if (report.lost_blobs == 0) return;
  context.warn(
      _("A new backup stores again what the source still has. Then \"medsave repair snapshots "
        "--forget\" takes what is lost out of the snapshots."));
}

/// Indexes unlisted packs first: after a lost index file, or a killed run of this command, their
/// blobs only look lost.
void pick_up_unindexed_packs(const OpenedRepository& opened, Index& index, bool dry_run) {
  const auto alone = [&] {
    if (opened.lock() != nullptr) opened.lock()->confirm();
    return true;  // the lock is exclusive
  };
  const UnindexedPacks found =
      adopt_unindexed_packs(opened.repository(), index, alone, opened.stop(), dry_run);
  const unsigned long unusable = found.unusable.size();
  if (unusable == 0) return;
  throw Error(
      Errc::corrupt,
      format_text(n_("{} pack is in no index file, cannot be used as it is, and may hold what "
                     "seems lost; no snapshot was changed. Run \"medsave repair index\" first.",
                     "{} packs are in no index file, cannot be used as they are, and may hold what "
                     "seems lost; no snapshot was changed. Run \"medsave repair index\" first.",
                     unusable),
                  unusable));
}

void run_repair_snapshots(const RepairSnapshotsOptions& options,
                          const std::vector<std::string>& ids, Context& context) {
  const OpenedRepository& opened =
      open_repository(context, {.lock = LockMode::exclusive,
                                .reads_only = options.dry_run,
                                .deletes = true,
                                // A tree that only this computer's cache has would make a snapshot
                                // that no other one can restore.
                                .cache = CacheUse::temporary});
  const Repository& repository = opened.repository();
  const ReadableSnapshots all = load_to_choose(repository, ids, opened.stop(), context);
  const std::vector<SnapshotEntry> snapshots =
      choose_snapshots(all.snapshots, ids, options.choice.filter(), UnknownName::refused, context);
  tell_host_of_environment(options.choice, context);
  require_chosen(snapshots, all.snapshots, context);
  const ReliableIndex loaded = load_reliable_index(repository, opened.stop());
  if (!loaded.absent_packs.empty()) {
    const std::string pack = loaded.absent_packs.front().hex();
    const bool there = repository.backend()
                           .size({.kind = FileKind::pack, .id = loaded.absent_packs.front()})
                           .has_value();
    throw Error(Errc::corrupt, there ? format_text(_("pack {} is damaged; first save what is "
                                                     "intact of it: \"medsave repair packs {}\""),
                                                   pack, pack)
                                     : format_text(_("pack {} is missing although the index lists "
                                                     "it; run \"medsave repair index\" first"),
                                                   pack));
  }
  pick_up_unindexed_packs(opened, *loaded.index, options.dry_run);
  SnapshotChangeEvents events =
      snapshot_change_events(context, options.dry_run, options.forget, true);
  bool complete = all.unreadable == 0;
  events.changed = [&complete, tell = std::move(events.changed)](const SnapshotChange& change) {
    complete = complete && change.fate == SnapshotFate::unchanged;
    tell(change);
  };
  const std::size_t count = repair_snapshots(repository, *loaded.index, snapshots,
                                             {.forget = options.forget,
                                              .dry_run = options.dry_run,
                                              .writer = chosen_writer_options(context.global)},
                                             events, opened.stop());
  if (complete && !context.global.json && context.identity == Identity::medsave) {
    const unsigned long looked_at = snapshots.size();
    context.info("");
    context.info(format_text(n_("{} snapshot is complete; nothing was changed",
                                "all {} snapshots are complete; nothing was changed", looked_at),
                             looked_at));
  } else {
    print_changed_snapshots(count, options.dry_run, context);
  }
  require_all_read(all);
}

const Command& add_repair_index(Command& repair) {
  auto request = std::make_shared<IndexRepairRequest>();
  Command& command = repair.add_command("index", _("Make the index fit the pack files"));
  command.describe(
      _("Compares the index with the pack files that exist and replaces the index files that are "
        "wrong or damaged. Packs that are not listed are entered, missing ones taken out. What is "
        "right stays as it is.\n\n"
        "Nothing is deleted but index files that have been replaced."));
  command.flag("read-all-packs", request->read_all_packs,
               _("go by the pack files alone, not by the present index"));
  command.flag("dry-run,n", request->dry_run, _("change nothing, only say what would be done"));
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples({{"medsave -r /media/usb/medsave repair index",
                     _("when \"check\" says that the index does not fit the packs")}});
  command.run([request](Context& context, const std::vector<std::string>& arguments) {
    run_repair_index(*request, arguments, context);
  });
  return command;
}

void add_repair_packs(Command& repair) {
  auto options = std::make_shared<RepairPacksOptions>();
  Command& command = repair.add_command("packs", _("Save what is intact of damaged pack files"));
  command.describe(
      _("Moves the intact contents of damaged pack files to new ones, then removes the damaged "
        "files from the repository. A copy of each stays in the current folder. \"check "
        "--read-data\" names the damaged packs."));
  command.arguments(_("PACK..."));
  command.flag("dry-run,n", options->dry_run, _("change nothing, only say what would be done"));
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples({{"medsave -r /media/usb/medsave repair packs 5a6b7c8d...",
                     _("the ID as \"check --read-data\" shows it")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    run_repair_packs(*options, arguments, context);
  });
}

void add_repair_snapshots(Command& repair) {
  auto options = std::make_shared<RepairSnapshotsOptions>();
  Command& command = repair.add_command("snapshots", _("Make snapshots without what is lost"));
  command.describe(
      _("Makes new snapshots of those that need data which is lost: files keep the parts that are "
        "there, and a folder whose list is lost becomes empty. Each path is named. The new "
        "snapshots get the tag \"repaired\" and the broken ones stay, unless --forget deletes "
        "them.\n\n"
        "Run \"repair index\" first. And make a new backup before: what the source still has "
        "heals the old snapshots too. This command is for what is left after that."));
  command.arguments(_("[SNAPSHOT]..."));
  command.flag("dry-run,n", options->dry_run, _("change nothing, only say what would be done"));
  command.flag("forget", options->forget, _("delete the broken snapshots"));
  add_snapshot_options(command, options->choice);
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples({{"medsave -r /media/usb/medsave repair snapshots --dry-run",
                     _("what is lost, and in which snapshots?")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    run_repair_snapshots(*options, arguments, context);
  });
}

}  // namespace

void add_repair(Command& root) {
  Command& repair = root.add_command("repair", _("Repair a damaged repository"));
  repair.describe(
      _("What to do about damage that \"check\" has found. Copy the repository first if you can; "
        "then, in this order: \"repair index\", \"repair packs\" for each damaged pack, a new "
        "backup, and at last \"repair snapshots\"."));
  root.add_alias("rebuild-index", add_repair_index(repair));
  add_repair_packs(repair);
  add_repair_snapshots(repair);
}

}  // namespace medsave::cli
