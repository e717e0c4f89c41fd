#include "medsave/sys/mounts.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"

#include <fmt/format.h>

#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace medsave {
namespace {

constexpr std::size_t kLargestTable = 16U << 20U;  // bytes

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t space = std::min(line.find(' '), line.size());
    words.push_back(line.substr(0, space));
    line.remove_prefix(std::min(space + 1, line.size()));
  }
  return words;
}

}  // namespace

std::optional<MountedFileSystem> find_mount(std::string_view mountinfo, unsigned major,
                                            unsigned minor) {
  constexpr std::size_t kDevice = 2;
  const std::string device = fmt::format("{}:{}", major, minor);
  while (!mountinfo.empty()) {
    const std::size_t end = std::min(mountinfo.find('\n'), mountinfo.size());
    const std::vector<std::string_view> words = words_of(mountinfo.substr(0, end));
    mountinfo.remove_prefix(std::min(end + 1, mountinfo.size()));
    if (words.size() <= kDevice || words[kDevice] != device) continue;
    // Before the dash stands a changing number of words.
    const auto dash = std::ranges::find(words, "-");
    if (words.end() - dash < 3) continue;
    return MountedFileSystem{.type = std::string(dash[1]), .source = std::string(dash[2])};
  }
  return std::nullopt;
}

std::optional<MountedFileSystem> file_system_of(const std::string& folder) {
  try {
    const std::optional<FileInfo> info = stat_at(kCurrentDirectory, folder);
    if (!info) return std::nullopt;
    const Buffer table = read_file("/proc/self/mountinfo", kLargestTable);
    return find_mount(as_text(table.view()), major(info->device), minor(info->device));
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool uploads_later(const MountedFileSystem& mounted) {
  static constexpr std::array kTypes = {"fuse.rclone", "fuse.gvfsd-fuse",
                                        "fuse.google-drive-ocamlfuse", "davfs"};
  if (std::ranges::find(kTypes, mounted.type) != kTypes.end()) return true;
  // davfs2 mounts without a name of its own.
  return mounted.type == "fuse" &&
         (mounted.source.starts_with("https://") || mounted.source.starts_with("http://"));
}

}  // namespace medsave
