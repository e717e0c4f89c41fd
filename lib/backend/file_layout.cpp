#include "medsave/backend/file_layout.hpp"

#include "local_reserve.hpp"

#include "medsave/base/random.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace medsave {
namespace {

constexpr std::string_view kConfig = "config";
constexpr std::string_view kTemporary = "-tmp-";

std::string_view folder_name(FileKind kind) {
  switch (kind) {
    case FileKind::config:
      return "";
    case FileKind::key:
      return "keys";
    case FileKind::lock:
      return "locks";
    case FileKind::snapshot:
      return "snapshots";
    case FileKind::index:
      return "index";
    case FileKind::pack:
      return "data";
  }
  return "";
}

}  // namespace

std::string FileLayout::folder_of(FileKind kind) const {
  if (kind == FileKind::config) return root_;
  std::string path = root_;
  path += '/';
  path += folder_name(kind);
  return path;
}

std::string FileLayout::folder_of(const FileRef& file) const {
  std::string path = folder_of(file.kind);
  if (file.kind == FileKind::pack) {
    path += '/';
    path += file.id.hex().substr(0, 2);
  }
  return path;
}

std::string FileLayout::path_of(const FileRef& file) const {
  std::string path = folder_of(file);
  path += '/';
  path += file.kind == FileKind::config ? kConfig : file.id.hex();
  return path;
}

std::vector<std::string> FileLayout::folders() const {
  std::vector<std::string> paths = {root_};
  for (const FileKind kind :
       {FileKind::key, FileKind::lock, FileKind::snapshot, FileKind::index, FileKind::pack}) {
    paths.push_back(folder_of(kind));
  }
  Id id;
  for (unsigned first = 0; first < 256; ++first) {
    id.bytes()[0] = static_cast<std::byte>(first);
    paths.push_back(folder_of(FileRef{.kind = FileKind::pack, .id = id}));
  }
  return paths;
}

std::span<const std::string_view> repository_folders() {
  static const std::array<std::string_view, 6> names = {
      folder_name(FileKind::pack), folder_name(FileKind::index),    folder_name(FileKind::key),
      folder_name(FileKind::lock), folder_name(FileKind::snapshot), kReserveFolder};
  return names;
}

bool is_repository_part(std::string_view name) {
  return name == kConfig ||
         std::ranges::find(repository_folders(), name) != repository_folders().end();
}

std::string temporary_name(const std::string& path) {
  constexpr std::uint64_t kBound = 1'000'000'000'000'000;
  std::string name = path;
  name += kTemporary;
  name += std::to_string(system_random().below(kBound));
  return name;
}

bool is_temporary_name(std::string_view name) {
  const std::size_t at = name.find(kTemporary);
  if (at == std::string_view::npos) return false;
  const std::string_view digits = name.substr(at + kTemporary.size());
  const bool numbered =
      !digits.empty() && std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  const std::string_view final_name = name.substr(0, at);
  return numbered && (final_name == "config" || Id::parse(final_name).has_value());
}

}  // namespace medsave
