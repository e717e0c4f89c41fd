#include "target_tree.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/metadata.hpp"
#include "medsave/sys/xattr.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace medsave {
namespace {

constexpr std::size_t kOpenDirs = 128;  // a fraction of the usual limit of 1024 descriptors
constexpr unsigned kPrivateDir = 0700;
constexpr const char* kDefaultAcl = "system.posix_acl_default";

bool has_default_acl(int dir) {
  const std::vector<std::string> names = list_xattrs_at(dir, ".");
  return std::ranges::find(names, kDefaultAcl) != names.end();
}

/// The final mode follows at the end; until then we must be able to make entries.
void allow_work_in(int dir, const std::string& name, std::uint32_t mode) {
  try {
    set_permissions_at(dir, name, mode | kPrivateDir);
  } catch (const Error& e) {
    if (e.code() != Errc::permission) throw;  // perhaps a group's rights suffice
  }
}

}  // namespace

void clear_way(int dir, const std::string& name, bool recursive) {
  const std::optional<FileInfo> there = lstat_at(dir, name);
  if (!there) return;
  if (!there->is_dir()) {
    remove_file_at(dir, name);
  } else if (recursive || list_dir(open_dir_at(dir, name).get()).empty()) {
    remove_tree_at(dir, name);
  } else {
    throw Error(Errc::exists, format_text(_("a folder with content is in the place of {}; remove "
                                            "it, or restore with --delete"),
                                          name));
  }
}

TargetTree::TargetTree(const RestoreRequest& request) : request_(request), open_(kOpenDirs) {
  dirs_.push_back({});
  open_root();
}

void TargetTree::open_root() {
  const bool exists = stat_at(kCurrentDirectory, request_.target).has_value();
  if (!exists && request_.dry_run) {
    dirs_[kRoot].state = State::missing;
    return;
  }
  if (!exists) make_directories(request_.target, kPrivateDir);
  // The user names the target and may mean a symlink; everything below is taken literally.
  adopt(kRoot, open_dir_at(kCurrentDirectory, request_.target, true),
        exists ? State::existing : State::made);
}

std::uint32_t TargetTree::add(std::uint32_t parent, const std::string& name, NodeMetadata metadata,
                              const Id& tree) {
  const std::lock_guard lock(mutex_);
  dirs_.push_back({.parent = parent, .name = name, .metadata = std::move(metadata), .tree = tree});
  return static_cast<std::uint32_t>(dirs_.size() - 1);
}

SharedFd TargetTree::adopt(std::uint32_t dir, UniqueFd fd, State state) {
  Dir& entry = dirs_[dir];
  const FileInfo info = fstat_fd(fd.get());
  entry.device = info.device;
  entry.inode = info.inode;
  // A directory of our own has what its parent bequeaths, only others need a look.
  entry.bequeaths_xattrs = state == State::made && dir != kRoot
                               ? dirs_[entry.parent].bequeaths_xattrs
                               : has_default_acl(fd.get());
  entry.state = state;
  return open_.insert(dir, std::move(fd));
}

SharedFd TargetTree::make(std::uint32_t dir, const SharedFd& parent) {
  Dir& entry = dirs_[dir];
  const int at = parent->get();
  std::optional<FileInfo> there;
  if (dirs_[entry.parent].state != State::made) there = lstat_at(at, entry.name);
  if (there && !there->is_dir()) {
    if (request_.overwrite == Overwrite::never) {
      throw Error(Errc::exists, format_text(_("{} exists and is not a folder"), entry.name));
    }
    if (!request_.dry_run) remove_file_at(at, entry.name);
    there.reset();
  }
  if (there) {
    if (!request_.dry_run && (there->mode & kPrivateDir) != kPrivateDir) {
      allow_work_in(at, entry.name, there->mode);
    }
    return adopt(dir, open_dir_at(at, entry.name), State::existing);
  }
  if (request_.dry_run) {
    entry.state = State::missing;
    return nullptr;
  }
  make_dir_at(at, entry.name, kPrivateDir);
  return adopt(dir, open_dir_at(at, entry.name), State::made);
}

SharedFd TargetTree::ensure_locked(std::uint32_t dir) {
  Dir& entry = dirs_[dir];
  switch (entry.state) {
    case State::missing:
      return nullptr;
    case State::existing:
    case State::made:
      return open_locked(dir);
    case State::failed:
      throw Error(Errc::io, _("its folder could not be made"));
    case State::untouched:
      break;
  }
  entry.state = State::failed;  // unless it succeeds
  const SharedFd parent = ensure_locked(entry.parent);
  if (!parent) {
    entry.state = State::missing;
    return nullptr;
  }
  return make(dir, parent);
}

SharedFd TargetTree::open_locked(std::uint32_t dir) {
  if (SharedFd fd = open_.find(dir)) return fd;
  const Dir& entry = dirs_[dir];
  if (entry.state == State::missing) return nullptr;
  UniqueFd fd = dir == kRoot ? open_dir_at(kCurrentDirectory, request_.target, true)
                             : open_dir_at(open_locked(entry.parent)->get(), entry.name);
  const FileInfo info = fstat_fd(fd.get());
  if (info.device != entry.device || info.inode != entry.inode) {
    throw Error(Errc::io, format_text(_("folder {} was replaced while restoring"), entry.name));
  }
  return open_.insert(dir, std::move(fd));
}

SharedFd TargetTree::ensure(std::uint32_t dir) {
  const std::lock_guard lock(mutex_);
  return ensure_locked(dir);
}

SharedFd TargetTree::open(std::uint32_t dir) {
  const std::lock_guard lock(mutex_);
  return open_locked(dir);
}

bool TargetTree::is_fresh(std::uint32_t dir) const {
  const std::lock_guard lock(mutex_);
  return dirs_[dir].state == State::made;
}

bool TargetTree::bequeaths_xattrs(std::uint32_t dir) const {
  const std::lock_guard lock(mutex_);
  return dirs_[dir].bequeaths_xattrs;
}

bool TargetTree::is_ready(std::uint32_t dir) const {
  const std::lock_guard lock(mutex_);
  const State state = dirs_[dir].state;
  return state != State::untouched && state != State::failed;
}

std::uint32_t TargetTree::count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::uint32_t>(dirs_.size());
}

std::uint32_t TargetTree::parent(std::uint32_t dir) const {
  const std::lock_guard lock(mutex_);
  return dirs_[dir].parent;
}

std::string TargetTree::name(std::uint32_t dir) const {
  const std::lock_guard lock(mutex_);
  return dirs_[dir].name;
}

const NodeMetadata& TargetTree::metadata(std::uint32_t dir) const {
  const std::lock_guard lock(mutex_);
  return dirs_[dir].metadata;
}

Id TargetTree::tree(std::uint32_t dir) const {
  const std::lock_guard lock(mutex_);
  return dirs_[dir].tree;
}

void TargetTree::set_root_tree(const Id& tree) {
  const std::lock_guard lock(mutex_);
  dirs_[kRoot].tree = tree;
}

std::string TargetTree::path(std::uint32_t dir) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint32_t> chain;
  for (std::uint32_t at = dir; at != kRoot; at = dirs_[at].parent) chain.push_back(at);
  std::string path;
  for (auto at = chain.rbegin(); at != chain.rend(); ++at) path.append("/").append(dirs_[*at].name);
  return path.empty() ? "/" : path;
}

std::string TargetTree::path(std::uint32_t dir, const std::string& name) const {
  std::string out = dir == kRoot ? std::string() : path(dir);
  return out.append("/").append(name);
}

}  // namespace medsave
