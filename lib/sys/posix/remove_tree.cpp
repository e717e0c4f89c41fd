#include "medsave/sys/remove_tree.hpp"

#include "native_dir.hpp"
#include "system_call.hpp"

#include "medsave/sys/file_info.hpp"
#include "medsave/sys/metadata.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <optional>
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
  bool stays = false;             // it, or something in it
  std::size_t parent_length = 0;  // of the path that leads to its parent
};

enum class Outcome { done, gone, is_dir };

Outcome try_unlink(DirHandle dir, const std::string& name) {
  if (::unlinkat(native(dir), name.c_str(), 0) == 0) return Outcome::done;
  if (errno == ENOENT) return Outcome::gone;
  if (errno == EISDIR) return Outcome::is_dir;
  const int error_number = errno;
  if (error_number == EPERM) {  // POSIX's answer for a folder
    const std::optional<FileInfo> info = lstat_at(dir, name);
    if (info && info->is_dir()) return Outcome::is_dir;
  }
  errno = error_number;
  throw_errno(N_("cannot remove {}"), name);
}

UniqueDir open_parent(DirHandle dir, const Level& expected) {
  UniqueDir parent = open_dir_at(dir, "..");
  const FileInfo info = stat_dir(parent.get());
  if (info.device != expected.device || info.inode != expected.inode) {
    throw Error(Errc::io,
                format_text(_("cannot remove {}: it was moved meanwhile"), expected.name));
  }
  return parent;
}

void remove_empty_dir(DirHandle dir, const std::string& name) {
  if (::unlinkat(native(dir), name.c_str(), AT_REMOVEDIR) != 0)
    throw_errno(N_("cannot remove {}"), name);
}

Outcome look_at(DirHandle dir, const std::string& name) {
  const std::optional<FileInfo> info = lstat_at(dir, name);
  if (!info) return Outcome::gone;
  return info->is_dir() ? Outcome::is_dir : Outcome::done;
}

/// Goes down one tree.
class Removal {
 public:
  Removal(bool only_counts, const RemovalJudge& judge, const NewerJudge& is_newer)
      : only_counts_(only_counts), judge_(judge), is_newer_(is_newer) {}

  TreeRemoval run(DirHandle dir, const std::string& name) {
    meet(dir, name);
    while (!way_.empty()) {
      if (!way_.back().left.empty()) {
        const std::string entry = std::move(way_.back().left.back());
        way_.back().left.pop_back();
        meet(here_.get(), entry);
        continue;
      }
      const Level finished = std::move(way_.back());
      way_.pop_back();
      path_.resize(finished.parent_length);
      if (!way_.empty()) here_ = open_parent(here_.get(), way_.back());
      leave(way_.empty() ? dir : here_.get(), finished);
    }
    return result_;
  }

 private:
  [[nodiscard]] Fate judge(DirHandle folder) const {
    return judge_ ? judge_(path_, folder) : Fate::remove;
  }

  /// Something of the folder in turn stays.
  void keep() {
    result_.complete = false;
    if (!way_.empty()) way_.back().stays = true;
  }

  [[nodiscard]] bool is_newer(DirHandle dir, const std::string& name) const {
    if (!is_newer_) return false;
    const std::optional<FileInfo> info = lstat_at(dir, name);
    return info && is_newer_(*info);
  }

  /// Deals with an entry, or goes into it.
  void meet(DirHandle dir, const std::string& name) {
    const std::size_t parent_length = path_.size();
    if (judge_) path_.append(way_.empty() ? "" : "/").append(name);
    const Fate fate = judge(DirHandle());
    if (fate == Fate::remove && is_newer(dir, name)) {
      path_.resize(parent_length);
      ++result_.newer;
      keep();
      return;
    }
    const bool goes = fate == Fate::remove;
    Outcome outcome = Outcome::done;
    if (fate != Fate::keep_all) {
      outcome = goes && !only_counts_ ? try_unlink(dir, name) : look_at(dir, name);
    }
    if (outcome == Outcome::is_dir && enter(dir, name, parent_length, !goes)) return;
    path_.resize(parent_length);
    if (outcome == Outcome::gone) {
      if (!way_.empty()) return;
      errno = ENOENT;
      throw_errno(N_("cannot remove {}"), name);
    }
    if (goes && outcome == Outcome::done) {
      ++result_.entries;
    } else {
      keep();
    }
  }

  /// False for a folder that is kept with all that is in it.
  bool enter(DirHandle dir, const std::string& name, std::size_t parent_length, bool stays) {
    UniqueDir folder = open_dir_at(dir, name);
    if (judge(folder.get()) == Fate::keep_all) return false;
    if (is_mount_point(folder.get())) {
      throw Error(Errc::exists, format_text(_("{} was kept: something is mounted there"), name));
    }
    const FileInfo info = stat_dir(folder.get());
    way_.push_back({.name = name,
                    .device = info.device,
                    .inode = info.inode,
                    .left = list_dir(folder.get()),
                    .stays = stays,
                    .parent_length = parent_length});
    here_ = std::move(folder);
    return true;
  }

  void leave(DirHandle dir, const Level& folder) {
    if (folder.stays) {
      keep();
      return;
    }
    if (!only_counts_) remove_empty_dir(dir, folder.name);
    ++result_.entries;
  }

  bool only_counts_;
  const RemovalJudge& judge_;
  const NewerJudge& is_newer_;
  std::vector<Level> way_ = {};
  UniqueDir here_ = {};    // the last of the way
  std::string path_ = {};  // to what is met, for the judge
  TreeRemoval result_ = {};
};

}  // namespace

TreeRemoval remove_tree_at(DirHandle dir, const std::string& name, const RemovalJudge& judge,
                           const NewerJudge& is_newer) {
  return Removal(false, judge, is_newer).run(dir, name);
}

TreeRemoval count_tree_at(DirHandle dir, const std::string& name, const RemovalJudge& judge,
                          const NewerJudge& is_newer) {
  return Removal(true, judge, is_newer).run(dir, name);
}

}  // namespace medsave
