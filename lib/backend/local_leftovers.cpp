#include "local_leftovers.hpp"

#include "medsave/backend/file_layout.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/base/error.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/metadata.hpp"

#include <algorithm>
#include <optional>

namespace medsave {
namespace {

constexpr double kAbandoned = 24.0 * 3600;  // seconds

/// No descriptor where there is no such folder.
UniqueDir open_if_there(const HeldFolder& root, const std::string& name) {
  try {
    return open_dir_at(root.fd(), name, true);
  } catch (const Error& e) {
    if (e.code() != Errc::not_found) throw;
    return {};
  }
}

/// The modification time of the folder is enough on most media; FAT never changes it.
std::optional<Timestamp> time_of_medium(const HeldFolder& root, const std::string& locks) {
  const UniqueDir dir = open_if_there(root, locks);
  if (!dir) return std::nullopt;
  Timestamp newest = stat_dir(dir.get()).mtime;
  for (const DirEntry& entry : list_entries(dir.get())) {
    if (const auto info = lstat_at(dir.get(), entry)) newest = std::max(newest, info->mtime);
  }
  return newest;
}

std::uint64_t remove_from(const UniqueDir& dir, const Timestamp& now) {
  std::uint64_t freed = 0;
  for (const DirEntry& entry : list_entries(dir.get())) {
    if (!is_temporary_name(entry.name)) continue;
    const std::optional<FileInfo> info = lstat_at(dir.get(), entry);
    if (!info || !info->is_regular()) continue;
    if (seconds_between(info->mtime, now) <= kAbandoned) continue;
    remove_file_at(dir.get(), entry.name);
    freed += info->size;
  }
  return freed;
}

}  // namespace

std::uint64_t remove_old_leftovers(const HeldFolder& root, const std::vector<std::string>& folders,
                                   const std::string& locks, const Timestamp& now) {
  const std::optional<Timestamp> by_medium = time_of_medium(root, locks);
  if (!by_medium) return 0;
  const Timestamp earlier = std::min(*by_medium, now);
  std::uint64_t freed = 0;
  for (const std::string& folder : folders) {
    if (const UniqueDir dir = open_if_there(root, folder)) freed += remove_from(dir, earlier);
  }
  return freed;
}

}  // namespace medsave
