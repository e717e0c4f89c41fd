#include "restore_failure.hpp"

#include "exit_codes.hpp"

#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"

#include <string>

namespace medsave::cli {
namespace {

/// After a restore that brought nothing back.
std::string what_helps(const RestoreResult& result) {
  if (result.target_fails == result.repository_fails) {
    return _(
        "The reasons stand above: if it is the target, choose another with --target; if something "
        "is lost or damaged in the repository, \"medsave check\" tells what else is affected");
  }
  return result.target_fails ? _("Choose another folder with --target")
                             : _("\"medsave check\" tells what else is affected");
}

}  // namespace

void require_no_problems(const RestoreResult& result) {
  if (result.problems == 0) return;
  const unsigned long count = result.problems;
  const bool some = result.files_restored != result.folders_restored || result.files_skipped != 0 ||
                    result.bytes_restored != 0;
  const char* text =
      some ? n_("There was {} error; a file named above may be in the target, but damaged: do not "
                "rely on it. All else is restored.",
                "There were {} errors; files named above may be in the target, but damaged: do not "
                "rely on them. All else is restored.",
                count)
           : n_("There was {} error, and no file was restored; nothing in the repository was "
                "changed",
                "There were {} errors, and no file was restored; nothing in the repository was "
                "changed",
                count);
  std::string line = format_text(text, count);
  if (!some) line = with_sentence(line, what_helps(result));
  throw CommandFailed(kExitFailed, fatal_text(line));
}

}  // namespace medsave::cli
