#include "target_limits.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/random.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/metadata.hpp"
#include "medsave/sys/remove_tree.hpp"

namespace medsave {
namespace {

constexpr unsigned kPrivateFile = 0600;
constexpr unsigned kPrivateDir = 0700;

std::string trial_name() {
  std::byte random[8];
  system_random().fill(random);
  return ".medsave-" + to_hex(random);
}

void make_trial(DirHandle dir, EntryKind kind, const std::string& name) {
  switch (kind) {
    case EntryKind::file:
      create_file_at(dir, name, kPrivateFile);
      break;
    case EntryKind::dir:
      make_dir_at(dir, name, kPrivateDir);
      break;
    case EntryKind::symlink:
      make_symlink_at(dir, name, name);
      break;
  }
}

/// False where no trial can be made.
bool trial_is_refused(DirHandle dir, EntryKind kind,
                      const std::function<void(const std::string& name)>& step) {
  const std::string name = trial_name();
  bool refused = false;
  try {
    make_trial(dir, kind, name);
    try {
      step(name);
    } catch (const Error& e) {
      refused = e.code() == Errc::permission || e.code() == Errc::unsupported;
    }
    remove_tree_at(dir, name);
  } catch (const Error&) {
    return refused;
  }
  return refused;
}

std::string describe(MetadataPart part, unsigned long count) {
  switch (part) {
    case MetadataPart::owner:
      return n_("the target cannot keep owners: {} entry has another one than in the snapshot",
                "the target cannot keep owners: {} entries have others than in the snapshot",
                count);
    case MetadataPart::attributes:
      return n_("the target cannot keep extended attributes: {} entry lacks some",
                "the target cannot keep extended attributes: {} entries lack some", count);
    case MetadataPart::mode:
      return n_("the target cannot keep permissions: {} entry has others than in the snapshot",
                "the target cannot keep permissions: {} entries have others than in the snapshot",
                count);
    case MetadataPart::times:
      return n_("the target cannot keep times: {} entry has another one than in the snapshot",
                "the target cannot keep times: {} entries have others than in the snapshot", count);
  }
  return {};
}

}  // namespace

bool TargetLimits::explain(DirHandle dir, EntryKind kind, MetadataPart part,
                           const std::function<void(const std::string& name)>& step) {
  const std::lock_guard lock(mutex_);
  const std::tuple key = {stat_dir(dir).device, kind, part};
  if (!refused_.contains(key)) {
    if (!trial_is_refused(dir, kind, step)) return false;
    refused_.insert(key);
  }
  ++counts_[static_cast<std::size_t>(part)];
  return true;
}

void TargetLimits::add(MetadataPart part) {
  const std::lock_guard lock(mutex_);
  ++counts_[static_cast<std::size_t>(part)];
}

void TargetLimits::report(const NoticeSink& notice) const {
  const std::lock_guard lock(mutex_);
  for (std::size_t part = 0; part < kMetadataParts; ++part) {
    const unsigned long count = counts_[part];
    if (count == 0 || !notice) continue;
    notice(format_text(describe(static_cast<MetadataPart>(part), count), count));
  }
}

}  // namespace medsave
