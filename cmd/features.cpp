#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/json/json_object.hpp"

namespace medsave::cli {

void add_features(Command& root) {
  Command& command = root.add_command("features", _("List what can be switched on and off"));
  command.describe(
      _("restic has features that RESTIC_FEATURES switches on and off while they are new. medsave "
        "has none: what it does, it does always. The command is there for programs that ask."));
  command.examples({{"medsave features", _("there are none")}});
  command.run([](Context& context, const std::vector<std::string>& arguments) {
    if (!arguments.empty()) throw Error(Errc::usage, _("features takes no arguments"));
    context.report(JsonObject("summary").add("features", 0));
    context.info(_("There are no features to switch on or off"));
  });
}

}  // namespace medsave::cli
