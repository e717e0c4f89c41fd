#include "log_file.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/time_text.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/host.hpp"
#include "medsave/ui/display_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

namespace medsave::cli {

std::string plain_line(std::string text) {
  // What Console::bold() put around words.
  for (const std::string_view code : {"\x1b[1m", "\x1b[0m"}) {
    for (std::size_t at = text.find(code); at != std::string::npos; at = text.find(code)) {
      text.erase(at, code.size());
    }
  }
  return escape_for_terminal(text);
}

std::string log_lines(std::string_view message, const std::string& head) {
  std::string out;
  while (!message.empty()) {
    const std::size_t end = std::min(message.find('\n'), message.size());
    const std::string line = plain_line(std::string(message.substr(0, end)));
    if (!line.empty()) out.append(head).append(line).append("\n");
    message.remove_prefix(std::min(end + 1, message.size()));
  }
  return out;
}

LogFile::LogFile(const std::string& path) : path_(path), file_(open_for_appending(path)) {}

void LogFile::add(std::string_view message) noexcept {
  if (!failure_.empty()) return;
  try {
    const std::string head = fmt::format(
        "{} {} medsave[{}]: ", format_local_time(system_clock().now()), host_name(), process_id());
    // In one piece, so that the lines of several programs do not mix.
    write_all(file_.get(), as_bytes(log_lines(message, head)), path_);
  } catch (const std::exception& e) {
    failure_ = e.what();
  }
}

}  // namespace medsave::cli
