#include "cache_folder.hpp"

#include "medsave/backend/cache_directories.hpp"
#include "medsave/backend/file_layout.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/base/error.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/metadata.hpp"

#include <algorithm>

namespace medsave {
namespace {

constexpr std::string_view kVersion = "1";

std::string_view folder_name(FileKind kind) {
  switch (kind) {
    case FileKind::pack:
      return "data";
    case FileKind::index:
      return "index";
    default:
      return "snapshots";
  }
}

void write_if_missing(const std::string& path, std::string_view content) {
  if (lstat_at(kCurrentDirectory, path)) return;
  write_file_durably(path, as_bytes(content), 0600);
}

void remove_quietly(DirHandle dir, const std::string& name) noexcept {
  try {
    remove_file_at(dir, name);
  } catch (const std::exception&) {
    // gone already, or it stays
  }
}

/// Whether this partial file is so old that its writer must have died.
bool is_abandoned(const FileInfo& info, const Timestamp& now) {
  constexpr double kHour = 3600;
  return seconds_between(info.mtime, now) > kHour;
}

}  // namespace

CacheFolder::CacheFolder(const std::string& base, const std::string& repository_id,
                         const Clock& clock)
    : clock_(clock), root_(base + "/" + repository_id) {
  if (!Id::parse(repository_id)) return;
  try {
    make_cache_base(base);
    make_directories(root_, 0700);
    write_if_missing(root_ + "/version", kVersion);
    const Timestamp now = clock_.now();
    set_times_at(kCurrentDirectory, root_, now, now);
    usable_ = as_text(read_file(root_ + "/version", 16).view()) == kVersion;
  } catch (const Error&) {
    usable_ = false;
  }
}

std::string CacheFolder::folder_of(FileKind kind) const {
  std::string path = root_;
  path += '/';
  path += folder_name(kind);
  return path;
}

std::string CacheFolder::path_of(const FileRef& file) const {
  const std::string hex = file.id.hex();
  std::string path = folder_of(file.kind);
  path += '/';
  path.append(hex, 0, 2);
  path += '/';
  path += hex;
  return path;
}

bool CacheFolder::contains(const FileRef& file) const {
  try {
    const std::optional<FileInfo> info = lstat_at(kCurrentDirectory, path_of(file));
    return info && info->is_regular() && info->size != 0;
  } catch (const Error&) {
    return false;
  }
}

bool CacheFolder::load(const FileRef& file, std::uint64_t limit, Buffer& out) const {
  if (!contains(file)) return false;
  try {
    const std::string path = path_of(file);
    const UniqueFd fd = open_file_at(kCurrentDirectory, path);
    const std::uint64_t size = fstat_fd(fd.get()).size;
    if (size != 0 && size <= limit) {
      out.clear();
      out.resize(static_cast<std::size_t>(size));
      if (pread_some(fd.get(), out.writable(), 0, path) == size) return true;
    }
  } catch (const Error&) {
    // handled as if it were damaged
  }
  remove(file);
  return false;
}

void CacheFolder::store(const FileRef& file, ByteView data) const {
  const std::string path = path_of(file);
  const std::string temporary = temporary_name(path);
  try {
    make_directories(path.substr(0, path.find_last_of('/')), 0700);
    UniqueFd fd = create_file_at(kCurrentDirectory, temporary, 0600);
    write_all(fd.get(), data, path);
    close_fd(std::move(fd), path);
    rename_at(kCurrentDirectory, temporary, kCurrentDirectory, path);
  } catch (const Error&) {
    remove_quietly(kCurrentDirectory, temporary);
  }
}

void CacheFolder::remove(const FileRef& file) const {
  remove_quietly(kCurrentDirectory, path_of(file));
}

std::vector<std::string> CacheFolder::folders_of(FileKind kind) const {
  const std::string above = folder_of(kind);
  if (!lstat_at(kCurrentDirectory, above)) return {};
  std::vector<std::string> paths = list_dir(open_dir_at(kCurrentDirectory, above).get());
  for (std::string& path : paths) path.insert(0, above + '/');
  return paths;
}

std::vector<Id> CacheFolder::ids(FileKind kind) const {
  std::vector<Id> found;
  try {
    for (const std::string& folder : folders_of(kind)) {
      for (const std::string& name : list_dir(open_dir_at(kCurrentDirectory, folder).get())) {
        if (const std::optional<Id> id = Id::parse(name)) found.push_back(*id);
      }
    }
  } catch (const Error&) {
    // another process prunes at the same time, or something foreign is in there
  }
  return found;
}

void CacheFolder::prune_folder(const std::string& path,
                               const std::vector<ListedFile>& sorted) const {
  const UniqueDir dir = open_dir_at(kCurrentDirectory, path);
  for (const DirEntry& entry : list_entries(dir.get())) {
    const std::optional<FileInfo> info = lstat_at(dir.get(), entry);
    if (!info || !info->is_regular()) continue;
    const std::optional<Id> id = Id::parse(entry.name);
    if (!id) {
      const bool is_left_over = is_temporary_name(entry.name) && is_abandoned(*info, clock_.now());
      if (is_left_over) remove_quietly(dir.get(), entry.name);
      continue;
    }
    const auto found = std::ranges::lower_bound(sorted, *id, {}, &ListedFile::id);
    const bool current = found != sorted.end() && found->id == *id && found->size == info->size;
    if (!current) remove_quietly(dir.get(), entry.name);
  }
}

void CacheFolder::prune(FileKind kind, const std::vector<ListedFile>& listed) const {
  try {
    std::vector<ListedFile> sorted = listed;
    std::ranges::sort(sorted, {}, &ListedFile::id);
    for (const std::string& folder : folders_of(kind)) prune_folder(folder, sorted);
  } catch (const Error&) {
    // another process prunes at the same time, or something foreign is in there
  }
}

}  // namespace medsave
