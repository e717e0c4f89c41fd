#include "node_metadata.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/host.hpp"
#include "medsave/sys/metadata.hpp"
#include "medsave/sys/xattr.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace medsave {

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
                           .is_symlink = node.type == NodeType::symlink,
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
void MetadataWriter::attempt(const Step& step, const NoticeSink& problem) const {
  try {
    step();
  } catch (const Error& e) {
    if (e.code() == Errc::no_space) throw;
    if (e.code() == Errc::permission && !is_root_) return;
    problem(e.what());
  }
}

void MetadataWriter::apply_xattrs(int dir, const std::string& name, const NodeMetadata& metadata,
                                  bool may_have_xattrs, const NoticeSink& problem) const {
  if (may_have_xattrs) {
    attempt(
        [&] {
          for (const std::string& present : list_xattrs_at(dir, name)) {
            // Security labels belong to the system's policy, which refuses to have none.
            if (present.starts_with("security.") || !selects_xattr(present)) continue;
            if (std::ranges::find(metadata.xattrs, present, &ExtendedAttribute::name) ==
                metadata.xattrs.end()) {
              remove_xattr_at(dir, name, present);
            }
          }
        },
        problem);
  }
  for (const ExtendedAttribute& xattr : metadata.xattrs) {
    attempt(
        [&] {
          try {
            set_xattr_at(dir, name, {.name = xattr.name, .value = xattr.value});
          } catch (const Error& e) {
            if (e.code() != Errc::unsupported) throw;
            if (told_unsupported_.exchange(true) || !notice_) return;
            notice_(format_text(_("the target's file system cannot keep all extended attributes "
                                  "(first: {}); those are left out"),
                                xattr.name));
          }
        },
        problem);
  }
}

void MetadataWriter::apply(int dir, const std::string& name, const NodeMetadata& metadata,
                           bool may_have_xattrs, const NoticeSink& problem) const {
  attempt(
      [&] {
        // To look costs a fifth of a change, and mostly the owner is who restores.
        const std::optional<FileInfo> now = lstat_at(dir, name);
        if (now && now->uid == metadata.uid && now->gid == metadata.gid) return;
        set_owner_at(dir, name, metadata.uid, metadata.gid);
      },
      problem);
  if (may_have_xattrs || !metadata.xattrs.empty()) {
    apply_xattrs(dir, name, metadata, may_have_xattrs, problem);
  }
  attempt([&] { set_times_at(dir, name, metadata.atime, metadata.mtime); }, problem);
  if (metadata.is_symlink) return;
  attempt([&] { set_permissions_at(dir, name, metadata.permissions); }, problem);
}

}  // namespace medsave
