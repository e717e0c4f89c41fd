#pragma once

// mount: the snapshots as a file system (FUSE). Begin here. In lib/mount, fuse_operations.hpp
// answers the kernel's requests, mount_view.hpp is the folders that these see, and
// content_reader.hpp reads the files.

#include "medsave/base/progress.hpp"
#include "medsave/mount/mount_names.hpp"
#include "medsave/repo/repository.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace medsave {

struct MountRequest {
  std::string mountpoint = {};
  SnapshotFilter filter = {};
  MountNames names = {};
  bool owner_root = false;          // everything belongs to root
  bool allow_other = false;         // other users see the folder too
  bool default_permissions = true;  // with allow_other: stored modes and owners decide
};

struct MountSinks {
  std::function<void()> ready = {};  // the folder can be used from now on
  NoticeSink notice = {};            // damage that somebody came across, once per file
};

/// Throws Error, telling what to do, unless `mountpoint` is an existing folder apart from
/// `repository_folder` (of a repository on this machine): neither may lie in the other, because
/// the program would wait for itself.
void check_mountpoint(const std::string& mountpoint,
                      const std::optional<std::string>& repository_folder);

/// Shows the snapshots read-only in a folder by way of FUSE, until `stop` or until somebody
/// unmounts it. Snapshots that others add meanwhile appear. The caller holds a shared lock.
/// Serves many requests at a time; memory is bounded by about 64 MiB of content and 48 MiB of
/// folder lists besides the index. Throws Error(unsupported, permission, io) when it cannot be
/// mounted.
void serve_mount(const Repository& repository, const MountRequest& request, const MountSinks& sinks,
                 const std::stop_token& stop);

}  // namespace medsave
