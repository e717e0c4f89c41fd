#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <memory>

namespace medsave::cli {

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
  command.examples({{"medsave -r /media/usb/backup unlock",
                     _("after a computer was switched off during a backup")}});
  command.run([remove_all](Context& context, const std::vector<std::string>& arguments) {
    if (!arguments.empty()) throw Error(Errc::usage, _("unlock takes no arguments"));
    const Repository& repository = context.open_repository();
    const unsigned long count = remove_locks(repository, *remove_all, context.notices());
    if (count == 0) return;
    context.info(format_text(
        n_("successfully removed {} locks", "successfully removed {} locks", count), count));
  });
}

}  // namespace medsave::cli
