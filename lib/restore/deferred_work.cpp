#include "deferred_work.hpp"

#include "medsave/crypto/sha256.hpp"

#include <string>
#include <utility>

namespace medsave {
namespace {

/// Hash of link target, device and content: the same for nodes with the same content.
Id content_digest(const Node& node) {
  std::string text = node.link_target;
  text.append(1, '\0').append(std::to_string(node.device));
  for (const Id& blob : node.content) text += as_text(blob.bytes());
  return sha256(as_bytes(text));
}

}  // namespace

std::uint32_t blob_tag(const Id& id) { return load_le32(id.bytes().data()); }

void PlanTotals::count(EntryAction action, std::uint64_t bytes) {
  Sum& sum = sums_[static_cast<std::size_t>(action)];
  ++sum.entries;
  sum.bytes += bytes;
}

void PlanTotals::add(const PlanTotals& more) {
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    sums_[i].entries += more.sums_[i].entries;
    sums_[i].bytes += more.sums_[i].bytes;
  }
  growth += more.growth;
  newer += more.newer;
}

void DeferredWork::add_file(PlannedFile file, std::span<const FilePiece> pieces,
                            std::optional<std::uint32_t> source) {
  file.pieces = static_cast<std::uint32_t>(pieces.size());
  const std::lock_guard lock(mutex_);
  const auto number = static_cast<std::uint32_t>(files.size());
  if (source) link_sources[*source].file = number;
  files.push_back(std::move(file));
  for (const FilePiece& piece : pieces) {
    const auto pack =
        pack_numbers_.try_emplace(piece.location.pack, static_cast<std::uint32_t>(packs.size()));
    if (pack.second) packs.push_back(piece.location.pack);
    uses.push_back({.pack = pack.first->second,
                    .pack_offset = piece.location.offset,
                    .blob_tag = blob_tag(piece.blob),
                    .file = number,
                    .file_offset = piece.offset});
  }
}

void DeferredWork::link_source_ready(const std::optional<std::uint32_t>& source) {
  if (!source) return;
  const std::lock_guard lock(mutex_);
  link_sources[*source].ready = true;
}

void DeferredWork::add_replacement(FolderReplacement replacement) {
  const std::lock_guard lock(mutex_);
  replacements.push_back(std::move(replacement));
}

void DeferredWork::add_extra(ExtraEntry extra) {
  const std::lock_guard lock(mutex_);
  totals.count(EntryAction::remove);
  extras.push_back(std::move(extra));
}

void DeferredWork::add_totals(const PlanTotals& more) {
  const std::lock_guard lock(mutex_);
  totals.add(more);
}

void DeferredWork::note_names(const FileInfo& present) {
  const std::lock_guard lock(mutex_);
  noted_.try_emplace(present.key(), present.mtime);
}

bool DeferredWork::is_noted(const FileInfo& entry) const {
  const std::lock_guard lock(mutex_);
  const auto found = noted_.find(entry.key());
  return found != noted_.end() && found->second == entry.mtime;
}

bool DeferredWork::claim_link(const Node& node, std::uint32_t dir,
                              const std::optional<SeenEntry>& seen,
                              std::optional<std::uint32_t>& source) {
  const Id digest = content_digest(node);
  const std::lock_guard lock(mutex_);
  const auto place = sources_by_inode_.try_emplace({node.inode, node.device_id, node.type, digest},
                                                   static_cast<std::uint32_t>(link_sources.size()));
  if (!place.second) {
    links.push_back({.source = place.first->second, .dir = dir, .name = node.name, .seen = seen});
    return false;
  }
  source = place.first->second;
  link_sources.push_back({.dir = dir, .name = node.name});
  return true;
}

}  // namespace medsave
