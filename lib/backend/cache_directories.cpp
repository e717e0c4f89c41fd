#include "medsave/backend/cache_directories.hpp"

#include "medsave/backend/cache_backend.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/id.hpp"
#include "medsave/base/system.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/host.hpp"
#include "medsave/sys/metadata.hpp"
#include "medsave/sys/remove_tree.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace medsave {
namespace {

// https://bford.info/cachedir/
constexpr std::string_view kTag = "Signature: 8a477f597d28d172789f06886806bc55\n";
constexpr std::string_view kVersion = "1";
constexpr std::array<std::string_view, 5> kParts = {"CACHEDIR.TAG", "data", "index", "snapshots",
                                                    "version"};

bool holds(DirHandle dir, const std::string& name, std::string_view content) {
  try {
    const std::optional<FileInfo> info = lstat_at(dir, name);
    if (!info || !info->is_regular() || info->size != content.size()) return false;
    Buffer read;
    read.resize(content.size());
    const UniqueFd file = open_file_at(dir, name);
    return pread_some(file.get(), read.writable(), 0, name) == content.size() &&
           as_text(read.view()) == content;
  } catch (const Error&) {
    return false;
  }
}

bool is_cache_directory(DirHandle base, const std::string& name) {
  if (!Id::parse(name)) return false;
  const std::optional<FileInfo> info = lstat_at(base, name);
  if (!info || !info->is_dir()) return false;
  const UniqueDir folder = open_dir_at(base, name);
  return holds(folder.get(), "version", kVersion) &&
         std::ranges::all_of(list_dir(folder.get()), [](const std::string& part) {
           return std::ranges::find(kParts, part) != kParts.end();
         });
}

/// Bytes of all files below; what vanishes meanwhile does not count.
std::uint64_t size_below(DirHandle dir, const std::string& name) {
  const UniqueDir fd = open_dir_at(dir, name);
  std::uint64_t sum = 0;
  for (const DirEntry& entry : list_entries(fd.get())) {
    const std::optional<FileInfo> info = lstat_at(fd.get(), entry);
    if (!info) continue;
    sum += info->is_dir() ? size_below(fd.get(), entry.name) : info->size;
  }
  return sum;
}

}  // namespace

std::string default_cache_base() {
  for (const char* name : {"MEDSAVE_CACHE_DIR", "RESTIC_CACHE_DIR"}) {
    if (const auto base = environment(name); base && !base->empty()) return *base;
  }
  if (const auto xdg = environment("XDG_CACHE_HOME"); xdg && !xdg->empty()) {
    return *xdg + "/medsave";
  }
  return home_directory() + "/.cache/medsave";
}

void make_cache_base(const std::string& base) {
  make_directories(base, 0700);
  if (!list_dir(open_dir_at(kCurrentDirectory, base, true).get()).empty()) return;
  write_file_durably(base + "/CACHEDIR.TAG", as_bytes(kTag), 0600);
}

bool is_cache_tag(const std::string& path) { return holds(kCurrentDirectory, path, kTag); }

bool is_cache_directory(const std::string& base, const std::string& name) {
  return Id::parse(name) &&
         is_cache_directory(open_dir_at(kCurrentDirectory, base, true).get(), name);
}

bool is_cache(DirHandle folder) {
  constexpr std::array<std::string_view, 3> kNotes = {"configs", "repositories.json", "running"};
  const std::vector<std::string> names = list_dir(folder);
  const auto is_note = [&](const std::string& name) {
    return std::ranges::find(kNotes, name) != kNotes.end();
  };
  if (std::ranges::any_of(names, is_note) && holds(folder, "CACHEDIR.TAG", kTag)) return true;
  return std::ranges::any_of(
      names, [&](const std::string& name) { return is_cache_directory(folder, name); });
}

std::vector<CacheDirectory> list_cache_directories(const std::string& base, bool with_sizes,
                                                   const Timestamp& now) {
  constexpr double kOldAfter = 30.0 * 24 * 3600;  // seconds
  std::vector<CacheDirectory> directories;
  if (!stat_at(kCurrentDirectory, base)) return directories;
  const UniqueDir dir = open_dir_at(kCurrentDirectory, base, true);
  for (const DirEntry& entry : list_entries(dir.get())) {
    if (!is_cache_directory(base, entry.name)) continue;
    const std::optional<FileInfo> info = lstat_at(dir.get(), entry);
    if (!info) continue;
    directories.push_back({.repository_id = entry.name,
                           .size = with_sizes ? size_below(dir.get(), entry.name) : 0,
                           .last_used = info->mtime.seconds,
                           .old = seconds_between(info->mtime, now) > kOldAfter});
  }
  std::ranges::sort(directories, {}, &CacheDirectory::repository_id);
  return directories;
}

void remove_cache_directory(const std::string& base, const std::string& repository_id) {
  if (!is_cache_directory(base, repository_id)) {
    throw Error(Errc::usage, format_text(_("{} is not the id of a repository"), repository_id));
  }
  const UniqueDir dir = open_dir_at(kCurrentDirectory, base, true);
  remove_tree_at(dir.get(), repository_id);
}

}  // namespace medsave
