#include "damage_log.hpp"

#include "medsave/base/text.hpp"

#include <utility>

namespace medsave {

void DamageLog::report(const Finding& finding) {
  if (!finding.is_hint) progress_.errors.fetch_add(1);
  const std::lock_guard lock(mutex_);
  ++(finding.is_hint ? hints_ : errors_);
  if (sink_) sink_(finding);
}

void DamageLog::error(FindingKind kind, const Id& id, const std::string& message) {
  report({.kind = kind, .is_hint = false, .id = id, .message = message});
}

void DamageLog::hint(FindingKind kind, std::vector<Id> packs, const std::string& message) {
  const Id first = packs.front();
  report(
      {.kind = kind, .is_hint = true, .id = first, .message = message, .packs = std::move(packs)});
}

void DamageLog::broken_pack(FindingKind kind, const Id& pack, const std::string& message) {
  {
    const std::lock_guard lock(mutex_);
    const bool first = broken_ids_.insert(pack).second;
    if (first) broken_packs_.push_back(pack);
    const bool there = kind == FindingKind::pack_damaged || kind == FindingKind::pack_size;
    if (first && there) rotten_packs_.push_back(pack);
  }
  error(kind, pack, message);
}

void DamageLog::unread_pack(const Id& pack, const Error& why) {
  note_reason(why);
  error(FindingKind::pack_unread, pack, format_text(_("pack {}: {}"), pack.hex(), why.what()));
}

void DamageLog::note_rotten_pack(const Id& pack) {
  const std::lock_guard lock(mutex_);
  if (!broken_ids_.insert(pack).second) return;
  broken_packs_.push_back(pack);
  rotten_packs_.push_back(pack);
}

void DamageLog::suspect(const std::vector<BlobRef>& blobs) {
  const std::lock_guard lock(mutex_);
  suspects_.insert(blobs.begin(), blobs.end());
}

void DamageLog::fill(CheckReport& report) const {
  report.errors = errors_;
  report.hints = hints_;
  report.broken_packs = broken_packs_;
  report.rotten_packs = rotten_packs_;
  report.access_denied = access_denied_;
  report.unknown_types = unknown_type_;
  report.lost_content = broken_reference_ || !broken_packs_.empty() || !suspects_.empty();
}

}  // namespace medsave
