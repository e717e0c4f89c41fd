#pragma once

// query: engines of commands that only look into snapshots. Begin here with `find`; tree_diff.hpp
// is `diff`, stats.hpp is `stats`, archive_dump.hpp is `dump`. In lib/query, snapshot_search.hpp
// walks many snapshots and reads equal trees once.

#include "medsave/base/clock.hpp"
#include "medsave/format/node.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/snap/path_filter.hpp"
#include "medsave/sys/memory.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_set>
#include <vector>

namespace medsave {

/// A folder list that a search could not read: the snapshot's part below `path` was not searched.
using UnreadableSink =
    std::function<void(const std::string& path, const Id& tree, const std::string& message)>;

/// Which files and folders a search is for.
struct NameQuery {
  PathFilter patterns = {};              // what matches one of them, and all below it
  bool folded = false;                   // so are the patterns, and so names are compared
  std::optional<Timestamp> oldest = {};  // of the modification time, both inclusive
  std::optional<Timestamp> newest = {};
};

struct NameHit {
  std::string path = {};  // "/srv/data/a", raw bytes
  Node node = {};
};

/// Searches snapshots one after the other; a folder that an earlier one has at the same place with
/// the same content is not looked through again. Not thread-safe, uses all cores itself.
class NameFinder {
 public:
  /// `reader` and `query` outlive it. `memory`: how many bytes of what was found and searched may
  /// be remembered.
  NameFinder(const BlobReader& reader, const NameQuery& query, const std::stop_token& stop,
             std::uint64_t memory = affordable_memory());
  ~NameFinder();
  NameFinder(const NameFinder&) = delete;
  NameFinder& operator=(const NameFinder&) = delete;

  /// Calls `hit` in the order of `ls`. Throws Error(unsupported) where there is too much to be
  /// remembered.
  void search(const Id& root, const std::function<void(const NameHit&)>& hit,
              const UnreadableSink& unreadable);

 private:
  class Search;
  std::unique_ptr<Search> search_;
};

/// Which blobs a search is for: whole ids or their first digits.
class ObjectSet {
 public:
  void add(const Id& id) { ids_.insert(id); }
  /// Hex digits; anything else matches nothing.
  void add(const std::string& text);
  [[nodiscard]] bool contains(const Id& id) const;
  [[nodiscard]] bool empty() const { return ids_.empty() && prefixes_.empty(); }
  [[nodiscard]] std::size_t size() const { return ids_.size() + prefixes_.size(); }

 private:
  std::unordered_set<Id> ids_;
  std::vector<std::string> prefixes_;
};

struct ObjectQuery {
  ObjectSet data = {};
  ObjectSet trees = {};
};

struct ObjectHit {
  BlobRef blob = {};
  std::string path = {};  // of the file or folder, "/" for the root
  Id parent_tree = {};    // the folder list that names a data blob
};

/// The same for uses of blobs.
class ObjectFinder {
 public:
  ObjectFinder(const BlobReader& reader, const ObjectQuery& query, const std::stop_token& stop,
               std::uint64_t memory = affordable_memory());
  ~ObjectFinder();
  ObjectFinder(const ObjectFinder&) = delete;
  ObjectFinder& operator=(const ObjectFinder&) = delete;

  /// Calls `hit` in the order of `ls`, until it returns false.
  void search(const Id& root, const std::function<bool(const ObjectHit&)>& hit,
              const UnreadableSink& unreadable);

 private:
  class Search;
  std::unique_ptr<Search> search_;
};

}  // namespace medsave
