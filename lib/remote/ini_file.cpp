#include "ini_file.hpp"

#include "http_text.hpp"

#include <algorithm>

namespace medsave {
namespace {

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

bool is_skipped(std::string_view line) {
  return trim(line).empty() || line.starts_with('#') || line.starts_with(';') ||
         line.starts_with(' ') || line.starts_with('\t');
}

}  // namespace

void read_ini(std::string_view text,
              const std::function<void(std::string_view section, std::string_view name,
                                       std::string_view value)>& take) {
  std::string_view section;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (is_skipped(line)) continue;
    if (line.starts_with('[')) {
      section = trim(line.substr(1, line.find(']') - 1));
      continue;
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    take(section, trim(line.substr(0, equals)), trim(line.substr(equals + 1)));
  }
}

}  // namespace medsave
