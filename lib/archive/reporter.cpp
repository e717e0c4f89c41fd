#include "reporter.hpp"

#include "medsave/base/text.hpp"

namespace medsave {
namespace {

// A lost pack may be missing from thousands of files.
constexpr std::uint64_t kMostNamed = 10;

/// Having been read changes nothing.
bool is_same(const Node& node, const Node& previous) {
  if (node.atime == previous.atime) return node == previous;
  Node other = previous;
  other.atime = node.atime;
  return node == other;
}

}  // namespace

void Reporter::ActionCounts::count(ItemAction action) {
  switch (action) {
    case ItemAction::added:
      ++added;
      break;
    case ItemAction::modified:
      ++changed;
      break;
    case ItemAction::unchanged:
      ++unchanged;
      break;
  }
}

void Reporter::problem(const std::string& path, const std::string& message) {
  ++problems_;
  ++progress_.errors;
  if (!sinks_.problem) return;
  const std::lock_guard lock(mutex_);
  sinks_.problem({.path = path, .message = message});
}

void Reporter::notice(const std::string& message) {
  if (!sinks_.notice) return;
  const std::lock_guard lock(mutex_);
  sinks_.notice(message);
}

void Reporter::stored_again(const std::string& message) {
  if (stored_again_++ < kMostNamed) notice(message);
}

void Reporter::tell_unnamed() {
  const unsigned long count = stored_again_;
  if (count <= kMostNamed) return;
  const unsigned long more = count - kMostNamed;
  notice(format_text(n_("and {} more that is stored again, as the repository has lost parts of it",
                        "and {} more that are stored again, as the repository has lost parts of "
                        "them",
                        more),
                     more));
}

void Reporter::emptied(const std::string& path, bool is_bare) {
  ++emptied_;
  notice(format_text(is_bare ? _("{}: is empty; is its drive connected?")
                             : _("{}: holds nothing of what the drive had that was mounted there; "
                                 "is it connected?"),
                     path));
}

void Reporter::left_out(const std::string& path) {
  ++emptied_;
  notice(format_text(_("{}: nothing is saved of what this source holds: all of it is left out"),
                     path));
}

void Reporter::add_excluded(const std::string& path) {
  const std::lock_guard lock(mutex_);
  excluded_.push_back(path);
}

void Reporter::excluded_by_file(const std::string& path, const std::string& file) {
  add_excluded(path);
  notice(format_text(_("{}: the files of this source are not saved, because its \"{}\" says so; "
                       "take away that file, or the option that heeds it"),
                     path, file));
}

void Reporter::excluded(const std::string& path, const std::string& pattern) {
  add_excluded(path);
  notice(format_text(_("{}: nothing of this source is saved, because the pattern \"{}\" excludes "
                       "it; take away the pattern or the source"),
                     path, pattern));
}

void Reporter::count_emptied(std::uint64_t sources) { emptied_ += sources; }

void Reporter::changed_while_read(const std::string& path) {
  ++changed_while_read_;
  notice(format_text(_("{}: kept changing while it was read, so its copy may not hang together"),
                     path));
}

void Reporter::kept(const std::string& snapshot_path, const Node& node,
                    std::span<Node* const> previous, Instant begun) {
  const auto action_in = [&](std::size_t destination) {
    const Node* before = previous[destination];
    if (before == nullptr) return ItemAction::added;
    return before->content == node.content ? ItemAction::unchanged : ItemAction::modified;
  };
  for (std::size_t i = 0; i < counts_.size(); ++i) count(i, node, action_in(i));
  tell(snapshot_path, node, action_in(0), {}, begun);
}

void Reporter::item(const std::string& snapshot_path, const Node& node,
                    const PreviousNodes& previous, const StoredBytes& stored, Instant begun) {
  const auto action_in = [&](std::size_t destination) {
    const Node* before = previous_node(previous, destination);
    if (before == nullptr) return ItemAction::added;
    return is_same(node, *before) ? ItemAction::unchanged : ItemAction::modified;
  };
  const ItemAction in_first = action_in(0);
  count(0, node, in_first);
  for (std::size_t i = 1; i < counts_.size(); ++i) count(i, node, action_in(i));
  tell(snapshot_path, node, in_first, stored, begun);
}

void Reporter::count(std::size_t destination, const Node& node, ItemAction action) {
  if (node.type == NodeType::dir) counts_[destination].dirs.count(action);
  if (node.type == NodeType::file) counts_[destination].files.count(action);
}

void Reporter::tell(const std::string& snapshot_path, const Node& node, ItemAction action,
                    const StoredBytes& stored, Instant begun) {
  const bool is_dir = node.type == NodeType::dir;
  if (!is_dir && node.type != NodeType::file) return;
  if (!is_dir) {
    bytes_ += node.size;
    ++progress_.done_items;
  }
  if (!sinks_.item) return;
  BackupItem item{.path = snapshot_path, .action = action};
  item.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  if (is_dir) item.path += '/';
  (is_dir ? item.metadata_size : item.data_size) = stored.plain;
  (is_dir ? item.metadata_size_in_repo : item.data_size_in_repo) = stored.packed;
  const std::lock_guard lock(mutex_);
  sinks_.item(item);
}

SnapshotSummary Reporter::summary(std::size_t destination) const {
  const Counts& counts = counts_[destination];
  SnapshotSummary summary;
  summary.files_new = counts.files.added;
  summary.files_changed = counts.files.changed;
  summary.files_unmodified = counts.files.unchanged;
  summary.dirs_new = counts.dirs.added;
  summary.dirs_changed = counts.dirs.changed;
  summary.dirs_unmodified = counts.dirs.unchanged;
  summary.total_files_processed =
      counts.files.added + counts.files.changed + counts.files.unchanged;
  summary.total_bytes_processed = bytes_;
  return summary;
}

}  // namespace medsave
