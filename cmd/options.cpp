#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/remote/location.hpp"
#include "medsave/ui/display_text.hpp"

#include <algorithm>

namespace medsave::cli {
namespace {

void run_options(Context& context) {
  if (context.global.json) {
    for (const ExtendedOption& option : extended_options()) {
      context.console.print(
          JsonObject("option").add("name", option.name).add("text", option.text).text());
    }
    context.report(JsonObject("summary").add("options", extended_options().size()));
    return;
  }
  context.info(_("Extended options (-o KEY=VALUE):"));
  std::size_t widest = 0;
  for (const ExtendedOption& option : extended_options()) {
    widest = std::max(widest, display_width(option.name));
  }
  constexpr std::size_t kText = 28;  // columns; where there are fewer, it stands below its name
  const unsigned columns = context.console.width();
  const bool beside = widest + 4 + kText <= columns;
  const std::size_t indent = beside ? widest + 4 : 6;
  for (const ExtendedOption& option : extended_options()) {
    const std::string name = beside ? pad_to_width(option.name, widest) + "  "
                                    : option.name + "\n" + std::string(indent, ' ');
    context.console.print("  " + name + wrap_text(option.text, columns, indent));
  }
}

}  // namespace

void add_options(Command& root) {
  Command& command = root.add_command("options", _("List the extended options"));
  command.describe(
      _("Lists what -o accepts. Each option concerns one kind of remote repository; the others "
        "ignore it, so that a script may set them all."));
  command.examples(
      {{"medsave options", _("what there is")},
       {"medsave -o sftp.connections=4 -r sftp:nas:medsave snapshots", _("how one is used")}});
  command.run([](Context& context, const std::vector<std::string>& arguments) {
    if (!arguments.empty()) throw Error(Errc::usage, _("options takes no arguments"));
    run_options(context);
  });
}

}  // namespace medsave::cli
