#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "open_repository.hpp"
#include "snapshot_options.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/mount/mount_fs.hpp"
#include "medsave/remote/location.hpp"
#include "medsave/ui/display_text.hpp"

#include <memory>
#include <string>
#include <vector>

namespace medsave::cli {
namespace {

struct MountOptions {
  SnapshotChoice snapshots = {};
  std::vector<std::string> path_templates = {};
  std::string time_template = MountNames().time_template;
  bool owner_root = false;
  bool allow_other = false;
  bool no_default_permissions = false;
};

void announce(const std::string& mountpoint, Context& context) {
  context.report(JsonObject("status").add("mountpoint", mountpoint));
  context.info(format_text(_("Now serving the repository at {}"), mountpoint));
  context.info(_("Use another terminal or tool to browse the contents of this folder"));
  context.info(
      format_text(_("To end it, press Ctrl-C here, or type elsewhere: \"umount {}\". Close what "
                    "you have opened in it before: it cannot be read afterwards."),
                  mountpoint));
  Console::flush_standard_out();
}

void announce_end(const std::string& mountpoint, Context& context) {
  context.report(JsonObject("summary").add("unmounted", mountpoint));
  context.info(format_text(_("{} is unmounted, and this command no longer uses the repository"),
                           mountpoint));
}

void run_mount(const MountOptions& options, const std::string& mountpoint, Context& context) {
  MountRequest request{.mountpoint = mountpoint,
                       .filter = options.snapshots.filter(),
                       .names = {},
                       .owner_root = options.owner_root,
                       .allow_other = options.allow_other,
                       .default_permissions = !options.no_default_permissions};
  request.names.time_template = options.time_template;
  if (!options.path_templates.empty()) request.names.path_templates = options.path_templates;
  check_mount_names(request.names);
  // Checked first, so that nobody types a password in vain.
  check_mountpoint(mountpoint, local_folder(chosen_location(context.global.repository)));

  const OpenedRepository& opened = open_repository(context, kForReading);
  const Repository& repository = opened.repository();
  if (opened.lock() != nullptr) opened.lock()->confirm();
  const MountSinks sinks = {
      .ready = [&] { announce(mountpoint, context); },
      .notice = [&](const std::string& line) { context.warn(escape_for_terminal(line)); }};
  serve_mount(repository, request, sinks, opened.stop());
  // SIGINT ends this command normally; after a stop only a lost lock is a failure.
  context.explain_lost_lock();
  if (context.identity == Identity::medsave) announce_end(mountpoint, context);
}

}  // namespace

void add_mount(Command& root) {
  auto options = std::make_shared<MountOptions>();
  Command& command = root.add_command("mount", _("Show the snapshots as folders"));
  command.describe(
      _("Shows all snapshots read-only in an empty folder, for browsing and copying with any "
        "program. New snapshots appear while it runs. It ends with Ctrl-C or SIGTERM (exit "
        "status 0), or when the folder is unmounted. \"umount\" refuses while a program is in the "
        "folder or has a file of it open; Ctrl-C does not, and that program can read no more.\n\n"
        "The folders are made by path templates: %i is a snapshot's short ID, %I its ID, %u the "
        "user, %h the host, %t each tag, %T the time. Where a name ends with the time, a link "
        "\"latest\" leads to the newest. The time is written as the template shows the moment "
        "\"Mon Jan 2 15:04:05 -0700 MST 2006\", for example \"2006-01-02_15-04-05\".\n\n"
        "The default path templates are ids/%i, snapshots/%T, hosts/%h/%T and tags/%t/%T."));
  command.arguments(_("MOUNTPOINT"), ValueKind::directory);
  command.group(_("Names and owners"));
  command.options("path-template", _("TEMPLATE"), options->path_templates,
                  _("where snapshots stand; may be repeated"));
  command.option("time-template", _("TEMPLATE"), options->time_template,
                 _("how times are written (default \"2006-01-02T15:04:05Z07:00\")"));
  command.flag("owner-root", options->owner_root, _("let everything belong to root"));
  command.flag("allow-other", options->allow_other,
               _("let other users see the folder, as far as the stored permissions allow"));
  command.flag("no-default-permissions", options->no_default_permissions,
               _("with --allow-other: let them read everything"));
  add_snapshot_options(command, options->snapshots);
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples({{_("medsave -r /media/usb/medsave mount /mnt/backup"),
                     _("the newest state is then in /mnt/backup/snapshots/latest")},
                    {_("medsave mount --host reception --path-template '%T' /mnt/backup"),
                     _("the snapshots of one computer, by time alone")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    if (arguments.size() != 1) {
      throw Error(Errc::usage, _("wrong number of parameters: mount takes one folder that exists, "
                                 "as in: \"medsave mount /mnt/backups\""));
    }
    run_mount(*options, arguments.front(), context);
  });
}

}  // namespace medsave::cli
