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
#include "medsave/format/time_text.hpp"
#include "medsave/maintain/snapshot_rewriter.hpp"

#include <memory>

namespace medsave::cli {
namespace {

struct RewriteOptions {
  PatternOptions exclude = {};
  PatternOptions include = {};
  bool forget = false;
  bool dry_run = false;
  bool summarize = false;
  std::string new_host = {};
  std::optional<Timestamp> new_time = {};
  SnapshotChoice choice = {};
};

void set_time(RewriteOptions& options, const std::string& text) {
  options.new_time = parse_local_time(text);
  if (!options.new_time) {
    throw Error(Errc::usage, _("must be a time like \"2006-01-02 15:04:05\""));
  }
}

RewriteRequest make_request(const RewriteOptions& options, Context& context) {
  const bool any = !options.exclude.empty() || !options.include.empty() || options.summarize ||
                   !options.new_host.empty() || options.new_time;
  if (!any) {
    throw Error(Errc::usage, _("nothing to do: no excludes/includes provided and no new metadata "
                               "provided"));
  }
  if (!options.exclude.empty() && !options.include.empty()) {
    throw Error(Errc::usage, _("exclude and include patterns are mutually exclusive"));
  }
  RewriteRequest request;
  request.exclude = options.exclude.filter("exclude");
  request.include = options.include.filter("include");
  request.summarize = options.summarize;
  request.new_host = options.new_host;
  request.new_time = options.new_time;
  request.forget = options.forget;
  request.dry_run = options.dry_run;
  request.writer = chosen_writer_options(context.global);
  return request;
}

void announce(const RewriteOptions& options, Context& context) {
  if (options.new_time) {
    context.info(format_text(_("setting time to {}"), tell_time(*options.new_time)));
  }
  if (!options.new_host.empty()) {
    context.info(format_text(_("setting host to {}"), options.new_host));
  }
}

void run_rewrite_command(const RewriteOptions& options, const std::vector<std::string>& ids,
                         Context& context) {
  const RewriteRequest request = make_request(options, context);
  if (options.forget) context.info(_("create exclusive lock for repository"));
  const OpenedRepository& opened =
      open_repository(context, {.lock = options.forget ? LockMode::exclusive : LockMode::shared,
                                .reads_only = options.dry_run,
                                .deletes = options.forget});
  const Repository& repository = opened.repository();
  const ReadableSnapshots all = load_to_choose(repository, ids, opened.stop(), context);
  const std::vector<SnapshotEntry> snapshots =
      choose_snapshots(all.snapshots, ids, options.choice.filter(), UnknownName::refused, context);
  tell_host_of_environment(options.choice, context);
  require_chosen(snapshots, all.snapshots, context);
  const std::unique_ptr<Index> index =
      load_index_for_writing(repository, context, opened.stop()).index;
  if (opened.lock() != nullptr) opened.lock()->confirm();
  announce(options, context);
  const SnapshotChangeEvents events =
      snapshot_change_events(context, options.dry_run, options.forget, context.verbosity() > 2);
  const std::size_t count =
      rewrite_snapshots(repository, *index, snapshots, request, events, opened.stop());
  print_changed_snapshots(count, options.dry_run, context);
  if (count != 0 && options.forget && !options.dry_run) {
    context.info(_("The data itself is still stored; \"medsave prune\" removes it"));
  }
  require_all_read(all);
}

void add_change_options(Command& command, RewriteOptions& options) {
  command.group(_("What to change"));
  add_exclude_options(command, options.exclude);
  add_include_options(command, options.include);
  command.option("new-host", _("HOST"), options.new_host, _("another host name"));
  command.parsed(
      "new-time", _("TIME"), [&options](const std::string& text) { set_time(options, text); },
      _("another time of the backup: \"2006-01-02 15:04:05\""));
  command.flag("snapshot-summary,s", options.summarize,
               _("count files and bytes of snapshots that do not tell"));
  command.group(_("How"));
  command.flag("forget", options.forget, _("delete the old snapshots"));
  command.flag("dry-run,n", options.dry_run, _("change nothing, only say what would be done"));
}

}  // namespace

void add_rewrite(Command& root) {
  auto options = std::make_shared<RewriteOptions>();
  Command& command = root.add_command("rewrite", _("Make new snapshots without some files"));
  command.describe(
      _("Makes new snapshots of existing ones, without the files that match --exclude, or with "
        "only those that match --include, or with another host or time. All else stays as it is, "
        "byte for byte. Without names and filters it works on all snapshots.\n\n"
        "The new snapshots get the tag \"rewrite\" and the old ones stay, unless --forget deletes "
        "them.\n\n"
        "To honour a request for erasure (GDPR, article 17), remove the person's files from all "
        "snapshots with \"rewrite --forget --exclude ...\", then their data with \"prune "
        "--max-unused 0\", and do so on every drive and server that holds a repository, copies "
        "included. Exclude them from the next backups too, or delete them at the source."));
  command.arguments(_("[SNAPSHOT]..."));
  add_change_options(command, *options);
  add_snapshot_options(command, options->choice);
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples(
      {{"medsave rewrite --exclude '*.tmp' --dry-run", _("which snapshots have such files?")},
       {_("medsave rewrite --forget --exclude /srv/practice/patients/4711"),
        _("takes this folder out of all snapshots; then: \"medsave prune --max-unused 0\"")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    run_rewrite_command(*options, arguments, context);
  });
}

}  // namespace medsave::cli
