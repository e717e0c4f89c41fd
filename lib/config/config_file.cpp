#include "medsave/config/config_file.hpp"

#include "medsave/base/bytes.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"

namespace medsave {
namespace {

constexpr std::size_t kLargest = std::size_t{1} << 20U;  // bytes

}  // namespace

std::vector<std::string> config_candidates(const std::string& xdg_config_home,
                                           const std::string& home) {
  std::vector<std::string> out;
  if (xdg_config_home.starts_with('/')) {
    out.push_back(xdg_config_home + "/medsave/medsave.toml");
  } else if (!home.empty()) {
    out.push_back(home + "/.config/medsave/medsave.toml");
  }
  out.emplace_back("/etc/medsave/medsave.toml");
  return out;
}

std::optional<std::string> find_config(const std::vector<std::string>& candidates) {
  for (const std::string& path : candidates) {
    // A link that leads nowhere is there, too: what it was to lead to is missed when it is read.
    if (lstat_at(kCurrentDirectory, path)) return path;
  }
  return std::nullopt;
}

std::string load_config_text(const std::string& path) {
  const std::optional<FileInfo> info = stat_at(kCurrentDirectory, path);
  if (!info) {
    throw Error(Errc::not_found, format_text(_("there is no configuration {}"), path));
  }
  if (info->is_dir()) {
    throw Error(Errc::usage, format_text(_("{} is a folder; a configuration is a file"), path));
  }
  if (!info->is_regular()) {
    throw Error(Errc::usage, format_text(_("{} is no ordinary file"), path));
  }
  // Not by its size at first: it may be growing.
  const UniqueFd file = open_file_at(kCurrentDirectory, path, true);
  std::string text(kLargest + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const std::size_t more =
        read_some(file.get(), std::as_writable_bytes(std::span(text)).subspan(size), path);
    if (more == 0) break;
    size += more;
  }
  if (size > kLargest) {
    throw Error(Errc::usage,
                format_text(_("{} is larger than a mebibyte: it is no configuration"), path));
  }
  text.resize(size);
  return text;
}

}  // namespace medsave
