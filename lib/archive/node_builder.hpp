#pragma once

#include "medsave/base/clock.hpp"
#include "medsave/base/progress.hpp"
#include "medsave/format/node.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/xattr.hpp"

#include <functional>
#include <string>
#include <vector>

namespace medsave {

/// The node that describes a file: all that lstat tells, with owner names. Content, subtree, link
/// target, extended attributes and a file's size are the caller's to fill in.
/// Throws Error(unsupported) for a kind of file the format does not know.
Node make_node(std::string name, const FileInfo& info, bool with_atime);

/// The node of a file or folder that is not on the disk, as it is restored: of this user, and last
/// changed at `time`. Content or subtree are the caller's to fill in.
Node make_stream_node(std::string name, NodeType type, const Timestamp& time);

/// Sets the extended attributes that `read` gives. If it throws, or an attribute's name is no
/// UTF-8, that is reported to `problem`: the format has no place for such a name, and under another
/// name two attributes might become one. The entry itself is saved all the same.
void set_extended_attributes(Node& node,
                             const std::function<std::vector<Xattr>(const NoticeSink&)>& read,
                             const NoticeSink& problem);

}  // namespace medsave
