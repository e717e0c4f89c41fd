#include "copy_walk.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/tree.hpp"
#include "medsave/par/task_scope.hpp"

#include <algorithm>
#include <utility>

namespace medsave {

CopyWalk::CopyWalk(const CopySource& source, const CopyTarget& target, BlobWriter& writer,
                   bool keep_frames, bool verify)
    : source_(source),
      target_(target),
      writer_(writer),
      keep_frames_(keep_frames),
      verify_(verify),
      seen_(source.index.blob_count()) {}

std::vector<WantedBlob> CopyWalk::run(const Id& root, const std::stop_token& stop) {
  if (!is_first_visit({.kind = BlobKind::tree, .id = root})) return {};
  waiting_ = {root};
  TaskScope scope(stop);
  scope.spawn("copy trees", std::max(worker_count(), source_.repository.backend().connections()),
              [this](const std::stop_token& token) { work(token); });
  scope.join();
  return std::exchange(wanted_, {});
}

void CopyWalk::work(const std::stop_token& stop) {
  BlobTransfer transfer(source_, target_.repository, writer_, keep_frames_, verify_);
  std::vector<Id> found;
  std::vector<WantedBlob> wanted;
  while (const std::optional<Id> tree = next_tree(stop)) {
    found.clear();
    follow(*tree, transfer, found, wanted);
    {
      const std::lock_guard lock(mutex_);
      waiting_.insert(waiting_.end(), found.begin(), found.end());
      --busy_;
    }
    changed_.notify_all();
  }
  const std::lock_guard lock(mutex_);
  wanted_.insert(wanted_.end(), wanted.begin(), wanted.end());
}

std::optional<Id> CopyWalk::next_tree(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [&] { return !waiting_.empty() || busy_ == 0; });
  if (stop.stop_requested() || waiting_.empty()) return std::nullopt;
  const Id tree = waiting_.back();
  waiting_.pop_back();
  ++busy_;
  return tree;
}

void CopyWalk::follow(const Id& tree, BlobTransfer& transfer, std::vector<Id>& found,
                      std::vector<WantedBlob>& wanted) {
  Buffer sealed;
  load(tree, transfer, sealed);
  for (const Node& node : decode_tree(as_text(transfer.plain()))) {
    if (node.subtree && is_first_visit({.kind = BlobKind::tree, .id = *node.subtree})) {
      found.push_back(*node.subtree);
    }
    for (const Id& id : node.content) {
      const BlobRef blob{.kind = BlobKind::data, .id = id};
      if (!is_first_visit(blob) || target_.index.contains(blob)) continue;
      const BlobLocation at = *source_.index.find(blob);
      wanted.push_back({.pack = at.pack,
                        .entry = {.kind = BlobKind::data,
                                  .id = id,
                                  .offset = at.offset,
                                  .stored_length = at.stored_length,
                                  .plain_length = at.plain_length}});
    }
  }
}

/// The tree's text into transfer.plain(), and into the target if that lacks it.
void CopyWalk::load(const Id& tree, BlobTransfer& transfer, Buffer& sealed) {
  const BlobRef blob{.kind = BlobKind::tree, .id = tree};
  const BlobLocation at = *source_.index.find(blob);
  const PackEntry entry{.kind = BlobKind::tree,
                        .id = tree,
                        .offset = at.offset,
                        .stored_length = at.stored_length,
                        .plain_length = at.plain_length};
  bool loaded = false;
  try {
    source_.repository.backend().load_range({.kind = FileKind::pack, .id = at.pack}, at.offset,
                                            at.stored_length, sealed);
    loaded = true;
  } catch (const Error&) {
    // another copy may be readable; if not, that says why
  }
  const bool store = !target_.index.contains(blob);
  if (loaded &&
      (store ? transfer.transfer(entry, sealed.view()) : transfer.open(entry, sealed.view()))) {
    return;
  }
  transfer.transfer_any_copy(blob);
}

/// Throws Error(not_found) for a blob that the source does not have.
bool CopyWalk::is_first_visit(const BlobRef& blob) {
  const std::optional<std::size_t> number = source_.index.blob_number(blob);
  if (number) return !seen_[*number].exchange(true, std::memory_order_relaxed);
  throw Error(Errc::not_found,
              format_text(_("blob {} is missing: no index file lists it; run `medsave check` to "
                            "see what is affected"),
                          blob.id.hex()));
}

}  // namespace medsave
