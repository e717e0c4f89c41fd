#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "open_repository.hpp"
#include "prune_options.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <memory>

namespace medsave::cli {
namespace {

struct PruneCommandOptions {
  PruneChoice choice = {};
  bool dry_run = false;
};

void run_prune_command(const PruneCommandOptions& options,
                       const std::vector<std::string>& arguments, Context& context) {
  if (!arguments.empty()) throw Error(Errc::usage, _("prune takes no arguments"));
  if (context.global.no_lock && !options.dry_run) {
    throw Error(Errc::usage,
                _("--no-lock is only applicable in combination with --dry-run for prune command"));
  }
  const OpenedRepository& opened = open_repository(context, {.lock = LockMode::exclusive,
                                                             .reads_only = options.dry_run,
                                                             .deletes = true,
                                                             .makes_room = true});
  check_prune_choice(options.choice, opened.repository(), context);
  prune_repository(opened, options.choice, options.dry_run, {}, context);
}

}  // namespace

void add_prune(Command& root) {
  auto options = std::make_shared<PruneCommandOptions>();
  Command& command = root.add_command("prune", _("Remove data that no snapshot needs"));
  command.describe(
      _("Finds out what the snapshots need and removes the rest: pack files of which nothing is "
        "needed are deleted, and those of which little is needed are repacked, that is, the needed "
        "part is copied to new ones.\n\n"
        "Nothing that a snapshot needs is ever at risk: the command may be interrupted or the "
        "computer switched off at any moment. No backup can run meanwhile. If anything the "
        "snapshots need is missing or unreadable, nothing is removed.\n\n"
        "On a medium that is nearly full, packs are repacked in portions; where even that does not "
        "fit, the command says how much space it needs and changes nothing."));
  command.flag("dry-run,n", options->dry_run, _("change nothing, only say what would be done"));
  add_prune_options(command, options->choice);
  command.flag(
      "unsafe-allow-remove-all", options->choice.may_remove_everything,
      _("remove all data when there are no snapshots; otherwise that is refused, since the "
        "list of snapshots may just not have been readable"));
  command.option("unsafe-recover-no-free-space", _("ID"), options->choice.recover_id,
                 _("for a medium without any free space, when --max-repack-size 0 has failed: "
                   "deletes first and writes the index afterwards; if it is interrupted, the index "
                   "must be repaired. ID is the repository's, as \"cat config\" shows it."));
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples(
      {{"medsave -r /media/usb/medsave prune --dry-run", _("how much would become free?")},
       {"medsave prune --max-repack-size 0", _("free what goes quickly and needs no space")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    run_prune_command(*options, arguments, context);
  });
}

}  // namespace medsave::cli
