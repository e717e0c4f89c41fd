#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "open_repository.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/lock_file.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/repo/lock_removal.hpp"
#include "medsave/repo/lock_text.hpp"
#include "medsave/repo/repo_lock.hpp"
#include "medsave/ui/display_text.hpp"

#include <memory>

namespace medsave::cli {
namespace {

/// Names the locks that are still there, which restic does not. Returns how many hold up others.
std::size_t tell_remaining(const Repository& repository, Context& context) {
  const auto tell = [&](const std::string& line) {
    if (context.identity == Identity::medsave) context.warn(line);
  };
  std::size_t left = 0;
  for (const ListedFile& listed : repository.backend().list(FileKind::lock)) {
    const FileRef file{.kind = FileKind::lock, .id = listed.id};
    if (listed.size == 0) {
      tell(format_text(_("the lock file {} is empty and holds up nobody; --remove-all removes it"),
                       listed.id.hex()));
      continue;
    }
    ++left;
    try {
      Buffer json;
      repository.load_json(file, json);
      const LockFile lock = decode_lock_file(as_text(json.view()));
      const std::string owner = describe_lock(lock, repository.clock().now());
      tell(escape_for_terminal(format_text(_("this lock stays: {}"), owner)));
    } catch (const Error&) {
      tell(format_text(_("this lock stays and cannot be read: {}"), listed.id.hex()));
    }
  }
  return left;
}

void run_unlock(bool all, Context& context) {
  const Repository& repository = open_repository(context, {.lock = std::nullopt}).repository();
  bool failed = false;
  const unsigned long count = remove_locks(repository, all, [&](const std::string& problem) {
    failed = true;
    context.warn(problem);
  });
  if (count != 0) {
    context.done(format_text(
        n_("successfully removed {} locks", "successfully removed {} locks", count), count));
    context.info(context.outcome());
  }
  if (count == 0 && !failed && context.identity == Identity::medsave) {
    context.info(_("no lock was removed"));
  }
  const std::size_t left = tell_remaining(repository, context);
  context.report(JsonObject("summary").add("removed_locks", count).add("remaining_locks", left));
  const bool some_left = left != 0;
  if (some_left && failed) {
    const char* why =
        all ? _("not all locks could be removed; the reasons stand above")
            : _("not all locks could be removed; the reasons stand above. --remove-all also "
                "removes those that cannot be read");
    throw CommandFailed(kExitFailed, fatal_text(why));
  }
  if (some_left && !all && context.identity == Identity::medsave) {
    context.warn(
        _("Locks younger than 30 minutes stay, because their owners may be at work. If you are "
          "sure that no other program uses the repository: \"medsave unlock --remove-all\"."));
  }
}

}  // namespace

void add_unlock(Command& root) {
  auto remove_all = std::make_shared<bool>(false);
  Command& command = root.add_command("unlock", _("Remove locks that were left behind"));
  command.describe(_(
      "Removes locks whose owner is gone: older than 30 minutes without a refresh, or of a process "
      "of this computer that has ended. Locks of commands that are still running stay, unless "
      "--remove-all is given."));
  command.flag("remove-all", *remove_all,
               _("remove all locks; only when no other command uses the repository"));
  command.exit_codes({kExitNoRepository, kExitWrongPassword});
  command.examples({{"medsave -r /media/usb/medsave unlock",
                     _("after a computer was switched off during a backup")}});
  command.run([remove_all](Context& context, const std::vector<std::string>& arguments) {
    if (!arguments.empty()) throw Error(Errc::usage, _("unlock takes no arguments"));
    run_unlock(*remove_all, context);
  });
}

}  // namespace medsave::cli
