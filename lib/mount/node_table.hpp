#pragma once

#include "snapshot_layout.hpp"

#include "medsave/base/id.hpp"

#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace medsave {

/// What a number the kernel knows stands for. Either part of the layout, or an entry of a stored
/// folder.
struct Place {
  LayoutPointer layout = {};   // nullptr for an entry of a stored folder
  Id tree = {};                // the stored folder
  std::uint32_t entry = 0;     // place in it
  std::uint64_t parent = 0;    // number of the folder above
  std::uint64_t snapshot = 0;  // number of the snapshot's folder, for entries
};

/// The numbers that the kernel has and how often it was told each, so that one can be forgotten
/// as soon as the kernel has (libfuse, "lookup count"). Thread-safe.
class NodeTable {
 public:
  explicit NodeTable(LayoutPointer root);

  /// Counts one more look-up. Returns the number: `inode` or, should that be taken by something
  /// else, one near it.
  std::uint64_t enter(std::uint64_t inode, Place place);
  void forget(std::uint64_t number, std::uint64_t count);

  [[nodiscard]] std::optional<Place> find(std::uint64_t number) const;
  [[nodiscard]] std::size_t size() const;

 private:
  struct Known {
    Place place = {};
    std::uint64_t lookups = 0;
  };

  mutable std::mutex mutex_;  // guards known_
  std::unordered_map<std::uint64_t, Known> known_;
};

}  // namespace medsave
