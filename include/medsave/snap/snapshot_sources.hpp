#pragma once

#include "medsave/format/snapshot.hpp"
#include "medsave/repo/blob_reader.hpp"

#include <string>
#include <vector>

namespace medsave {

/// Where in a snapshot's tree that lies which it was made of: everything at or below these places
/// was saved, while a folder above them is there only because it leads to them. Paths within
/// `folder` ("/srv" or "a/b" or "" for the root), "/" when all of that was saved; none when nothing
/// is certain. A source may lie in another one.
///
/// A snapshot tells absolute paths ("/home/anna/letters", "C:\Users\anna"), but a relative target
/// is in the tree as it was given: as "letters", or with its entries in the root ("."). So the
/// longest end of a path that the tree has counts, and none that would take in the way to another
/// source.
std::vector<std::string> find_sources(const BlobReader& reader, const Snapshot& snapshot,
                                      const std::string& folder);

}  // namespace medsave
