#include "source_path.hpp"

#include "medsave/sys/host.hpp"

namespace medsave {

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> names;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    if (slash != 0) names.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return names;
}

std::string clean_path(std::string_view path) {
  const bool absolute = path.starts_with('/');
  std::vector<std::string_view> kept;
  for (const std::string_view name : split_path(path)) {
    if (name == ".") continue;
    const bool has_above = !kept.empty() && kept.back() != "..";
    if (name != ".." || (!has_above && !absolute)) {
      kept.push_back(name);
    } else if (has_above) {
      kept.pop_back();
    }
  }
  std::string cleaned(absolute ? "/" : "");
  for (const std::string_view name : kept) {
    if (!cleaned.empty() && cleaned.back() != '/') cleaned += '/';
    cleaned += name;
  }
  return cleaned.empty() ? "." : cleaned;
}

std::string absolute_path(const std::string& path) {
  if (path.starts_with('/')) return clean_path(path);
  return clean_path(current_directory() + "/" + path);
}

}  // namespace medsave
