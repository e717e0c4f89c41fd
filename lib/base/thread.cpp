#include "medsave/base/thread.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

namespace medsave {

void throw_no_thread(const std::system_error& why) {
  throw Error(
      Errc::permission,
      format_text(_("the system lets medsave start no further thread ({}); what is stored stays as "
                    "it is. End other programs or raise the limit of processes (\"ulimit -u\", or "
                    "that of the service or container), then run the command again."),
                  why.code().message()));
}

}  // namespace medsave
