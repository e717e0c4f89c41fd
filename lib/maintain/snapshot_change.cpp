#include "medsave/maintain/snapshot_change.hpp"

#include "medsave/format/snapshot.hpp"

#include <algorithm>

namespace medsave {

Id replace_snapshot(const Repository& repository, const Snapshot& snapshot,
                    const std::optional<Id>& old) {
  const Id id = repository.save_json(FileKind::snapshot, encode_snapshot(snapshot));
  repository.backend().barrier();
  if (old && *old != id) {
    repository.backend().remove({.kind = FileKind::snapshot, .id = *old});
    repository.backend().barrier();
  }
  return id;
}

bool change_tags(Snapshot& snapshot, const TagChange& change) {
  std::vector<std::string> tags = change.set.value_or(snapshot.tags);
  for (const std::string& tag : change.add) {
    if (std::ranges::find(tags, tag) == tags.end()) tags.push_back(tag);
  }
  std::erase_if(tags, [&](const std::string& tag) {
    return std::ranges::find(change.remove, tag) != change.remove.end();
  });
  if (tags == snapshot.tags) return false;
  snapshot.tags = std::move(tags);
  return true;
}

}  // namespace medsave
