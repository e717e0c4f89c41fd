#pragma once

#include "medsave/base/progress.hpp"
#include "medsave/sys/dir_handle.hpp"

#include <string>
#include <utility>
#include <vector>

namespace medsave {

/// One extended attribute; name and value are raw bytes.
struct Xattr {
  std::string name = {};
  std::string value = {};
};

/// Extended attributes (all listable namespaces, POSIX ACLs among them) of the entry `name` of
/// directory `dir`, in the kernel's order, without following symlinks. "Not supported" lists as
/// empty. A value that cannot be read is left out and reported to `problem`; throws where
/// the list itself cannot be had.
/// Works on names that need not be readable (uses /proc/self/fd for O_PATH descriptors).
std::vector<Xattr> read_xattrs_at(DirHandle dir, const std::string& name, bool is_symlink,
                                  const NoticeSink& problem);
/// The same of an open file or directory: cheaper where a descriptor is at hand.
std::vector<Xattr> read_xattrs_fd(int fd, const NoticeSink& problem);
std::vector<Xattr> read_xattrs_dir(DirHandle dir, const NoticeSink& problem);

/// Sets / removes one attribute of the entry, without following symlinks. Throws Error.
void set_xattr_at(DirHandle dir, const std::string& name, const Xattr& attribute);
void remove_xattr_at(DirHandle dir, const std::string& name, const std::string& attribute);
std::vector<std::string> list_xattrs_at(DirHandle dir, const std::string& name);

}  // namespace medsave
