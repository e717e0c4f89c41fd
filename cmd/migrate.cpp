#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "kept_config.hpp"
#include "maintenance.hpp"
#include "open_repository.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/error_in_lines.hpp"
#include "medsave/base/text.hpp"
#include "medsave/check/checker.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/maintain/migration.hpp"
#include "medsave/ui/display_text.hpp"

#include <algorithm>
#include <memory>

namespace medsave::cli {
namespace {

constexpr std::string_view kUpgrade = "upgrade_repo_v2";

struct MigrateOptions {
  bool force = false;
  bool dry_run = false;
};

void list_migrations(const Repository& repository, Context& context) {
  const std::vector<Migration> migrations = possible_migrations(repository);
  if (context.global.json) {
    for (const Migration& migration : migrations) {
      context.console.print(JsonObject("migration")
                                .add("name", migration.name)
                                .add("text", migration.description)
                                .text());
    }
    context.report(JsonObject("summary").add("migrations", migrations.size()));
    return;
  }
  if (!migrations.empty() || context.identity == Identity::restic) {
    context.console.tell(_("available migrations:"));
  }
  for (const Migration& migration : migrations) {
    context.console.print("  " + migration.name + "\t" + migration.description);
  }
  if (migrations.empty()) context.console.tell(_("no migrations found"));
}

void require_sound(const OpenedRepository& opened, Context& context) {
  context.info(_("checking repository integrity..."));
  Progress progress;
  const CheckReport report = run_check(
      opened.repository(), {},
      [&](const Finding& finding) {
        if (!finding.is_hint) context.warn(finding.message);
      },
      [&](const std::string& stage) { context.begin_step(stage); }, progress, opened.stop());
  if (report.errors != 0) {
    throw CommandFailed(
        kExitFailed,
        fatal_text(_("the repository contains errors, so nothing was changed; repair it "
                     "first (\"medsave check\" shows all damage)")));
  }
}

void upgrade(const Repository& repository, Context& context) {
  const std::string copy = kept_config_path(context, repository);
  bool kept = false;
  try {
    upgrade_to_version_2(repository, [&](ByteView old_config) {
      keep_config(context, repository, old_config);
      kept = true;
      if (context.identity == Identity::restic) return;
      context.info(format_text(
          _("until that is done, a copy of the repository's old file \"config\" is kept in {}"),
          copy));
    });
  } catch (const Error& e) {
    if (!kept) throw;
    throw ErrorInLines(e.code(),
                       format_text(_("{}\nIf the repository has no file \"config\" now, put the "
                                     "old one back: it is kept in {}"),
                                   escape_for_terminal(e.what()), escape_for_terminal(copy)));
  }
  drop_kept_config(context, repository);  // put back, it would spoil what is compressed from now on
}

/// Returns whether it was applied.
bool apply(const std::string& name, const MigrateOptions& options, const OpenedRepository& opened,
           Context& context) {
  const Repository& repository = opened.repository();
  if (name != kUpgrade) {
    throw Error(Errc::usage, format_text(_("unknown migration {}"), name));
  }
  if (repository.config().version != 1 && !options.force) {
    context.warn(format_text(_("migration {} cannot be applied: repository is already upgraded to "
                               "version 2"),
                             name));
    return false;
  }
  require_sound(opened, context);
  if (options.dry_run) {
    context.info(format_text(_("would apply migration {}"), name));
    end_dry_run(context);
    return false;
  }
  context.info(format_text(_("applying migration {}..."), name));
  upgrade(repository, context);
  context.done(format_text(_("migration {}: success"), name));
  context.info(context.outcome());
  context.info(
      _("New data is compressed from now on; \"medsave prune --repack-uncompressed\" compresses "
        "what is there already"));
  return true;
}

void run_migrate(const MigrateOptions& options, const std::vector<std::string>& names,
                 Context& context) {
  const bool upgrades = std::ranges::find(names, kUpgrade) != names.end();
  const OpenedRepository& opened =
      open_repository(context, {.lock = LockMode::exclusive,
                                .reads_only = options.dry_run,
                                .deletes = true,
                                .puts_config_back = upgrades && !options.dry_run,
                                .cache = CacheUse::none});  // the check shall see the real files
  if (names.empty()) list_migrations(opened.repository(), context);
  std::vector<std::string> applied;
  for (const std::string& name : names) {
    if (apply(name, options, opened, context)) applied.push_back(name);
  }
  if (!names.empty()) context.report(JsonObject("summary").add("applied", applied));
}

}  // namespace

void add_migrate(Command& root) {
  auto options = std::make_shared<MigrateOptions>();
  Command& command = root.add_command("migrate", _("Upgrade the repository's format"));
  command.describe(
      _("Without a name, lists the changes of format that can be made. \"upgrade_repo_v2\" raises "
        "the format from version 1 to 2, which can compress. The repository is checked first; "
        "programs that know only version 1 (restic before 0.14) cannot read it afterwards."));
  command.arguments(_("[NAME]..."), ValueKind::choice, {std::string(kUpgrade)});
  command.flag("force,f", options->force,
               _("apply a migration although it does not seem to be needed"));
  command.flag("dry-run,n", options->dry_run, _("change nothing, only say what would be done"));
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples({{"medsave -r /media/usb/medsave migrate", _("is there anything to do?")},
                    {"medsave -r /media/usb/medsave migrate upgrade_repo_v2",
                     _("makes an old repository one that compresses")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    run_migrate(*options, arguments, context);
  });
}

}  // namespace medsave::cli
