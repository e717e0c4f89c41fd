#pragma once

#include "flight_cache.hpp"

#include "medsave/base/progress.hpp"
#include "medsave/format/tree.hpp"
#include "medsave/repo/blob_reader.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace medsave {

/// The entries of one stored folder that can be shown, in order of their names.
struct Folder {
  Tree nodes = {};

  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view name) const;
};
using FolderPointer = std::shared_ptr<const Folder>;

/// Decoded folders, kept while there is room. Thread-safe.
class FolderStore {
 public:
  /// `capacity` in bytes, roughly. `notice` hears of entries that cannot be shown.
  FolderStore(const BlobReader& reader, std::size_t capacity, NoticeSink notice)
      : reader_(reader), notice_(std::move(notice)), folders_(capacity) {}

  /// Throws as load_tree().
  FolderPointer get(const Id& tree);

 private:
  const BlobReader& reader_;
  NoticeSink notice_;
  FlightCache<Id, Folder> folders_;
};

}  // namespace medsave
