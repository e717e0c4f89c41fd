#pragma once

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/query/finder.hpp"
#include "medsave/snap/tree_prefetcher.hpp"
#include "medsave/snap/tree_walker.hpp"
#include "medsave/sys/memory.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace medsave {

/// Searches the trees of snapshots. The hits below a tree are remembered, so that a tree that
/// several snapshots share is searched only once for each of its paths.
template <typename Hit>
class SnapshotSearch {
 public:
  /// Appends what a node is a hit for; returns whether to look into it if it is a folder.
  using Inspect = std::function<bool(const std::string& path, const Id& tree, const Node& node,
                                     std::vector<Hit>& hits)>;

  /// `memory`: how many bytes may be remembered.
  SnapshotSearch(const BlobReader& reader, Inspect inspect, std::uint64_t memory,
                 const std::stop_token& stop)
      : inspect_(std::move(inspect)), stop_(stop), memory_(memory), prefetcher_(reader, stop) {}

  /// Calls `hit` in the order of `ls`, until it returns false. Throws Error(unsupported) where that
  /// takes too much memory.
  void run(const Id& root, const std::function<bool(const Hit&)>& hit,
           const UnreadableSink& unreadable) {
    const Next top = {.path = "", .tree = root, .key = key_of("", root)};
    const Folder* const folder = visit(top, unreadable, 0);
    memory_.check();
    if (folder != nullptr) emit(*folder, hit);
  }

 private:
  /// Hits in a folder; those of folders inside come in between.
  struct Folder {
    struct Below {
      std::size_t position = 0;  // this many of `hits` come first
      const Folder* folder = nullptr;
    };
    std::vector<Hit> hits = {};
    std::vector<Below> below = {};
  };
  struct Next {
    std::size_t position = 0;
    std::string path = {};
    Id tree = {};
    Id key = {};
  };

  static constexpr std::uint64_t kEntrySize = 200;  // of known_, with a small folder

  static Id key_of(const std::string& path, const Id& tree) {
    std::string text(as_text(tree.bytes()));
    return sha256(as_bytes(text + path));
  }

  const Folder* visit(const Next& place, const UnreadableSink& unreadable, unsigned depth) {
    const auto known = known_.find(place.key);
    if (known != known_.end()) return known->second.get();
    if (memory_.exhausted()) return nullptr;  // the search fails, and this is the quickest way out
    auto folder = std::make_unique<Folder>();
    try {
      const std::shared_ptr<const Tree> nodes = prefetcher_.get(place.tree);
      look_through(*nodes, place, unreadable, depth, *folder);
    } catch (const Error& e) {
      if (is_fatal(e)) throw;
      unreadable(place.path.empty() ? "/" : place.path, place.tree, e.what());
    }
    if (folder->hits.empty() && folder->below.empty()) folder.reset();
    memory_.take(kEntrySize);
    return (known_[place.key] = std::move(folder)).get();
  }

  void look_through(const Tree& nodes, const Next& place, const UnreadableSink& unreadable,
                    unsigned depth, Folder& folder) {
    check_stop(stop_);
    if (depth > kMaxTreeDepth) {
      throw Error(Errc::corrupt,
                  format_text(_("folders are nested deeper than {} levels"), kMaxTreeDepth));
    }
    std::vector<Next> next;
    std::vector<Id> wanted;
    std::string path = place.path + "/";
    for (const Node& node : nodes) {
      path.resize(place.path.size() + 1);
      path += node.name;
      const std::size_t hits_before = folder.hits.size();
      const bool descend = inspect_(path, place.tree, node, folder.hits);
      memory_.take((folder.hits.size() - hits_before) * (sizeof(Hit) + path.size()));
      if (!descend || node.type != NodeType::dir || !node.subtree) continue;
      const Id key = key_of(path, *node.subtree);
      next.push_back(
          {.position = folder.hits.size(), .path = path, .tree = *node.subtree, .key = key});
      if (!known_.contains(key)) wanted.push_back(*node.subtree);
    }
    prefetcher_.prefetch(wanted);
    for (const Next& item : next) {
      if (const Folder* found = visit(item, unreadable, depth + 1)) {
        folder.below.push_back({.position = item.position, .folder = found});
      }
    }
  }

  static bool emit(const Folder& folder, const std::function<bool(const Hit&)>& hit) {
    auto below = folder.below.begin();
    for (std::size_t i = 0; i <= folder.hits.size(); ++i) {
      for (; below != folder.below.end() && below->position == i; ++below) {
        if (!emit(*below->folder, hit)) return false;
      }
      if (i < folder.hits.size() && !hit(folder.hits[i])) return false;
    }
    return true;
  }

  const Inspect inspect_;
  const std::stop_token stop_;
  MemoryAllowance memory_;
  TreePrefetcher prefetcher_;
  std::unordered_map<Id, std::unique_ptr<Folder>> known_;  // by key_of(); null: no hit below
};

}  // namespace medsave
