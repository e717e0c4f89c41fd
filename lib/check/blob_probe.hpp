#pragma once

#include "medsave/repo/blob_reader.hpp"

#include <optional>
#include <string>

namespace medsave {

/// Reads a blob like BlobReader, copy after copy, but says why it failed in the words of a check:
/// which packs hold the bad copies, and nothing of running a check. nullopt when `plain` is good.
std::optional<std::string> probe_blob(const Repository& repository, const Index& index,
                                      const BlobRef& blob, Buffer& plain);

}  // namespace medsave
