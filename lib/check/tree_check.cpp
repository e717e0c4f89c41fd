#include "tree_check.hpp"

#include "blob_probe.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/go_quote.hpp"
#include "medsave/format/tree.hpp"
#include "medsave/format/tree_decode.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/snap/tree_walker.hpp"

#include <algorithm>
#include <utility>

namespace medsave {

std::optional<std::string> judge_node(const Node& node) {
  if (!is_safe_name(node.name)) return _("its name must not occur in a folder");
  switch (node.type) {
    case NodeType::file:
      if (node.content_is_null) return _("a file without a list of contents");
      if (std::ranges::any_of(node.content, &Id::is_zero)) return _("a file with an empty blob id");
      break;
    case NodeType::dir:
      if (!node.subtree || node.subtree->is_zero()) return _("a folder without a list of entries");
      break;
    case NodeType::irregular:
      return _("a file of unknown type");
    default:
      break;
  }
  return std::nullopt;
}

void TreeCheck::run(const std::vector<Id>& roots, BlobMarks& used, const std::stop_token& stop) {
  used_ = &used;
  for (const Id& root : roots) {
    if (seen_.insert(root).second) jobs_.push({.tree = root, .depth = 0});
  }
  progress_.total_items.fetch_add(seen_.size());
  TaskScope scope(stop);
  scope.spawn("check trees", std::max(worker_count(), repository_.backend().connections()),
              [this](const std::stop_token& token) { work(token); });
  scope.join();
}

void TreeCheck::work(const std::stop_token& stop) {
  Buffer json;
  std::vector<Job> found;
  while (const std::optional<Job> job = jobs_.next(stop)) {
    found.clear();
    check_tree(*job, json, found);
    job_done(found);
  }
}

/// Leaves in `found` what nobody has met before.
void TreeCheck::job_done(std::vector<Job>& found) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(found, [this](const Job& job) { return !seen_.insert(job.tree).second; });
  }
  progress_.total_items.fetch_add(found.size());
  progress_.done_items.fetch_add(1);
  jobs_.done(found);
}

bool TreeCheck::use(const BlobRef& blob) {
  const std::optional<std::size_t> number = index_.blob_number(blob);
  if (number) used_->mark(*number);
  return number.has_value();
}

void TreeCheck::invalid(const Id& tree, const std::string& what) {
  log_.note_broken_reference();
  log_.error(FindingKind::tree_invalid, tree,
             format_text(_("folder list {}: {}"), tree.hex(), what));
}

void TreeCheck::tell_invalid(const Id& tree, const Node& node, const std::string& fault) {
  log_.error(FindingKind::tree_invalid, tree,
             format_text(_("folder list {}: {}"), tree.hex(),
                         format_text(_("entry \"{}\": {}"), go_quote(node.name), fault)));
}

void TreeCheck::check_tree(const Job& job, Buffer& json, std::vector<Job>& found) {
  const BlobRef blob = {.kind = BlobKind::tree, .id = job.tree};
  use(blob);
  if (const std::optional<UnreadableBlob> lost = probe_blob(repository_, index_, blob, json)) {
    log_.note_broken_reference();
    if (lost->denied) log_.note_reason(*lost->denied);
    log_.error(FindingKind::tree_unreadable, job.tree,
               format_text(_("folder list {} cannot be read: {}"), job.tree.hex(), lost->reasons));
    for (const Id& pack : lost->rotten) log_.note_rotten_pack(pack);
    return;
  }
  Tree tree;
  try {
    tree = decode_tree(as_text(json.view()));
  } catch (const Error& e) {
    invalid(job.tree, e.what());
    return;
  }
  check_nodes(job, tree, found);
}

void TreeCheck::check_nodes(const Job& job, const Tree& tree, std::vector<Job>& found) {
  if (const std::optional<std::string> name = repeated_name(tree)) {
    invalid(job.tree, format_text(_("it lists \"{}\" twice"), go_quote(*name)));
  }
  bool told_depth = false;
  for (const Node& node : tree) {
    if (node.type == NodeType::irregular && is_safe_name(node.name)) {
      log_.note_unknown_type();
      tell_invalid(job.tree, node, *judge_node(node));
    } else if (const std::optional<std::string> fault = judge_node(node)) {
      log_.note_broken_reference();
      tell_invalid(job.tree, node, *fault);
    } else if (node.type == NodeType::file) {
      check_content(job, node);
    } else if (node.type == NodeType::dir && job.depth < kMaxTreeDepth) {
      found.push_back({.tree = *node.subtree, .depth = job.depth + 1});
    } else if (node.type == NodeType::dir && !std::exchange(told_depth, true)) {
      invalid(job.tree, format_text(_("folders are nested deeper than {} levels"), kMaxTreeDepth));
    }
  }
}

void TreeCheck::check_content(const Job& job, const Node& node) {
  for (const Id& id : node.content) {
    const BlobRef blob = {.kind = BlobKind::data, .id = id};
    if (use(blob)) continue;
    log_.note_broken_reference();
    {
      const std::lock_guard lock(mutex_);
      if (!missing_.insert(id).second) continue;
    }
    log_.error(FindingKind::blob_missing, id,
               format_text(_("blob {} is missing: file \"{}\" in folder list {} needs it, and no "
                             "index file lists it"),
                           id.hex(), go_quote(node.name), job.tree.hex()));
  }
}

}  // namespace medsave
