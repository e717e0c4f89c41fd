#include "damage_log.hpp"

#include <utility>

namespace medsave {

void DamageLog::report(Finding finding) {
  if (!finding.is_hint) progress_.errors.fetch_add(1);
  const std::lock_guard lock(mutex_);
  ++(finding.is_hint ? hints_ : errors_);
  if (sink_) sink_(finding);
}

void DamageLog::error(FindingKind kind, const Id& id, const std::string& message) {
  report({.kind = kind, .is_hint = false, .id = id, .message = message});
}

void DamageLog::hint(FindingKind kind, const Id& id, const std::string& message) {
  report({.kind = kind, .is_hint = true, .id = id, .message = message});
}

void DamageLog::broken_pack(FindingKind kind, const Id& pack, const std::string& message) {
  {
    const std::lock_guard lock(mutex_);
    if (broken_ids_.insert(pack).second) broken_packs_.push_back(pack);
  }
  error(kind, pack, message);
}

void DamageLog::suspect(const std::vector<BlobRef>& blobs) {
  const std::lock_guard lock(mutex_);
  suspects_.insert(blobs.begin(), blobs.end());
}

void DamageLog::fill(CheckReport& report) const {
  report.errors = errors_;
  report.hints = hints_;
  report.broken_packs = broken_packs_;
}

}  // namespace medsave
