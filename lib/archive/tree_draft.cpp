#include "tree_draft.hpp"

#include "medsave/crypto/sha256.hpp"
#include "medsave/format/tree_encode.hpp"

#include <algorithm>
#include <string>

namespace medsave {

SavedBlob TreeAssembler::save(const TreeDraft& draft, StoredBytes& stored) {
  const auto is_folder = [](const Node& node) { return node.type == NodeType::dir; };
  if (!std::ranges::all_of(draft.nodes_, is_folder)) only_folders_ = false;
  const std::string json = encode_tree(draft.nodes_);
  const ByteView bytes = as_bytes(json);
  const SavedBlob blob = draft.stored_anew.empty()
                             ? sink_.save(BlobKind::tree, bytes)
                             : sink_.save_anew({.kind = BlobKind::tree, .id = sha256(bytes)}, bytes,
                                               draft.stored_anew);
  stored.add(blob, json.size());
  return blob;
}

void TreeAssembler::finish(TreeDraftPtr draft, std::size_t count) {
  // Release and acquire: the last one sees what all others wrote into their slots.
  while (draft->open_.fetch_sub(count, std::memory_order_acq_rel) == count) {
    std::erase_if(draft->nodes_, [](const Node& node) { return node.name.empty(); });
    if (!draft->only_leads || !draft->nodes_.empty()) {
      StoredBytes stored;
      const SavedBlob blob = save(*draft, stored);
      if (draft->parent == nullptr) {
        root_ = blob.id;
        root_is_empty_ = draft->nodes_.empty();
        return;
      }
      draft->node.subtree = blob.id;
      reporter_.item(draft->snapshot_path, draft->node, draft->previous, stored, draft->begun);
      draft->parent->slot(draft->parent_slot) = std::move(draft->node);
    }
    draft = std::exchange(draft->parent, nullptr);  // frees the nodes of the one below
    count = 1;
  }
}

}  // namespace medsave
