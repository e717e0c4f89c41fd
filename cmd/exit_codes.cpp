#include "exit_codes.hpp"

#include "medsave/base/text.hpp"

namespace medsave::cli {

int exit_code_of(Errc code) {
  switch (code) {
    case Errc::no_repository:
      return kExitNoRepository;
    case Errc::locked:
      return kExitLocked;
    case Errc::wrong_password:
      return kExitWrongPassword;
    default:
      return kExitFailed;
  }
}

std::string fatal_text(const std::string& message) { return format_text(_("Fatal: {}"), message); }

std::string exit_code_text(int code) {
  switch (code) {
    case kExitOk:
      return _("the command was successful");
    case kExitFailed:
      return _("there was an error");
    case kExitIncomplete:
      return _(
          "not all could be done: some source data could not be read (backup), or some "
          "snapshots could not be removed or read (forget) or copied (copy)");
    case kExitNoRepository:
      return _("the repository does not exist");
    case kExitLocked:
      return _("the repository is already locked");
    case kExitWrongPassword:
      return _("the password is wrong");
    case kExitInterrupted:
      return _("the command was interrupted (Ctrl-C, SIGTERM)");
    default:
      return {};
  }
}

}  // namespace medsave::cli
