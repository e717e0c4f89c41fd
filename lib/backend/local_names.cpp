#include "local_names.hpp"

#include <cstddef>

namespace medsave {
namespace {

/// Without the "./" that names of the layout begin with.
std::string relative(const std::string& path) { return path.substr(kRoot.size() + 1); }

}  // namespace

std::vector<std::string> LocalNames::folders() const {
  std::vector<std::string> names = layout_.folders();
  for (std::string& name : names) {
    if (name != kRoot) name = relative(name);
  }
  return names;
}

std::string LocalNames::folder_of(FileKind kind) const {
  return kind == FileKind::config ? kRoot : relative(layout_.folder_of(kind));
}

std::string LocalNames::folder_of(const FileRef& file) const {
  return file.kind == FileKind::pack ? relative(layout_.folder_of(file)) : folder_of(file.kind);
}

std::string LocalNames::name_of(const FileRef& file) const {
  return relative(layout_.path_of(file));
}

std::string folder_above(const std::string& name) {
  const std::size_t slash = name.find_last_of('/');
  return slash == std::string::npos ? kRoot : name.substr(0, slash);
}

}  // namespace medsave
