#pragma once

#include "medsave/format/snapshot.hpp"
#include "medsave/repo/blob_reader.hpp"

#include <string>
#include <vector>

namespace medsave {

/// The paths in a snapshot's tree at which its sources are: everything at or below these was saved,
/// while the folders above only lead to them. The paths are relative to `folder` ("/srv" or "a/b"
/// or "" for the root); "/" when all of it was saved; none when nothing is certain. A source may be
/// inside another one.
///
/// A snapshot records absolute paths ("/home/anna/letters", "C:\Users\anna"), but a relative target
/// is in the tree as it was given: as "letters", or with its entries in the root ("."). So of each
/// path the longest end that exists in the tree is taken, unless it contains a folder that leads to
/// another source.
std::vector<std::string> find_sources(const BlobReader& reader, const Snapshot& snapshot,
                                      const std::string& folder);

}  // namespace medsave
