#include "copy_walk.hpp"

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

CopyWalk::CopyWalk(const CopySource& source, const CopyTarget& target, BlobWriter& writer,
                   CopyDamage& damage, bool keep_frames, bool verify)
    : source_(source),
      target_(target),
      writer_(writer),
      damage_(damage),
      target_reader_(target.repository, target.index),
      keep_frames_(keep_frames),
      verify_(verify),
      seen_(source.index.blob_count()) {}

CopyNeeds CopyWalk::run(const Id& root, const std::stop_token& stop) {
  if (!is_first_visit({.kind = BlobKind::tree, .id = root})) return {};
  trees_.push(root);
  TaskScope scope(stop);
  scope.spawn("copy trees", std::max(worker_count(), source_.repository.backend().connections()),
              [this](const std::stop_token& token) { work(token); });
  scope.join();
  return std::exchange(needs_, {});
}

void CopyWalk::work(const std::stop_token& stop) {
  BlobTransfer transfer(source_, target_.repository, writer_, keep_frames_, verify_);
  std::vector<Id> found;
  std::vector<WantedBlob> wanted;
  while (const std::optional<Id> tree = trees_.next(stop)) {
    found.clear();
    follow(*tree, transfer, found, wanted);
    trees_.done(found);
  }
  const std::lock_guard lock(mutex_);
  needs_.wanted.insert(needs_.wanted.end(), wanted.begin(), wanted.end());
}

void CopyWalk::follow(const Id& tree, BlobTransfer& transfer, std::vector<Id>& found,
                      std::vector<WantedBlob>& wanted) {
  const std::optional<Tree> nodes = load(tree, transfer);
  if (!nodes) return;
  for (const Node& node : *nodes) {
    if (node.subtree && is_first_visit({.kind = BlobKind::tree, .id = *node.subtree})) {
      found.push_back(*node.subtree);
    }
    for (const Id& id : node.content) {
      const BlobRef blob{.kind = BlobKind::data, .id = id};
      if (!is_first_visit(blob) || target_.index.contains(blob)) continue;
      const std::optional<BlobLocation> at = source_.index.find(blob);
      if (!at) {
        if (const auto failure = transfer.transfer_any_copy(blob)) damage_.add(blob, *failure);
        continue;
      }
      wanted.push_back({.pack = at->pack,
                        .entry = {.kind = BlobKind::data,
                                  .id = id,
                                  .offset = at->offset,
                                  .stored_length = at->stored_length,
                                  .plain_length = at->plain_length}});
    }
  }
}

/// The nodes of a tree, which the target has now; nullopt when it cannot be had.
std::optional<Tree> CopyWalk::load(const Id& tree, BlobTransfer& transfer) {
  const BlobRef blob{.kind = BlobKind::tree, .id = tree};
  const bool target_has_it = target_.index.contains(blob);
  std::optional<Error> failure = transfer_tree(blob, transfer);
  try {
    if (!failure) {
      if (!target_has_it) {
        const std::lock_guard lock(mutex_);
        needs_.trees_stored = true;
      }
      return judged(blob, decode_tree(as_text(transfer.plain())));
    }
    if (target_has_it) return judged(blob, load_tree(target_reader_, tree));
  } catch (const Error& e) {
    if (is_fatal(e)) throw;
    failure = e;
  }
  damage_.add(blob, *failure);
  return std::nullopt;
}

/// nullopt for a tree that lists a name twice: its copy could not be restored, so it is not copied.
std::optional<Tree> CopyWalk::judged(const BlobRef& blob, Tree tree) {
  const std::optional<std::string> name = repeated_name(tree);
  if (!name) return tree;
  damage_.refuse(blob, format_text(_("folder list {}: {}"), blob.id.hex(),
                                   format_text(_("it lists \"{}\" twice"), go_quote(*name))));
  return std::nullopt;
}

/// The tree's text into transfer.plain(), and into the target if that lacks it. Returns why the
/// source has no copy of it that can be read.
std::optional<Error> CopyWalk::transfer_tree(const BlobRef& blob, BlobTransfer& transfer) {
  const std::optional<BlobLocation> at = source_.index.find(blob);
  if (!at) return transfer.transfer_any_copy(blob);
  const PackEntry entry{.kind = BlobKind::tree,
                        .id = blob.id,
                        .offset = at->offset,
                        .stored_length = at->stored_length,
                        .plain_length = at->plain_length};
  Buffer sealed;
  bool loaded = false;
  try {
    source_.repository.backend().load_range({.kind = FileKind::pack, .id = at->pack}, at->offset,
                                            at->stored_length, sealed);
    loaded = true;
  } catch (const Error& e) {
    if (is_fatal(e)) throw;
    // another copy may be readable; if not, that says why
  }
  const bool store = !target_.index.contains(blob);
  if (loaded &&
      (store ? transfer.transfer(entry, sealed.view()) : transfer.open(entry, sealed.view()))) {
    return std::nullopt;
  }
  return transfer.transfer_any_copy(blob);
}

bool CopyWalk::is_first_visit(const BlobRef& blob) {
  const std::optional<std::size_t> number = source_.index.blob_number(blob);
  if (number) return !seen_[*number].exchange(true, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  return unlisted_.insert(blob.id).second;
}

}  // namespace medsave
