#include "affected_paths.hpp"

#include "blob_probe.hpp"
#include "tree_check.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/snap/tree_walker.hpp"

#include <utility>

namespace medsave {

AffectedPaths::AffectedPaths(const Repository& repository, const Index& index,
                             const BlobSet& suspects, const std::stop_token& stop)
    : repository_(repository), index_(index) {
  Buffer plain;
  for (const BlobRef& blob : suspects) {
    check_stop(stop);
    if (blob.kind == BlobKind::tree) continue;  // the walk reads those itself
    if (auto reason = probe_blob(repository, index, blob, plain)) {
      lost_.emplace(blob.id, std::move(*reason));
    }
  }
}

void AffectedPaths::add_snapshot(const SnapshotEntry& snapshot, CheckReport& report,
                                 const std::stop_token& stop) {
  Walk walk = {.snapshot = snapshot.id, .report = report, .stop = stop};
  visit_tree(walk, snapshot.snapshot.tree, 0);
}

void AffectedPaths::report(Walk& walk, const std::string& reason) {
  ++walk.report.affected_total;
  if (walk.report.affected.size() >= kMaxAffected) return;
  walk.report.affected.push_back(
      {.snapshot = walk.snapshot, .path = walk.path.empty() ? "/" : walk.path, .reason = reason});
}

/// Whether everything below is clean.
bool AffectedPaths::visit_tree(Walk& walk, const Id& tree, unsigned depth) {
  check_stop(walk.stop);
  if (clean_.contains(tree)) return true;
  if (depth > kMaxTreeDepth) {
    report(walk, format_text(_("folders are nested deeper than {} levels"), kMaxTreeDepth));
    return false;
  }
  Tree nodes;
  try {
    Buffer json;
    const BlobRef blob = {.kind = BlobKind::tree, .id = tree};
    if (const auto reason = probe_blob(repository_, index_, blob, json)) {
      throw Error(Errc::corrupt, *reason);
    }
    nodes = decode_tree(as_text(json.view()));
  } catch (const Error& e) {
    report(walk, format_text(_("the list of this folder's content is lost: {}"), e.what()));
    return false;
  }
  const std::size_t length = walk.path.size();
  bool clean = true;
  for (const Node& node : nodes) {
    walk.path.append("/").append(node.name);
    clean = visit_node(walk, node, depth) && clean;
    walk.path.resize(length);
  }
  if (clean) clean_.insert(tree);
  return clean;
}

bool AffectedPaths::visit_node(Walk& walk, const Node& node, unsigned depth) {
  if (const std::optional<std::string> fault = judge_node(node)) {
    report(walk, *fault);
    return false;
  }
  if (node.type == NodeType::dir) return visit_tree(walk, *node.subtree, depth + 1);
  if (node.type != NodeType::file) return true;
  for (const Id& blob : node.content) {
    const auto lost = lost_.find(blob);
    if (lost != lost_.end()) {
      report(walk, lost->second);
      return false;
    }
    if (!index_.contains({.kind = BlobKind::data, .id = blob})) {
      report(walk, format_text(_("no index file lists blob {}"), blob.hex()));
      return false;
    }
  }
  return true;
}

}  // namespace medsave
