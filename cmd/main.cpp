#include "identity.hpp"
#include "run.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/secret.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/memory.hpp"
#include "medsave/sys/signals.hpp"
#include "medsave/ui/console.hpp"

#include <string>
#include <vector>

namespace {

/// The language has to be known before the options are defined, since their texts are shown.
std::string language_argument(const std::vector<std::string>& arguments) {
  constexpr std::string_view kOption = "--lang";
  for (std::size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    if (arguments[i] == kOption && i + 1 < arguments.size()) return arguments[i + 1];
    if (arguments[i].starts_with("--lang=")) return arguments[i].substr(kOption.size() + 1);
  }
  return {};
}

/// Programs read the same texts whatever the locale.
void init_words(medsave::cli::Identity identity, const std::vector<std::string>& arguments) {
  if (identity == medsave::cli::Identity::restic) {
    medsave::init_restic_wording();
  } else {
    medsave::init_language(medsave::cli::wants_json(arguments) ? "en"
                                                               : language_argument(arguments));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  medsave::reserve_standard_streams();
  medsave::bound_heap_growth();
  const medsave::cli::Identity identity =
      medsave::cli::identity_of(argc > 0 ? argv[0] : nullptr, arguments);
  init_words(identity, arguments);
  medsave::Console console(medsave::Console::standard_out(), medsave::Console::standard_err(),
                           medsave::Console::standard_options());
  try {
    const medsave::SignalGuard signals;  // before any other thread
    medsave::init_secure_memory();
    medsave::protect_process_memory();
    medsave::raise_open_file_limit();
    return medsave::cli::run(identity, arguments, console, signals.token());
  } catch (const medsave::Error& e) {
    return medsave::cli::refuse(arguments, console, e);
  }
}
