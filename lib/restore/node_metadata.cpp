#include "node_metadata.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/unix_mode.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/host.hpp"
#include "medsave/sys/metadata.hpp"
#include "medsave/sys/xattr.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace medsave {

namespace {

constexpr std::uint32_t kOwnerWrites = 0200;
constexpr std::uint32_t kSetIds = unix_mode::kSetuid | unix_mode::kSetgid;

/// Attributes that an owner may set; all others are root's.
bool is_users_own(const std::string& xattr) { return xattr.starts_with("user."); }

EntryKind kind_of(NodeType type) {
  if (type == NodeType::symlink) return EntryKind::symlink;
  return type == NodeType::dir ? EntryKind::dir : EntryKind::file;
}

}  // namespace

NodeMetadata present_metadata(DirHandle dir, const std::string& name, const FileInfo& info,
                              const NoticeSink& problem) {
  NodeMetadata metadata = {.mtime = info.mtime,
                           .atime = info.atime,
                           .uid = info.uid,
                           .gid = info.gid,
                           .permissions = info.mode & unix_mode::kPermissions,
                           .kind = info.is_symlink() ? EntryKind::symlink : EntryKind::file};
  for (Xattr& xattr : read_xattrs_at(dir, name, info.is_symlink(), problem)) {
    if (xattr.name.starts_with("security.")) continue;  // given by the system's policy
    metadata.xattrs.push_back({.name = std::move(xattr.name), .value = std::move(xattr.value)});
  }
  return metadata;
}

MetadataWriter::MetadataWriter(const RestoreRequest& request, NoticeSink notice)
    : request_(request), notice_(std::move(notice)), is_root_(is_root()) {}

bool MetadataWriter::selects_xattr(const std::string& name) const {
  if (!request_.include_xattrs.empty()) return request_.include_xattrs.check("/" + name).matches;
  if (!request_.exclude_xattrs.empty()) return !request_.exclude_xattrs.check("/" + name).matches;
  return true;
}

NodeMetadata MetadataWriter::prepare(Node& node) const {
  NodeMetadata metadata = {.mtime = node.mtime,
                           .atime = node.atime,
                           .uid = node.uid,
                           .gid = node.gid,
                           .permissions = go_mode::to_unix_permissions(node.mode),
                           .kind = kind_of(node.type),
                           .xattrs = std::move(node.extended_attributes)};
  if (request_.ownership_by_name) {
    metadata.uid = user_id_of(node.user).value_or(node.uid);
    metadata.gid = group_id_of(node.group).value_or(node.gid);
  }
  std::erase_if(metadata.xattrs,
                [&](const ExtendedAttribute& xattr) { return !selects_xattr(xattr.name); });
  return metadata;
}

template <typename Step>
void MetadataWriter::attempt(const Entry& entry, MetadataPart part, bool needs_root,
                             const Step& step) const {
  try {
    step(entry.name);
  } catch (const Error& e) {
    const bool denied = e.code() == Errc::permission;
    if (denied && needs_root && !is_root_) return;
    const bool refused = denied || e.code() == Errc::unsupported;
    if (refused && limits_.explain(entry.dir, entry.metadata.kind, part, step)) return;
    entry.problem(e.what());
  }
}

void MetadataWriter::apply_owner(const Entry& entry) const {
  const NodeMetadata& wanted = entry.metadata;
  attempt(entry, MetadataPart::owner, true, [&](const std::string& name) {
    // To look costs a fifth of a change, and mostly the owner is right already.
    const std::optional<FileInfo> now = lstat_at(entry.dir, name);
    if (now && now->uid == wanted.uid && now->gid == wanted.gid) return;
    set_owner_at(entry.dir, name, wanted.uid, wanted.gid);
  });
}

void MetadataWriter::set_xattr(const std::string& name, DirHandle dir,
                               const ExtendedAttribute& xattr) const {
  try {
    set_xattr_at(dir, name, {.name = xattr.name, .value = xattr.value});
  } catch (const Error& e) {
    if (e.code() != Errc::unsupported) throw;
    if (told_unsupported_.exchange(true) || !notice_) return;
    notice_(format_text(_("the target's file system cannot keep all extended attributes (first: "
                          "{}); those are left out"),
                        xattr.name));
  }
}

void MetadataWriter::apply_xattrs(const Entry& entry, bool may_have_xattrs) const {
  const std::vector<ExtendedAttribute>& wanted = entry.metadata.xattrs;
  std::vector<std::string> superfluous;
  if (may_have_xattrs) {
    attempt(entry, MetadataPart::attributes, true, [&](const std::string& name) {
      for (std::string& present : list_xattrs_at(entry.dir, name)) {
        // Security labels are left alone: the system's policy sets and requires them.
        if (present.starts_with("security.") || !selects_xattr(present)) continue;
        if (std::ranges::find(wanted, present, &ExtendedAttribute::name) == wanted.end()) {
          superfluous.push_back(std::move(present));
        }
      }
    });
  }
  if (wanted.empty() && superfluous.empty()) return;
  make_writable(entry);
  for (const std::string& xattr : superfluous) {
    attempt(entry, MetadataPart::attributes, !is_users_own(xattr),
            [&](const std::string& name) { remove_xattr_at(entry.dir, name, xattr); });
  }
  for (const ExtendedAttribute& xattr : wanted) {
    attempt(entry, MetadataPart::attributes, !is_users_own(xattr.name),
            [&](const std::string& name) { set_xattr(name, entry.dir, xattr); });
  }
}

/// An owner may set attributes only where he may write. The final permissions come afterwards.
void MetadataWriter::make_writable(const Entry& entry) const {
  if (is_root_ || entry.metadata.kind == EntryKind::symlink) return;
  const std::optional<FileInfo> now = lstat_at(entry.dir, entry.name);
  if (!now || now->uid != user_id() || (now->mode & kOwnerWrites) != 0) return;
  const std::uint32_t permissions = (now->mode & unix_mode::kPermissions) | kOwnerWrites;
  attempt(entry, MetadataPart::mode, false,
          [&](const std::string& name) { set_permissions_at(entry.dir, name, permissions); });
}

/// Whoever runs a setuid program acts as its owner. Where the owner is not the one whom the
/// snapshot names, these bits go, as they do when an owner changes. On a folder, setgid gives
/// nobody any rights.
std::uint32_t MetadataWriter::safe_permissions(const Entry& entry) const {
  const NodeMetadata& wanted = entry.metadata;
  if ((wanted.permissions & kSetIds) == 0 || wanted.kind == EntryKind::dir) {
    return wanted.permissions;
  }
  const std::optional<FileInfo> now = lstat_at(entry.dir, entry.name);
  if (now && now->uid == wanted.uid && now->gid == wanted.gid) return wanted.permissions;
  set_ids_dropped_.fetch_add(1);
  return wanted.permissions & ~kSetIds;
}

/// A time before or after all that the file system can hold is silently replaced by the nearest one
/// that it can.
void MetadataWriter::note_clamped_time(const Entry& entry) const {
  // All hold these: FAT begins with 1980, and many end where 32 bits do.
  constexpr std::int64_t kFirst = 315619200;
  constexpr std::int64_t kLast = 0x7fffffff;
  constexpr double kCoarsest = 2;  // seconds, of FAT
  const Timestamp& wanted = entry.metadata.mtime;
  if (wanted.seconds >= kFirst && wanted.seconds <= kLast) return;
  const std::optional<FileInfo> now = lstat_at(entry.dir, entry.name);
  if (!now || std::abs(seconds_between(now->mtime, wanted)) <= kCoarsest) return;
  limits_.add(MetadataPart::times);
}

void MetadataWriter::apply(DirHandle dir, const std::string& name, const NodeMetadata& metadata,
                           bool may_have_xattrs, const NoticeSink& problem) const {
  const Entry entry = {.dir = dir, .name = name, .metadata = metadata, .problem = problem};
  apply_owner(entry);
  if (may_have_xattrs || !metadata.xattrs.empty()) apply_xattrs(entry, may_have_xattrs);
  bool are_set = false;
  attempt(entry, MetadataPart::times, false, [&](const std::string& which) {
    set_times_at(dir, which, metadata.atime, metadata.mtime);
    are_set = which == name;  // and not of a trial's entry
  });
  if (are_set) note_clamped_time(entry);
  if (metadata.kind == EntryKind::symlink) return;
  // Last: the mode is the mark by which the next restore knows a file that is not finished.
  const std::uint32_t permissions = safe_permissions(entry);
  attempt(entry, MetadataPart::mode, false,
          [&](const std::string& which) { set_permissions_at(dir, which, permissions); });
}

void MetadataWriter::report() const {
  limits_.report(notice_);
  const unsigned long dropped = set_ids_dropped_;
  if (dropped == 0 || !notice_) return;
  notice_(format_text(
      n_("{} file lost its setuid and setgid bits, because it belongs to somebody else than in the "
         "snapshot",
         "{} files lost their setuid and setgid bits, because they belong to somebody else than in "
         "the snapshot",
         dropped),
      dropped));
}

}  // namespace medsave
