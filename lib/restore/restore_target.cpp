#include "restore_target.hpp"

#include "entry_decision.hpp"
#include "target_entry.hpp"
#include "temporary_file.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/unix_mode.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/host.hpp"
#include "medsave/sys/metadata.hpp"
#include "medsave/sys/xattr.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace medsave {
namespace {

/// An eighth of the descriptors there may be, 128 of the usual 1024.
std::size_t most_open_dirs() { return std::clamp<std::size_t>(open_file_limit() / 8, 4, 128); }

constexpr unsigned kPrivateDir = 0700;
// Mode of a target that gets a folder's metadata at the end: a restore that continues an
// interrupted one recognises it.
constexpr unsigned kUnfinishedRoot = 01700;
constexpr const char* kDefaultAcl = "system.posix_acl_default";

/// Where attributes cannot be listed, none is known.
bool has_default_acl(DirHandle dir) {
  try {
    const std::vector<std::string> names = list_xattrs_at(dir, ".");
    return std::ranges::find(names, kDefaultAcl) != names.end();
  } catch (const Error&) {
    return false;
  }
}

bool is_unfinished_root(DirHandle dir) {
  return (stat_dir(dir).mode & unix_mode::kPermissions) == kUnfinishedRoot;
}

/// The final mode follows at the end; until then we must be able to make entries. Whether the mode
/// was changed.
bool allow_work_in(DirHandle dir, const std::string& name, std::uint32_t mode) {
  try {
    set_permissions_at(dir, name, mode | kPrivateDir);
    return true;
  } catch (const Error& e) {
    if (e.code() != Errc::permission) throw;  // perhaps a group's rights suffice
    return false;
  }
}

}  // namespace

RestoreTarget::RestoreTarget(const RestoreRequest& request, bool dry_run)
    : request_(request), dry_run_(dry_run), open_(most_open_dirs()) {
  dirs_.push_back({});
  open_root();
}

Error unusable_target(const Error& why) {
  return {why.code(),
          format_text(_("{}. Nothing was restored; choose another folder with --target."),
                      without_stop(why.what()))};
}

void RestoreTarget::open_root() {
  try {
    try_to_open_root();
  } catch (const Error& e) {
    // These two say themselves what is wrong.
    if (e.code() == Errc::no_space || e.code() == Errc::unsupported) throw;
    throw unusable_target(e);
  }
}

void RestoreTarget::try_to_open_root() {
  const bool exists = stat_at(kCurrentDirectory, request_.target).has_value();
  if (!exists && dry_run_) {
    dirs_[kRoot].state = State::missing;
    return;
  }
  if (!exists) make_directories(request_.target, kPrivateDir);
  const bool becomes_a_folder = request_.folder && !dry_run_ && request_.includes.empty();
  // The user names the target and may mean a symlink; everything below is taken literally.
  const SharedDir root = adopt(kRoot, open_dir_at(kCurrentDirectory, request_.target, true),
                               exists ? State::existing : State::made);
  if (!becomes_a_folder) return;
  becomes_folder_ = !exists || is_unfinished_root(root->get()) || list_dir(root->get()).empty();
  if (becomes_folder_) set_mode_where_possible(root->get(), kUnfinishedRoot, request_.target);
}

std::uint32_t RestoreTarget::add(std::uint32_t parent, const std::string& name,
                                 NodeMetadata metadata, const Id& tree, bool chosen) {
  const std::lock_guard lock(mutex_);
  dirs_.push_back({.parent = parent,
                   .chosen = chosen,
                   .name = name,
                   .metadata = std::move(metadata),
                   .tree = tree});
  return static_cast<std::uint32_t>(dirs_.size() - 1);
}

SharedDir RestoreTarget::adopt(std::uint32_t dir, UniqueDir opened, State state) {
  Dir& entry = dirs_[dir];
  const FileInfo info = stat_dir(opened.get());
  entry.key = info.key();
  // A directory that we made has its parent's default ACL; only existing ones are looked at.
  entry.bequeaths_xattrs = state == State::made && dir != kRoot
                               ? dirs_[entry.parent].bequeaths_xattrs
                               : has_default_acl(opened.get());
  SharedDir open = open_.insert(dir, std::move(opened));
  if (file_systems_.try_emplace(info.device, open).second) require_marks(open->get());
  entry.state = state;
  return open;
}

/// A file that an earlier restore left unfinished is known by its mode. On a file system that keeps
/// no modes, these two would take it for a complete one.
void RestoreTarget::require_marks(DirHandle folder) const {
  const bool leaves_files =
      request_.overwrite == Overwrite::never || request_.overwrite == Overwrite::if_newer;
  if (!leaves_files || dry_run_ || names_in(folder).empty()) return;
  const std::string name = ".medsave-" + std::to_string(process_id());
  const UniqueFd probe = create_file_at(folder, name, kUnfinished);
  const FileInfo made = fstat_fd(probe.get());
  remove_file_at(folder, name);
  if (is_unfinished(made)) return;
  throw Error(
      Errc::unsupported,
      format_text(_("the medium of {} keeps no modes, so that files which an interrupted restore "
                    "left incomplete cannot be told from others; nothing was written there. Use "
                    "--overwrite if-changed, which compares contents, or an empty folder."),
                  request_.target));
}

SharedDir RestoreTarget::make(std::uint32_t dir, const SharedDir& parent) {
  Dir& entry = dirs_[dir];
  const DirHandle at = parent->get();
  std::optional<FileInfo> there;
  const bool parent_is_fresh = dirs_[entry.parent].state == State::made;
  if (!parent_is_fresh) there = lstat_at(at, entry.name);
  if (there && !there->is_dir()) {
    const Decision decision =
        decide_folder({.mtime = entry.metadata.mtime,
                       .chosen = entry.chosen,
                       .leads_to_sources = leads_to_sources(path_locked(dir), request_),
                       .is_source = is_source(path_locked(dir), request_)},
                      there, restore_policy(request_));
    if (decision.action == EntryAction::refuse) throw refusal(decision.reason, entry.name);
    // The file system may take the name for another one (case, accents), even of a file restored
    // just now.
    if (!lists_all(at, {entry.name})) {
      throw_unexpected(
          at, entry.name,
          Error(Errc::exists, format_text(_("a file is in the place of folder {}"), entry.name)));
    }
    if (!dry_run_) remove_file_at(at, entry.name);
    there.reset();
  }
  if (there) {
    claims_[entry.parent].claim(at, entry.name, there->key());
    if (!dry_run_ && (there->mode & kPrivateDir) != kPrivateDir &&
        allow_work_in(at, entry.name, there->mode)) {
      entry.mode_before = there->mode & unix_mode::kPermissions;
    }
    return adopt(dir, open_dir_at(at, entry.name), State::existing);
  }
  if (dry_run_) {
    entry.state = State::missing;
    return nullptr;
  }
  make_new_entry(at, entry.name, [&] { make_dir_at(at, entry.name, kPrivateDir); });
  SharedDir made = adopt(dir, open_dir_at(at, entry.name), State::made);
  if (!parent_is_fresh) claims_[entry.parent].claim(at, entry.name, entry.key);
  return made;
}

SharedDir RestoreTarget::ensure_locked(std::uint32_t dir) {
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
  const SharedDir parent = ensure_locked(entry.parent);
  if (!parent) {
    entry.state = State::missing;
    return nullptr;
  }
  return make(dir, parent);
}

SharedDir RestoreTarget::open_locked(std::uint32_t dir) {
  if (SharedDir fd = open_.find(dir)) return fd;
  const Dir& entry = dirs_[dir];
  if (entry.state == State::missing) return nullptr;
  UniqueDir opened = dir == kRoot ? open_dir_at(kCurrentDirectory, request_.target, true)
                                  : open_dir_at(open_locked(entry.parent)->get(), entry.name);
  const FileInfo info = stat_dir(opened.get());
  if (!is_same_entry(opened.get(), entry.key, info.key())) {
    throw Error(Errc::io, format_text(_("folder {} was replaced while restoring"), entry.name));
  }
  return open_.insert(dir, std::move(opened));
}

SharedDir RestoreTarget::ensure(std::uint32_t dir) {
  const std::lock_guard lock(mutex_);
  return ensure_locked(dir);
}

SharedDir RestoreTarget::open(std::uint32_t dir) {
  const std::lock_guard lock(mutex_);
  return open_locked(dir);
}

void RestoreTarget::require_in_place(std::uint32_t dir) {
  const std::lock_guard lock(mutex_);
  const Dir& entry = dirs_[dir];
  const SharedDir seen = open_locked(dir == kRoot ? kRoot : entry.parent);
  const std::optional<FileInfo> now = dir == kRoot ? stat_at(kCurrentDirectory, request_.target)
                                                   : lstat_at(seen->get(), entry.name);
  if (now && is_same_entry(seen->get(), entry.key, now->key())) return;
  throw Error(Errc::io,
              format_text(_("folder {} was moved away, or something was mounted over it, while "
                            "restoring: what was restored into it is not there. Restore again."),
                          dir == kRoot ? request_.target : entry.name));
}

void RestoreTarget::reserve(std::uint32_t dir, const std::string& name) {
  const std::lock_guard lock(mutex_);
  reserved_[dir].insert(name);
}

std::string RestoreTarget::temporary_name(std::uint32_t dir, const std::string& name) const {
  std::string temporary = unfinished_name(name);
  const std::lock_guard lock(mutex_);
  const auto reserved = reserved_.find(dir);
  if (reserved == reserved_.end()) return temporary;
  for (unsigned variant = 1; reserved->second.contains(temporary); ++variant) {
    temporary = unfinished_name(name, variant);
  }
  return temporary;
}

bool RestoreTarget::is_fresh(std::uint32_t dir) const {
  const std::lock_guard lock(mutex_);
  return dirs_[dir].state == State::made;
}

bool RestoreTarget::existed(std::uint32_t dir) const {
  const std::lock_guard lock(mutex_);
  return dirs_[dir].state == State::existing;
}

FileKey RestoreTarget::key(std::uint32_t dir) const {
  const std::lock_guard lock(mutex_);
  return dirs_[dir].key;
}

void RestoreTarget::sync() {
  for (const auto& [device, folder] : file_systems_) {
    sync_file_system(folder->get(), request_.target);
  }
}

bool RestoreTarget::bequeaths_xattrs(std::uint32_t dir) const {
  const std::lock_guard lock(mutex_);
  return dirs_[dir].bequeaths_xattrs;
}

bool RestoreTarget::is_ready(std::uint32_t dir) const {
  const std::lock_guard lock(mutex_);
  const State state = dirs_[dir].state;
  return state != State::untouched && state != State::failed;
}

bool RestoreTarget::is_restored(std::uint32_t dir) const {
  const std::lock_guard lock(mutex_);
  return dirs_[dir].chosen || dirs_[dir].state != State::existing;
}

std::optional<std::uint32_t> RestoreTarget::mode_before(std::uint32_t dir) const {
  const std::lock_guard lock(mutex_);
  return dirs_[dir].mode_before;
}

std::uint32_t RestoreTarget::count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::uint32_t>(dirs_.size());
}

std::uint32_t RestoreTarget::parent(std::uint32_t dir) const {
  const std::lock_guard lock(mutex_);
  return dirs_[dir].parent;
}

std::string RestoreTarget::name(std::uint32_t dir) const {
  const std::lock_guard lock(mutex_);
  return dirs_[dir].name;
}

const NodeMetadata& RestoreTarget::metadata(std::uint32_t dir) const {
  const std::lock_guard lock(mutex_);
  return dirs_[dir].metadata;
}

Id RestoreTarget::tree(std::uint32_t dir) const {
  const std::lock_guard lock(mutex_);
  return dirs_[dir].tree;
}

void RestoreTarget::set_root_tree(const Id& tree) {
  const std::lock_guard lock(mutex_);
  dirs_[kRoot].tree = tree;
}

std::string RestoreTarget::path(std::uint32_t dir) const {
  const std::lock_guard lock(mutex_);
  return path_locked(dir);
}

std::string RestoreTarget::path_locked(std::uint32_t dir) const {
  std::vector<std::uint32_t> chain;
  for (std::uint32_t at = dir; at != kRoot; at = dirs_[at].parent) chain.push_back(at);
  std::string path;
  for (auto at = chain.rbegin(); at != chain.rend(); ++at) path.append("/").append(dirs_[*at].name);
  return path.empty() ? "/" : path;
}

std::string RestoreTarget::path(std::uint32_t dir, const std::string& name) const {
  std::string out = dir == kRoot ? std::string() : path(dir);
  return out.append("/").append(name);
}

}  // namespace medsave
