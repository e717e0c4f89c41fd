#include "fuzz.hpp"

#include "medsave/config/config_reading.hpp"
#include "medsave/config/config_warnings.hpp"

#include <algorithm>

// Every text is either a configuration, or has problems that say what is wrong and where.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return medsave::fuzz::run(data, size, [](medsave::ByteView input) {
    const std::string_view text = medsave::as_text(input);
    const medsave::ConfigReading reading = medsave::read_config(text, "/home/fuzz");
    const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
    std::size_t line = 0;
    for (const medsave::ConfigProblem& problem : reading.problems) {
      medsave::fuzz::require(problem.code.starts_with("config_") && !problem.message.empty());
      medsave::fuzz::require(problem.place.line >= std::max<std::size_t>(line, 1));
      medsave::fuzz::require(problem.place.line <= lines && problem.place.column >= 1);
      line = problem.place.line;
    }
    if (!reading.problems.empty()) return;
    medsave::fuzz::require(!reading.config.sources.empty() && !reading.entries.empty());
    for (const medsave::ConfigWarning& warning : medsave::config_warnings(reading, {})) {
      medsave::fuzz::require(warning.code.starts_with("config_") && warning.place.line <= lines);
    }
  });
}
