#include "medsave/query/finder.hpp"

#include "snapshot_search.hpp"

#include "medsave/base/folding.hpp"

#include <algorithm>

namespace medsave {

class NameFinder::Search : public SnapshotSearch<NameHit> {
 public:
  using SnapshotSearch::SnapshotSearch;
};

NameFinder::NameFinder(const BlobReader& reader, const NameQuery& query,
                       const std::stop_token& stop, std::uint64_t memory)
    : search_(std::make_unique<Search>(
          reader,
          [&query](const std::string& path, const Id&, const Node& node,
                   std::vector<NameHit>& hits) {
            const PathFilter::Verdict verdict =
                query.patterns.check(query.folded ? folded(path) : path);
            if (verdict.matches && !(query.oldest && node.mtime < *query.oldest) &&
                !(query.newest && *query.newest < node.mtime)) {
              hits.push_back({.path = path, .node = node});
              hits.back().node.content = {};  // nobody asks for it, and hits are kept
            }
            return verdict.child_may_match;
          },
          memory, stop)) {}

NameFinder::~NameFinder() = default;

void NameFinder::search(const Id& root, const std::function<void(const NameHit&)>& hit,
                        const UnreadableSink& unreadable) {
  search_->run(
      root,
      [&hit](const NameHit& found) {
        hit(found);
        return true;
      },
      unreadable);
}

void ObjectSet::add(const std::string& text) {
  if (const std::optional<Id> id = Id::parse(text)) {
    add(*id);
  } else {
    prefixes_.push_back(text);
  }
}

bool ObjectSet::contains(const Id& id) const {
  if (ids_.contains(id)) return true;
  if (prefixes_.empty()) return false;
  const std::string hex = id.hex();
  return std::ranges::any_of(
      prefixes_, [&](const std::string& text) { return !text.empty() && hex.starts_with(text); });
}

class ObjectFinder::Search : public SnapshotSearch<ObjectHit> {
 public:
  Search(const BlobReader& reader, const ObjectQuery& query, std::uint64_t memory,
         const std::stop_token& stop)
      : SnapshotSearch(
            reader,
            [&query](const std::string& path, const Id& tree, const Node& node,
                     std::vector<ObjectHit>& hits) {
              inspect(query, path, tree, node, hits);
              return true;
            },
            memory, stop),
        trees(query.trees) {}

  const ObjectSet& trees;

 private:
  static void inspect(const ObjectQuery& query, const std::string& path, const Id& tree,
                      const Node& node, std::vector<ObjectHit>& hits) {
    if (node.type == NodeType::dir && node.subtree && query.trees.contains(*node.subtree)) {
      hits.push_back({.blob = {.kind = BlobKind::tree, .id = *node.subtree}, .path = path});
    }
    if (node.type != NodeType::file || query.data.empty()) return;
    for (const Id& id : node.content) {
      if (!query.data.contains(id)) continue;
      hits.push_back(
          {.blob = {.kind = BlobKind::data, .id = id}, .path = path, .parent_tree = tree});
    }
  }
};

ObjectFinder::ObjectFinder(const BlobReader& reader, const ObjectQuery& query,
                           const std::stop_token& stop, std::uint64_t memory)
    : search_(std::make_unique<Search>(reader, query, memory, stop)) {}

ObjectFinder::~ObjectFinder() = default;

void ObjectFinder::search(const Id& root, const std::function<bool(const ObjectHit&)>& hit,
                          const UnreadableSink& unreadable) {
  if (search_->trees.contains(root)) {
    const ObjectHit found = {.blob = {.kind = BlobKind::tree, .id = root}, .path = "/"};
    if (!hit(found)) return;
  }
  search_->run(root, hit, unreadable);
}

}  // namespace medsave
