#include "affected_paths.hpp"

#include "blob_probe.hpp"
#include "tree_check.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/go_quote.hpp"
#include "medsave/format/tree.hpp"
#include "medsave/format/tree_decode.hpp"
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
    if (auto unreadable = probe_blob(repository, index, blob, plain)) {
      lost_.emplace(blob.id, std::move(unreadable->reasons));
    }
  }
}

void AffectedPaths::add_snapshot(const SnapshotEntry& snapshot, CheckReport& report,
                                 const std::stop_token& stop) {
  Walk walk = {.snapshot = snapshot.id, .report = report};
  enter(walk, snapshot.snapshot.tree);
  while (!walk.levels.empty()) {
    check_stop(stop);
    Level& level = walk.levels.back();
    walk.path.resize(level.path_length);
    if (level.next == level.nodes.size()) {
      leave(walk);
      continue;
    }
    const std::size_t depth = walk.levels.size();
    const Node& node = level.nodes[level.next++];
    walk.path.append("/").append(node.name);
    // visit_node() may add a level and thereby move the others, so this one is looked up again.
    if (!visit_node(walk, node)) walk.levels[depth - 1].clean = false;
  }
}

void AffectedPaths::report(Walk& walk, const std::string& reason) {
  ++walk.report.affected_total;
  if (walk.report.affected.size() >= kMaxAffected) return;
  walk.report.affected.push_back(
      {.snapshot = walk.snapshot, .path = walk.path.empty() ? "/" : walk.path, .reason = reason});
}

/// False when the folder's list is lost; what it holds is judged later.
bool AffectedPaths::enter(Walk& walk, const Id& tree) {
  const auto known = known_.find(tree);
  if (known != known_.end()) {
    if (known->second == 0) return true;
    if (walk.report.affected.size() >= kMaxAffected) {
      walk.report.affected_total += known->second;
      return false;
    }
  }
  if (walk.levels.size() > kMaxTreeDepth) {
    report(walk, format_text(_("folders are nested deeper than {} levels"), kMaxTreeDepth));
    return false;
  }
  try {
    Buffer json;
    const BlobRef blob = {.kind = BlobKind::tree, .id = tree};
    if (const auto unreadable = probe_blob(repository_, index_, blob, json)) {
      throw Error(Errc::corrupt, unreadable->reasons);
    }
    walk.levels.push_back({.tree = tree,
                           .nodes = decode_tree(as_text(json.view())),
                           .next = 0,
                           .path_length = walk.path.size(),
                           .found_before = walk.report.affected_total});
  } catch (const Error& e) {
    if (is_fatal(e)) throw;
    if (e.code() == Errc::unsupported) {
      report(walk, e.what());
      return false;
    }
    report(walk, format_text(_("the list of this folder's content cannot be found; {}"), e.what()));
    return false;
  }
  if (const std::optional<std::string> name = repeated_name(walk.levels.back().nodes)) {
    report(walk, format_text(_("it lists \"{}\" twice"), go_quote(*name)));
    walk.levels.back().clean = false;
  }
  return true;
}

void AffectedPaths::leave(Walk& walk) {
  const Level& level = walk.levels.back();
  const bool clean = level.clean;
  known_[level.tree] = clean ? 0 : walk.report.affected_total - level.found_before;
  walk.levels.pop_back();
  if (!clean && !walk.levels.empty()) walk.levels.back().clean = false;
}

bool AffectedPaths::visit_node(Walk& walk, const Node& node) {
  if (const std::optional<std::string> fault = judge_node(node)) {
    report(walk, *fault);
    return false;
  }
  if (node.type == NodeType::dir) return enter(walk, *node.subtree);
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
