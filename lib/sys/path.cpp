#include "medsave/sys/path.hpp"

#include <filesystem>
#include <utility>
#include <vector>

namespace medsave {

std::string resolve_link(const std::string& path) {
  constexpr int kMostLinks = 40;  // as many as the system follows
  std::filesystem::path file = path;
  std::error_code failed;
  for (int n = 0; n < kMostLinks && std::filesystem::is_symlink(file, failed); ++n) {
    const std::filesystem::path next = std::filesystem::read_symlink(file, failed);
    if (failed) break;
    file = file.parent_path() / next;
  }
  return file.string();
}

std::string resolve_links(const std::string& path) {
  int links_left = 40;  // as many as the system follows
  std::filesystem::path done;
  std::vector<std::filesystem::path> todo;  // names, the next one last
  const auto add = [&](const std::filesystem::path& way) {
    const std::vector<std::filesystem::path> names(way.begin(), way.end());
    todo.insert(todo.end(), names.rbegin(), names.rend());
  };
  add(path);
  while (!todo.empty()) {
    const std::filesystem::path name = std::move(todo.back());
    todo.pop_back();
    std::error_code failed;
    const std::filesystem::path next = done / name;  // where the name is "/": just that
    if (name == "..") {
      done = done.parent_path();
    } else if (name.empty() || name == ".") {
      continue;
    } else if (links_left > 0 && std::filesystem::is_symlink(next, failed)) {
      --links_left;
      add(std::filesystem::read_symlink(next, failed));
    } else {
      done = next;
    }
  }
  return done.string();
}

std::optional<std::string> make_absolute(const std::string& path) {
  std::error_code no_current_folder;
  const std::filesystem::path whole = std::filesystem::absolute(path, no_current_folder);
  if (no_current_folder) return std::nullopt;
  return whole.string();
}

std::string real_path(const std::string& path, std::error_code& error) {
  return std::filesystem::canonical(path, error).string();
}

}  // namespace medsave
