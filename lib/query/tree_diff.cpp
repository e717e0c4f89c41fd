#include "medsave/query/tree_diff.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/snap/tree_prefetcher.hpp"
#include "medsave/snap/tree_walker.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

namespace medsave {
namespace {

/// Blobs that one side refers to.
struct BlobSet {
  std::unordered_set<Id> data = {};
  std::unordered_set<Id> trees = {};

  void add(const Node& node) {
    if (node.type == NodeType::file) {
      data.insert(node.content.begin(), node.content.end());
    } else if (node.type == NodeType::dir && node.subtree) {
      trees.insert(*node.subtree);
    }
  }
  [[nodiscard]] bool empty() const { return data.empty() && trees.empty(); }
};

void remove_common(std::unordered_set<Id>& a, std::unordered_set<Id>& b) {
  for (auto id = a.begin(); id != a.end();) {
    id = b.erase(*id) != 0 ? a.erase(id) : std::next(id);
  }
}

void count(DiffCounts& counts, const Node& node) {
  if (node.type == NodeType::file) {
    ++counts.files;
  } else if (node.type == NodeType::dir) {
    ++counts.dirs;
  } else {
    ++counts.others;
  }
}

bool same_content(const Node& a, const Node& b) {
  return a.content_is_null == b.content_is_null && a.content == b.content;
}

Node comparable(Node node) {
  const auto key = [](const ExtendedAttribute& attribute) {
    return std::tie(attribute.name, attribute.value);
  };
  std::ranges::sort(node.extended_attributes, {}, key);
  node.unknown_fields.clear();
  node.content.clear();
  node.content_is_null = true;
  return node;
}

/// All metadata, content apart: attributes in any order, fields that nobody knows left out.
bool same_metadata(const Node& a, const Node& b) { return comparable(a) == comparable(b); }

class TreeDiff {
 public:
  TreeDiff(const BlobReader& reader, bool metadata, const ChangeSink& change,
           const NoticeSink& problem, const std::stop_token& stop)
      : reader_(reader),
        metadata_(metadata),
        change_(change),
        problem_(problem),
        stop_(stop),
        prefetcher_(reader, stop) {}

  DiffStatistics run(const Id& before, const Id& after) {
    before_.trees.insert(before);
    after_.trees.insert(after);
    compare("", before, after, 0);
    remove_common(before_.trees, after_.trees);
    remove_common(before_.data, after_.data);
    forget_common();
    count_blobs(before_, statistics_.removed);
    count_blobs(after_, statistics_.added);
    return statistics_;
  }

 private:
  /// One name and what each side has of it.
  struct Pair {
    const Node* before = nullptr;
    const Node* after = nullptr;
  };
  using TreePointer = std::shared_ptr<const Tree>;

  static std::vector<Pair> pair_up(const Tree& before, const Tree& after);
  void compare(const std::string& folder, const Id& before, const Id& after, unsigned depth);
  void expect_below(const std::vector<Pair>& pairs);
  void compare_pair(const std::string& folder, const Pair& pair, unsigned depth);
  [[nodiscard]] std::string modifier_of(const Node& before, const Node& after);
  void list(const std::string& folder, const Id& tree, unsigned depth, bool added);
  void list_node(const std::string& folder, const Node& node, unsigned depth, bool added);
  /// What is in `node`, which is at `path`.
  void list_below(const std::string& path, const Node& node, unsigned depth, bool added);
  /// Blobs of unchanged folders are neither new nor gone.
  void forget_common();
  void forget_nodes(const Tree& nodes, std::vector<Id>& below);
  void count_blobs(const BlobSet& blobs, DiffCounts& counts);
  void descend(const std::string& path, const std::function<void()>& into);
  void check(unsigned depth) const;

  const BlobReader& reader_;
  const bool metadata_;
  const ChangeSink& change_;
  const NoticeSink& problem_;
  const std::stop_token& stop_;
  TreePrefetcher prefetcher_;
  DiffStatistics statistics_;
  BlobSet before_;
  BlobSet after_;
  std::unordered_set<Id> common_;  // unchanged folders
};

void TreeDiff::check(unsigned depth) const {
  check_stop(stop_);
  if (depth > kMaxTreeDepth) {
    throw Error(Errc::corrupt,
                format_text(_("folders are nested deeper than {} levels"), kMaxTreeDepth));
  }
}

void TreeDiff::descend(const std::string& path, const std::function<void()>& into) {
  try {
    into();
  } catch (const Error& e) {
    if (is_fatal(e)) throw;
    problem_(format_text(_("{}: {}"), path, e.what()));
  }
}

std::vector<TreeDiff::Pair> TreeDiff::pair_up(const Tree& before, const Tree& after) {
  std::vector<Pair> pairs;
  pairs.reserve(std::max(before.size(), after.size()));
  auto a = before.begin();
  auto b = after.begin();
  while (a != before.end() || b != after.end()) {
    if (b == after.end() || (a != before.end() && a->name < b->name)) {
      pairs.push_back({.before = &*a++, .after = nullptr});
    } else if (a == before.end() || b->name < a->name) {
      pairs.push_back({.before = nullptr, .after = &*b++});
    } else {
      pairs.push_back({.before = &*a++, .after = &*b++});
    }
  }
  return pairs;
}

bool is_folder(const Node* node) {
  return node != nullptr && node->type == NodeType::dir && node->subtree;
}

void TreeDiff::expect_below(const std::vector<Pair>& pairs) {
  std::vector<Id> wanted;
  for (const Pair& pair : pairs) {
    const bool before = is_folder(pair.before);
    const bool after = is_folder(pair.after);
    if (before && after) {
      if (*pair.before->subtree == *pair.after->subtree) continue;
      wanted.push_back(*pair.before->subtree);
      wanted.push_back(*pair.after->subtree);
    } else if (before) {
      wanted.push_back(*pair.before->subtree);
    } else if (after) {
      wanted.push_back(*pair.after->subtree);
    }
  }
  prefetcher_.prefetch(wanted);
}

void TreeDiff::compare(const std::string& folder, const Id& before, const Id& after,
                       unsigned depth) {
  const TreePointer a = prefetcher_.get(before);
  const TreePointer b = prefetcher_.get(after);
  check(depth);
  const std::vector<Pair> pairs = pair_up(*a, *b);
  expect_below(pairs);
  for (const Pair& pair : pairs) {
    if (pair.before != nullptr) before_.add(*pair.before);
    if (pair.after != nullptr) after_.add(*pair.after);
    compare_pair(folder, pair, depth);
  }
}

void TreeDiff::compare_pair(const std::string& folder, const Pair& pair, unsigned depth) {
  if (pair.before == nullptr || pair.after == nullptr) {
    const Node* only = pair.before != nullptr ? pair.before : pair.after;
    if (only != nullptr) list_node(folder, *only, depth, pair.before == nullptr);
    return;
  }
  const Node& before = *pair.before;
  const Node& after = *pair.after;
  const std::string path = folder + "/" + after.name;
  const std::string modifier = modifier_of(before, after);
  if (!modifier.empty()) change_(after.type == NodeType::dir ? path + "/" : path, modifier);
  if (!is_folder(&before) || !is_folder(&after)) {
    // What was in a folder that is a file now is gone with it, and the other way round.
    list_below(path, before, depth, false);
    list_below(path, after, depth, true);
  } else if (*before.subtree == *after.subtree) {
    common_.insert(*after.subtree);
  } else {
    descend(path, [&] { compare(path, *before.subtree, *after.subtree, depth + 1); });
  }
}

std::string TreeDiff::modifier_of(const Node& before, const Node& after) {
  std::string modifier;
  if (before.type != after.type) modifier += 'T';
  if (before.type == NodeType::file && after.type == NodeType::file &&
      !same_content(before, after)) {
    ++statistics_.changed_files;
    modifier += 'M';
    if (same_metadata(before, after)) modifier += '?';
  } else if (metadata_ && before != after &&
             !(same_content(before, after) && same_metadata(before, after))) {
    modifier += 'U';
  }
  return modifier;
}

void TreeDiff::list_node(const std::string& folder, const Node& node, unsigned depth, bool added) {
  const std::string path = folder + "/" + node.name;
  const bool is_dir = node.type == NodeType::dir;
  change_(is_dir ? path + "/" : path, added ? "+" : "-");
  count(added ? statistics_.added : statistics_.removed, node);
  list_below(path, node, depth, added);
}

void TreeDiff::list_below(const std::string& path, const Node& node, unsigned depth, bool added) {
  if (!is_folder(&node)) return;
  descend(path, [&] { list(path, *node.subtree, depth + 1, added); });
}

void TreeDiff::list(const std::string& folder, const Id& tree, unsigned depth, bool added) {
  const TreePointer nodes = prefetcher_.get(tree);
  check(depth);
  std::vector<Id> wanted;
  for (const Node& node : *nodes) {
    if (is_folder(&node)) wanted.push_back(*node.subtree);
  }
  prefetcher_.prefetch(wanted);
  BlobSet& blobs = added ? after_ : before_;
  for (const Node& node : *nodes) {
    blobs.add(node);
    list_node(folder, node, depth, added);
  }
}

void TreeDiff::forget_common() {
  std::vector<Id> waiting(common_.begin(), common_.end());
  std::vector<Id> below = waiting;
  std::ranges::reverse(below);  // `waiting` is worked off from its end
  prefetcher_.prefetch(below);
  // As soon as nothing is left to decide, the rest need not be read.
  while (!waiting.empty() && !(before_.empty() && after_.empty())) {
    const Id tree = waiting.back();
    waiting.pop_back();
    check_stop(stop_);
    below.clear();
    descend(tree.hex(), [&] { forget_nodes(*prefetcher_.get(tree), below); });
    waiting.insert(waiting.end(), below.rbegin(), below.rend());
    prefetcher_.prefetch(below);
  }
}

void TreeDiff::forget_nodes(const Tree& nodes, std::vector<Id>& below) {
  for (const Node& node : nodes) {
    if (node.type == NodeType::file) {
      for (const Id& id : node.content) {
        before_.data.erase(id);
        after_.data.erase(id);
      }
    } else if (is_folder(&node)) {
      before_.trees.erase(*node.subtree);
      after_.trees.erase(*node.subtree);
      if (common_.insert(*node.subtree).second) below.push_back(*node.subtree);
    }
  }
}

void TreeDiff::count_blobs(const BlobSet& blobs, DiffCounts& counts) {
  counts.data_blobs += blobs.data.size();
  counts.tree_blobs += blobs.trees.size();
  const auto add = [&](const BlobRef& blob) {
    if (const auto location = reader_.index().find(blob)) {
      counts.bytes += location->content_length();
    } else {
      problem_(format_text(_("no index file lists blob {}"), blob.id.hex()));
    }
  };
  for (const Id& id : blobs.data) add({.kind = BlobKind::data, .id = id});
  for (const Id& id : blobs.trees) add({.kind = BlobKind::tree, .id = id});
}

}  // namespace

DiffStatistics diff_trees(const BlobReader& reader, const DiffRequest& request,
                          const ChangeSink& change, const NoticeSink& problem,
                          const std::stop_token& stop) {
  return TreeDiff(reader, request.metadata, change, problem, stop)
      .run(request.before, request.after);
}

}  // namespace medsave
