#pragma once

#include "previous_nodes.hpp"

#include "medsave/archive/archiver.hpp"
#include "medsave/base/progress.hpp"
#include "medsave/format/node.hpp"
#include "medsave/format/snapshot.hpp"
#include "medsave/repo/blob_writer.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// What an empty drive of ext4 holds.
inline constexpr std::string_view kLostAndFound = "lost+found";

/// What one item added to the repository.
struct StoredBytes {
  std::uint64_t plain = 0;
  std::uint64_t packed = 0;

  void add(const SavedBlob& blob, std::size_t plain_bytes) {
    if (!blob.is_new) return;
    plain += plain_bytes;
    packed += blob.stored_length;
  }
};

/// Counts what happens and tells the sinks and the progress display. What is new, changed or
/// unchanged depends on a destination's parent snapshot: each has its own counts, and items are
/// told as they are in the first one. Thread-safe.
class Reporter {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  Reporter(const BackupSinks& sinks, Progress& progress, std::size_t destinations = 1)
      : sinks_(sinks), progress_(progress), counts_(destinations) {}

  /// Whether item() needs paths and times at all.
  [[nodiscard]] bool wants_items() const { return static_cast<bool>(sinks_.item); }
  /// The observer of what is read; empty when there is none.
  [[nodiscard]] const std::function<void(const ReadContent&)>& content() const {
    return sinks_.content;
  }
  [[nodiscard]] bool tracks_current() const { return progress_.track_current; }
  [[nodiscard]] Progress& progress() { return progress_; }

  void problem(const std::string& path, const std::string& message);
  /// Something of the parent snapshot is damaged in the repository and is stored again from the
  /// source.
  void stored_again(const std::string& message);
  /// At the end: how many more there were than are named one by one.
  void tell_unnamed();
  /// Something to know of the backup, which is complete all the same.
  void notice(const std::string& message);
  /// A folder that held something in the previous snapshot and holds nothing now, although it is a
  /// source, was a mount point or held much.
  void emptied(const std::string& path, bool is_bare);
  /// A source that holds something, all of which is left out.
  void left_out(const std::string& path);
  /// A source of which nothing is saved, because this pattern names it or a folder above it.
  void excluded(const std::string& path, const std::string& pattern);
  /// A source of which nothing else is saved, because this file in it says so.
  void excluded_by_file(const std::string& path, const std::string& file);
  /// Counts sources as emptied that were reported elsewhere.
  void count_emptied(std::uint64_t sources);
  /// A file changed while it was read, so that its copy may be inconsistent.
  void changed_while_read(const std::string& path);

  /// A file or folder is complete. `previous`: what the parent snapshots have under its name.
  /// `snapshot_path` matters only if wants_items().
  void item(const std::string& snapshot_path, const Node& node, const PreviousNodes& previous,
            const StoredBytes& stored, Instant begun);

  /// A file that is in the snapshot without having been read. `previous`: by destination, nullptr
  /// where the parent snapshot has nothing of its name.
  void kept(const std::string& snapshot_path, const Node& node, std::span<Node* const> previous,
            Instant begun);

  [[nodiscard]] std::uint64_t problems() const { return problems_; }
  [[nodiscard]] std::uint64_t stored_again() const { return stored_again_; }
  [[nodiscard]] std::uint64_t emptied() const { return emptied_; }
  [[nodiscard]] std::vector<std::string> excluded() const { return excluded_; }
  [[nodiscard]] std::uint64_t changed_while_read() const { return changed_while_read_; }
  /// The counters of items and bytes; blobs and times are the caller's to fill in.
  [[nodiscard]] SnapshotSummary summary(std::size_t destination) const;

 private:
  struct ActionCounts {
    std::atomic<std::uint64_t> added = 0;
    std::atomic<std::uint64_t> changed = 0;
    std::atomic<std::uint64_t> unchanged = 0;
    void count(ItemAction action);
  };

  struct Counts {
    ActionCounts files;
    ActionCounts dirs;
  };

  void add_excluded(const std::string& path);
  void tell(const std::string& snapshot_path, const Node& node, ItemAction action,
            const StoredBytes& stored, Instant begun);
  void count(std::size_t destination, const Node& node, ItemAction action);

  const BackupSinks& sinks_;
  Progress& progress_;
  std::mutex mutex_;  // serialises calls of the sinks, guards excluded_ while threads run
  std::vector<std::string> excluded_;
  std::vector<Counts> counts_;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<std::uint64_t> problems_ = 0;
  std::atomic<std::uint64_t> stored_again_ = 0;
  std::atomic<std::uint64_t> emptied_ = 0;
  std::atomic<std::uint64_t> changed_while_read_ = 0;
};

}  // namespace medsave
