#include "tree_draft.hpp"

#include <string>

namespace medsave {

SavedBlob TreeAssembler::save(TreeDraft& draft, StoredBytes& stored) {
  std::erase_if(draft.nodes_, [](const Node& node) { return node.name.empty(); });
  const std::string json = encode_tree(draft.nodes_);
  const SavedBlob blob = sink_.save(BlobKind::tree, as_bytes(json));
  stored.add(blob, json.size());
  return blob;
}

void TreeAssembler::finish(TreeDraftPtr draft, std::size_t count) {
  // Release and acquire: the last one sees what all others wrote into their slots.
  while (draft->open_.fetch_sub(count, std::memory_order_acq_rel) == count) {
    StoredBytes stored;
    const SavedBlob blob = save(*draft, stored);
    if (draft->parent == nullptr) {
      root_ = blob.id;
      root_is_empty_ = draft->nodes_.empty();
      return;
    }
    draft->node.subtree = blob.id;
    reporter_.item(draft->snapshot_path, draft->node, draft->previous.get(), stored, draft->begun);
    draft->parent->slot(draft->parent_slot) = std::move(draft->node);
    draft = std::exchange(draft->parent, nullptr);  // frees the nodes of the one below
    count = 1;
  }
}

}  // namespace medsave
