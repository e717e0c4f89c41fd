#pragma once

#include "medsave/base/error.hpp"
#include "medsave/repo/blob_reader.hpp"

#include <optional>
#include <string>
#include <vector>

namespace medsave {

/// Why no copy of a blob can be read.
struct UnreadableBlob {
  std::string reasons = {};
  std::optional<Error> denied = {};  // this user may not read a pack that has a copy
  std::vector<Id> rotten = {};       // the packs of the other copies
};

/// Reads a blob like BlobReader, copy after copy, but says why it failed in the words of a check:
/// which packs hold the bad copies, and nothing of running a check. nullopt when `plain` is good.
std::optional<UnreadableBlob> probe_blob(const Repository& repository, const Index& index,
                                         const BlobRef& blob, Buffer& plain);

}  // namespace medsave
