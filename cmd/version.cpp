#include "version.hpp"

#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/json/json_object.hpp"

namespace medsave::cli {
namespace {

#if defined(__clang__)
constexpr int kCompilerMajor = __clang_major__;
constexpr int kCompilerMinor = __clang_minor__;
constexpr const char* kCompiler = "clang++";
#else
constexpr int kCompilerMajor = __GNUC__;
constexpr int kCompilerMinor = __GNUC_MINOR__;
constexpr const char* kCompiler = "g++";
#endif

// The architecture as `restic version` names it, for programs that parse that line.
#if defined(__x86_64__)
constexpr const char* kArchitecture = "amd64";
#elif defined(__aarch64__)
constexpr const char* kArchitecture = "arm64";
#else
constexpr const char* kArchitecture = "unknown";
#endif

void run_version(Context& context) {
  const bool as_restic = context.identity == Identity::restic;
  const std::string compiler =
      as_restic ? kResticCompiler
                : format_text("{} {}.{}", kCompiler, kCompilerMajor, kCompilerMinor);
  if (context.global.json) {
    JsonObject out("version");
    out.add("version", as_restic ? kResticVersion : MEDSAVE_VERSION)
        .add("go_version", compiler)
        .add("go_os", "linux")
        .add("go_arch", kArchitecture)
        .add("medsave_version", MEDSAVE_VERSION);
    context.console.print(out.text());
    return;
  }
  context.console.print(format_text(_("{} compiled with {} on linux/{}"), program_version(),
                                    compiler, kArchitecture));
}

}  // namespace

std::string program_version() { return "medsave " MEDSAVE_VERSION; }

void add_version(Command& root) {
  Command& command = root.add_command("version", _("Show the program's version"));
  command.describe(
      _("Shows the version and how the program was built. With --json the fields are named as in "
        "restic."));
  command.examples({{"medsave version", _("one line with version, compiler and platform")}});
  command.run([](Context& context, const std::vector<std::string>& arguments) {
    if (!arguments.empty()) throw Error(Errc::usage, _("version takes no arguments"));
    run_version(context);
  });
}

}  // namespace medsave::cli
