#include "posix.hpp"

#include "medsave/sys/file_info.hpp"
#include "medsave/sys/metadata.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <utility>
#include <vector>

namespace medsave {
namespace {

/// A folder on the way down. Only the deepest one is open: trees may be deeper than the limit of
/// open files, so the way back up goes through ".." and is checked by device and inode.
struct Level {
  std::string name;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::vector<std::string> left;
};

enum class Removal { done, gone, is_dir };

Removal try_unlink(int dir, const std::string& name) {
  if (::unlinkat(dir, name.c_str(), 0) == 0) return Removal::done;
  if (errno == ENOENT) return Removal::gone;
  if (errno == EISDIR) return Removal::is_dir;
  const int error_number = errno;
  if (error_number == EPERM) {  // POSIX's answer for a folder
    const std::optional<FileInfo> info = lstat_at(dir, name);
    if (info && info->is_dir()) return Removal::is_dir;
  }
  errno = error_number;
  throw_errno(N_("cannot remove {}"), name);
}

Level enter(int fd, const std::string& name) {
  const FileInfo info = fstat_fd(fd);
  return {.name = name, .device = info.device, .inode = info.inode, .left = list_dir(fd)};
}

UniqueFd open_parent(int fd, const Level& expected) {
  UniqueFd parent = open_dir_at(fd, "..");
  const FileInfo info = fstat_fd(parent.get());
  if (info.device != expected.device || info.inode != expected.inode) {
    throw Error(Errc::io,
                format_text(_("cannot remove {}: it was moved meanwhile"), expected.name));
  }
  return parent;
}

void remove_empty_dir(int dir, const std::string& name) {
  if (::unlinkat(dir, name.c_str(), AT_REMOVEDIR) != 0) throw_errno(N_("cannot remove {}"), name);
}

}  // namespace

std::uint64_t remove_tree_at(int dir, const std::string& name) {
  switch (try_unlink(dir, name)) {
    case Removal::done:
      return 1;
    case Removal::gone:
      errno = ENOENT;
      throw_errno(N_("cannot remove {}"), name);
    case Removal::is_dir:
      break;
  }
  std::uint64_t removed = 0;
  UniqueFd here = open_dir_at(dir, name);
  std::vector<Level> way;
  way.push_back(enter(here.get(), name));
  for (;;) {
    if (!way.back().left.empty()) {
      const std::string entry = std::move(way.back().left.back());
      way.back().left.pop_back();
      const Removal outcome = try_unlink(here.get(), entry);
      if (outcome == Removal::done) ++removed;
      if (outcome == Removal::is_dir) {
        here = open_dir_at(here.get(), entry);
        way.push_back(enter(here.get(), entry));
      }
      continue;
    }
    const std::string finished = std::move(way.back().name);
    way.pop_back();
    ++removed;
    if (way.empty()) {
      remove_empty_dir(dir, finished);
      return removed;
    }
    here = open_parent(here.get(), way.back());
    remove_empty_dir(here.get(), finished);
  }
}

}  // namespace medsave
