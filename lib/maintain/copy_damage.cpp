#include "copy_damage.hpp"

#include "medsave/base/text.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/snap/tree_walker.hpp"

#include <utility>

namespace medsave {

void CopyDamage::add(const BlobRef& blob, const Error& why) {
  const std::lock_guard lock(mutex_);
  reasons_.emplace(blob.id, why.what());
}

void CopyDamage::refuse(const BlobRef& blob, std::string why) {
  const std::lock_guard lock(mutex_);
  refused_.emplace(blob.id, std::move(why));
}

std::optional<std::string> CopyDamage::why_not_whole(const Id& root, const std::stop_token& stop) {
  if (reasons_.empty() && refused_.empty()) return std::nullopt;
  std::optional<std::string> reason = why_missing({.kind = BlobKind::tree, .id = root});
  if (reason) return reason;
  const auto set_reason = [&](const std::string& path, const std::string& why) {
    if (!reason) reason = format_text(_("in {}, {}"), path, why);
  };
  const auto need = [&](const std::string& path, const BlobRef& blob) {
    if (const auto why = why_missing(blob)) set_reason(path, *why);
  };
  std::unordered_set<Id> visited = {root};
  const auto visit = [&](const WalkedNode& walked) {
    if (reason) return false;
    for (const Id& id : walked.node->content) need(walked.path, {BlobKind::data, id});
    const std::optional<Id>& subtree = walked.node->subtree;
    if (!subtree || whole_.contains(*subtree) || !visited.insert(*subtree).second) return false;
    need(walked.path, {BlobKind::tree, *subtree});
    return !reason;
  };
  if (!whole_.contains(root)) {
    walk_tree(BlobReader(target_.repository, target_.index), root, "", visit, set_reason, stop);
  }
  if (!reason) whole_.merge(visited);
  return reason;
}

std::optional<std::string> CopyDamage::why_missing(const BlobRef& blob) const {
  const auto refused = refused_.find(blob.id);
  if (refused != refused_.end()) return refused->second;
  if (target_.index.contains(blob)) return std::nullopt;
  const auto known = reasons_.find(blob.id);
  if (known != reasons_.end()) return known->second;
  return format_text(_("blob {} is missing"), blob.id.short_hex());
}

}  // namespace medsave
