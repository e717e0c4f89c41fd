#include "held_folder.hpp"

#include "refused_access.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace medsave {
namespace {

/// The folder that is at the path now; nullopt also where that cannot be found out.
std::optional<FileInfo> look_at(const std::string& path) {
  try {
    return stat_at(kCurrentDirectory, path + "/.");
  } catch (const Error&) {
    return std::nullopt;  // a connection that broke, a folder on the way that is closed now
  }
}

}  // namespace

HeldFolder::HeldFolder(std::string shown, std::string path)
    : shown_(std::move(shown)), path_(std::move(path)) {
  try {
    open();
  } catch (const Error& e) {
    if (e.code() == Errc::permission) throw refused_read(shown_, shown_);
    if (e.code() != Errc::not_found) throw;
  }
}

void HeldFolder::open() {
  fd_ = hold_dir(path_);
  const FileInfo info = stat_dir(fd_.get());
  device_ = info.device;
  inode_ = info.inode;
}

DirHandle HeldFolder::fd() const {
  if (!fd_) throw Error(Errc::not_found, format_text(_("there is no folder {}"), shown_));
  return fd_.get();
}

void HeldFolder::make(unsigned mode) {
  if (is_open() && is_in_place()) return;
  make_directories(path_, mode);
  open();
}

void HeldFolder::sync_way_to_it() const {
  const std::uint64_t device = stat_at(kCurrentDirectory, path_).value_or(FileInfo{}).device;
  std::string folder = path_;
  do {
    folder.erase(std::max<std::size_t>(folder.find_last_of('/'), 1));
    try {
      sync_dir(folder);
    } catch (const Error& e) {
      if (e.code() != Errc::permission)
        throw;  // this user may lack permission to read the folders above
    }
  } while (folder != "/" &&
           stat_at(kCurrentDirectory, folder).value_or(FileInfo{}).device == device);
}

bool HeldFolder::is_in_place() const {
  const std::optional<FileInfo> info = look_at(path_);
  return info && info->device == device_ && info->inode == inode_;
}

void HeldFolder::require_in_place() const {
  if (is_in_place()) return;
  if (look_at(path_)) {
    throw Error(Errc::io, format_text(_("{} is another folder now than at the beginning: its drive "
                                        "has been disconnected or exchanged, so nothing of this "
                                        "counts as saved; connect the drive and start again"),
                                      shown_));
  }
  throw Error(
      Errc::io,
      format_text(
          _("the folder {} has vanished; is its drive still connected? This is not finished, and "
            "what was saved before is still on that drive. Connect it and run the command again."),
          shown_));
}

}  // namespace medsave
