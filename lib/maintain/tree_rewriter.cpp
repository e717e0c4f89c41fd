#include "tree_rewriter.hpp"

#include "medsave/base/text.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/snap/tree_walker.hpp"

#include <utility>

namespace medsave {

RewrittenTree TreeRewriter::run(const Id& root, const std::stop_token& stop) {
  path_.clear();
  levels_.clear();
  if (const std::optional<RewrittenTree> known = enter(root)) return *known;
  for (;;) {
    check_stop(stop);
    Level& level = levels_.back();
    path_.resize(level.path_length);
    if (level.next != level.nodes.size()) {
      visit_next();
      continue;
    }
    const RewrittenTree done = leave();
    if (levels_.empty()) return done;
    take_child(done);
  }
}

/// Returns the result if it is known at once; otherwise pushes the tree as the last level.
std::optional<RewrittenTree> TreeRewriter::enter(const Id& tree) {
  const auto known = known_.find(memory_key(tree));
  if (known != known_.end()) {
    const bool reports = memory_ == Memory::by_tree && known->second.id != tree;
    if (!reports || visited_again_ >= limits_.visited_again) return known->second;
    ++visited_again_;
  }
  try {
    push_level(tree);
  } catch (const Error& e) {
    // The index names its pack, which was not found now: that may pass.
    const bool vanished = e.code() == Errc::not_found &&
                          reader_.index().contains({.kind = BlobKind::tree, .id = tree});
    if (vanished || !rules_.replace_unreadable || is_fatal(e)) throw e.with_context(shown_path());
    return unreadable(e);
  }
  return std::nullopt;
}

void TreeRewriter::push_level(const Id& tree) {
  if (levels_.size() > kMaxTreeDepth) {
    throw Error(Errc::unsupported,  // what is below may be whole
                format_text(_("folders are nested deeper than {} levels"), kMaxTreeDepth));
  }
  Level level;
  level.id = tree;
  level.path_length = path_.size();
  reader_.load({.kind = BlobKind::tree, .id = tree}, level.json);
  level.nodes = decode_tree_with_texts(as_text(level.json.view()));
  levels_.push_back(std::move(level));
}

RewrittenTree TreeRewriter::unreadable(const Error& error) {
  if (!rules_.replace_unreadable(shown_path(), error)) return {};
  return {.id = save_(TreeText().finish())};
}

void TreeRewriter::visit_next() {
  Level& level = levels_.back();
  const NodeText& item = level.nodes[level.next++];
  const Node& node = item.node;
  path_.append("/").append(node.name);
  const std::optional<NodeEdit> edit = rules_.judge(path_, node);
  if (!edit) {
    level.changed = true;
    return;
  }
  if (node.type != NodeType::dir) {
    if (node.type == NodeType::file) {
      ++level.sum.files;
      level.sum.bytes += edit->size.value_or(node.size);
    }
    if (edit->empty()) {
      level.out.add(item.text);
    } else {
      level.out.add(edit_node_text(item.text, *edit));
      level.changed = true;
    }
    return;
  }
  if (node.subtree) {
    if (const auto done = enter(*node.subtree)) take_child(*done);
  } else if (rules_.replace_unreadable) {
    take_child(unreadable(Error(Errc::corrupt, _("the folder has no list of its content"))));
  } else {
    level.out.add(item.text);
  }
}

/// Enters what became of the folder visited last.
void TreeRewriter::take_child(const RewrittenTree& child) {
  Level& level = levels_.back();
  const NodeText& item = level.nodes[level.next - 1];
  level.sum.files += child.files;
  level.sum.bytes += child.bytes;
  if (child.id && child.id == item.node.subtree) {
    level.out.add(item.text);
    return;
  }
  level.changed = true;
  if (child.id) level.out.add(edit_node_text(item.text, {.subtree = child.id}));
}

RewrittenTree TreeRewriter::leave() {
  Level level = std::move(levels_.back());
  levels_.pop_back();
  const Id key = memory_key(level.id);
  RewrittenTree result = level.sum;
  const bool vanishes = level.out.empty() && rules_.keep_empty && !rules_.keep_empty(shown_path());
  if (!vanishes) result.id = level.changed ? save_(level.out.finish()) : level.id;
  remember(key, result);
  return result;
}

void TreeRewriter::remember(const Id& key, const RewrittenTree& result) {
  if (known_.size() < limits_.remembered) known_.emplace(key, result);
}

const std::string& TreeRewriter::shown_path() const {
  static const std::string root = "/";
  return path_.empty() ? root : path_;
}

Id TreeRewriter::memory_key(const Id& tree) const {
  if (memory_ == Memory::by_tree) return tree;
  Sha256Stream hash;
  hash.update(tree.bytes());
  hash.update(as_bytes(path_));
  return hash.finish();
}

}  // namespace medsave
