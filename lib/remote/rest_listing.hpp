#pragma once

#include "listed_files.hpp"

#include "medsave/backend/backend.hpp"
#include "medsave/base/bytes.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace medsave {

/// A server's answer to the question what files there are.
struct RestListing {
  std::vector<ListedFile> files = {};
  bool has_sizes = true;                   // version 1 of the protocol gives names only
  std::vector<std::string> near_ids = {};  // a name of their length that is none
};

/// Reads such an answer as it arrives, so that the text of a long one is never whole in memory.
class RestListingReader {
 public:
  explicit RestListingReader(std::string server, std::size_t most_files = kMostListedFiles)
      : server_(std::move(server)), most_files_(most_files) {}
  void take(ByteView piece);
  /// Throws, as take() does, what parse_rest_listing() throws.
  RestListing finish();

 private:
  [[noreturn]] void refuse(const std::string& why) const;
  void read(std::string_view json);
  void read_complete();

  const std::string server_;
  const std::size_t most_files_;
  std::string text_ = {};     // not read yet
  std::size_t scanned_ = 0;   // of it
  std::size_t complete_ = 0;  // of it, up to the comma behind an element of the list
  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool began_ = false;  // a part of the list has been read
  RestListing listing_ = {};
};

/// Throws Error(corrupt) that names the server when the answer is not a list, one with sizes
/// no file has, or one without end. Names that are not ids are left out, and so are repetitions.
RestListing parse_rest_listing(ByteView json, const std::string& server);

}  // namespace medsave
