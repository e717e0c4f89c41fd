#pragma once

#include "medsave/base/error.hpp"
#include "medsave/format/tree_rewrite.hpp"
#include "medsave/repo/blob_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace medsave {

/// What a tree has become.
struct RewrittenTree {
  std::optional<Id> id = {};  // nullopt: nothing is left of it
  std::uint64_t files = 0;    // below it
  std::uint64_t bytes = 0;
};

/// What shall change. Paths are absolute in the snapshot, "/" for its root.
struct RewriteRules {
  /// The changes of a node, or nullopt to leave it out. Folders are only left out or kept here.
  std::function<std::optional<NodeEdit>(const std::string& path, const Node& node)> judge = {};
  /// Whether a folder without content stays. Absent: all do.
  std::function<bool(const std::string& path)> keep_empty = {};
  /// A folder whose list cannot be read: true to go on with an empty one, false to leave the
  /// folder out, or throw. Absent: thrown.
  std::function<bool(const std::string& path, const Error& error)> replace_unreadable = {};
};

/// Makes new trees out of old ones, from the leaves up. Only the folders that change are stored
/// anew, with all that does not change copied as it stands. Not thread-safe.
class TreeRewriter {
 public:
  using SaveTree = std::function<Id(std::string_view json)>;
  /// The key of remembered results: path and tree for rules that go by paths, the tree alone for
  /// others. With the latter, a tree that they changed is visited again for its report, up to a
  /// limit.
  enum class Memory { by_path, by_tree };
  /// A few trees that contain each other describe more paths than can be visited or remembered.
  struct Limits {
    std::size_t remembered = 8'000'000;  // results, about 1 GB
    std::size_t visited_again = 1'000'000;
  };

  /// `reader` outlives it.
  TreeRewriter(const BlobReader& reader, RewriteRules rules, SaveTree save, Memory memory,
               const Limits& limits)
      : reader_(reader),
        rules_(std::move(rules)),
        save_(std::move(save)),
        memory_(memory),
        limits_(limits) {}
  TreeRewriter(const BlobReader& reader, RewriteRules rules, SaveTree save, Memory memory)
      : TreeRewriter(reader, std::move(rules), std::move(save), memory, Limits()) {}

  RewrittenTree run(const Id& root, const std::stop_token& stop);

 private:
  /// A folder whose nodes are being visited.
  struct Level {
    Id id = {};
    std::size_t path_length = 0;
    Buffer json = {};
    std::vector<NodeText> nodes = {};  // they point into `json`
    std::size_t next = 0;
    TreeText out = {};
    bool changed = false;
    RewrittenTree sum = {};  // of what is below
  };

  std::optional<RewrittenTree> enter(const Id& tree);
  void push_level(const Id& tree);
  RewrittenTree unreadable(const Error& error);
  void visit_next();
  void take_child(const RewrittenTree& child);
  RewrittenTree leave();
  void remember(const Id& key, const RewrittenTree& result);
  [[nodiscard]] const std::string& shown_path() const;
  [[nodiscard]] Id memory_key(const Id& tree) const;

  const BlobReader& reader_;
  const RewriteRules rules_;
  const SaveTree save_;
  const Memory memory_;
  const Limits limits_;
  std::unordered_map<Id, RewrittenTree> known_;
  std::size_t visited_again_ = 0;
  std::vector<Level> levels_;
  std::string path_;  // of the node being visited; empty for the root
};

}  // namespace medsave
