#pragma once

#include "parent_matcher.hpp"
#include "source_tree.hpp"

#include "medsave/base/error.hpp"
#include "medsave/format/tree.hpp"
#include "medsave/snap/path_filter.hpp"
#include "medsave/sys/file_info.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace medsave {

/// A folder and what it listed.
struct FolderList {
  const SourceDir& dir;  // open
  const FileInfo& seen;  // the folder itself, before it was listed
  const std::vector<SourceEntry>& entries;
  const std::optional<Error>& cut_short;  // as in SourceList
};

/// What the parent snapshot has of a folder and its list lacks now, although that does not prove
/// that it is gone: the list was cut short, the folder had not been changed, or the name is there
/// all the same. File systems such as FAT and ISO 9660 list less when the drive does not answer,
/// and others leave out what stands in a damaged block. `before` is the folder in that snapshot,
/// `previous` what that has of it.
std::vector<std::string> names_withheld(const FolderList& list, const Node& before,
                                        const Tree& previous, const ParentMatcher& matcher,
                                        const PathFilter& excludes);

/// What to tell of `count` such names and of a list that was cut short; nullopt for neither.
std::optional<std::string> describe_withheld(const FolderList& list, std::size_t count);

}  // namespace medsave
