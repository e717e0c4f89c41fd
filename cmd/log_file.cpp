#include "log_file.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/time_text.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/host.hpp"
#include "medsave/ui/display_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <optional>

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

namespace {

/// Throws Error(usage) for a file that does not begin as a log does: it was named by mistake.
const std::string& require_log(const std::string& path) {
  constexpr std::size_t kFirstLine = 512;  // bytes, with the name of any computer
  const std::optional<FileInfo> there = stat_at(kCurrentDirectory, path);
  if (!there || !there->is_regular() || there->size == 0) return path;
  const Buffer beginning = read_beginning(path, kFirstLine);
  const std::string_view text = as_text(beginning.view());
  const std::string_view line = text.substr(0, text.find('\n'));
  if (line.find(" medsave[") != std::string_view::npos) return path;
  throw Error(Errc::usage,
              format_text(_("{} is no log of medsave, and nothing was written to it or "
                            "done; name another file with --log"),
                          path));
}

UniqueFd open_log(const std::string& path) {
  try {
    return open_for_appending(require_log(path));
  } catch (const Error& e) {
    if (e.code() == Errc::usage) throw;
    throw Error(e.code(), with_semicolon(
                              e.what(), _("without the log that --log asks for nothing was done")));
  }
}

}  // namespace

LogFile::LogFile(const std::string& path) : path_(path), file_(open_log(path)) {}

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
