#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/base/bytes.hpp"

#include <string>
#include <vector>

namespace medsave {

/// A server's answer to the question what files there are.
struct RestListing {
  std::vector<ListedFile> files = {};
  bool has_sizes = true;                   // version 1 of the protocol gives names only
  std::vector<std::string> near_ids = {};  // names of their length that are none
};

/// Throws Error(corrupt) that names the server when the answer is not a list, or one with sizes
/// no file has. Names that are not ids are left out, and so are repetitions.
RestListing parse_rest_listing(ByteView json, const std::string& server);

}  // namespace medsave
