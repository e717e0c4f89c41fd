#pragma once

#include "blob_store.hpp"
#include "flight_cache.hpp"
#include "folder_store.hpp"

#include "medsave/base/bytes.hpp"

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

namespace medsave {

/// Bytes of a file, inside a blob that lives as long as this does.
struct ContentPiece {
  BlobPointer blob = {};
  ByteView bytes = {};
};

/// Reads parts of files. Loads ahead: in a file that is read from one end to the other, and in a
/// folder whose files are read one after the other. Thread-safe.
class ContentReader {
 public:
  ContentReader(const Index& index, BlobStore& blobs);

  /// Up to `size` bytes from `offset`; fewer at the end of the file only. `file` names the file in
  /// this process; it is entry `entry` of `folder`, whose id is `tree`. Throws Error.
  std::vector<ContentPiece> read(std::uint64_t file, const Id& tree, const Folder& folder,
                                 std::uint32_t entry, std::uint64_t offset, std::size_t size);

 private:
  /// Where the blobs of a file stand in it.
  struct Content {
    std::vector<Id> blobs = {};
    std::vector<std::uint64_t> ends = {};             // bytes, growing
    mutable std::atomic<std::uint64_t> next = 0;      // where reading on would start
    mutable std::atomic<std::size_t> prefetched = 0;  // blobs
  };
  /// How the files of a folder are being read.
  struct Visit {
    Id tree = {};
    std::uint32_t last = 0;
    std::uint32_t prefetched = 0;  // entries before this one
    unsigned in_order = 0;         // files in a row that came soon after the last one
  };

  [[nodiscard]] FlightCache<std::uint64_t, Content>::Loaded open(const Node& node) const;
  void prefetch_in_file(const Content& content, std::size_t blob, std::uint64_t offset,
                        std::uint64_t end);
  void prefetch_in_folder(const Id& tree, const Folder& folder, std::uint32_t entry);
  Visit& visit_of(const Id& tree);

  const Index& index_;
  BlobStore& blobs_;
  FlightCache<std::uint64_t, Content> contents_;
  std::mutex mutex_;         // guards visits_
  std::list<Visit> visits_;  // the latest first
};

}  // namespace medsave
