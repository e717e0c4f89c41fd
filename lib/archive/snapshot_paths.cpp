#include "medsave/archive/snapshot_paths.hpp"

#include "source_path.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace medsave {
namespace {

constexpr std::size_t kLongestName = 255;  // bytes, on all usual file systems

}  // namespace

std::vector<std::string> stream_components(const std::string& filename) {
  std::vector<std::string> names;
  const std::string cleaned = clean_path("/" + filename);
  for (const std::string_view name : split_path(cleaned)) {
    if (name.size() > kLongestName) {
      throw Error(Errc::usage,
                  format_text(_("the name \"{}\" has {} bytes: no file of that name could be "
                                "restored, as file systems take at most {}"),
                              name, name.size(), kLongestName));
    }
    names.emplace_back(name);
  }
  if (names.empty() || filename.find('\0') != std::string::npos) {
    throw Error(Errc::usage, format_text(_("\"{}\" is no name for a file"), filename));
  }
  return names;
}

std::vector<std::string> source_paths(const std::vector<std::string>& targets,
                                      const std::vector<StreamSource>& streams) {
  std::vector<std::string> paths;
  paths.reserve(targets.size() + streams.size());
  for (const std::string& target : targets) paths.push_back(absolute_path(target));
  for (const StreamSource& stream : streams) paths.push_back(clean_path("/" + stream.filename));
  std::ranges::sort(paths);  // as restic has them
  return paths;
}

std::vector<std::string> snapshot_paths(const std::vector<std::string>& targets,
                                        const std::vector<StreamSource>& streams) {
  std::vector<std::string> paths = source_paths(targets, streams);
  for (std::string& path : paths) path = as_utf8(path);
  return paths;
}

}  // namespace medsave
