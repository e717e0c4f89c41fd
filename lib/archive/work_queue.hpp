#pragma once

#include "previous_nodes.hpp"
#include "source_tree.hpp"
#include "tree_draft.hpp"

#include "medsave/base/bytes.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

namespace medsave {

class LargeFile;

/// List a folder and look at its entries.
struct DirectoryTask {
  SourceDirPtr parent = {};  // nullptr: this is the root
  SourceEntry entry = {};
  PreviousNodes previous = {};
  TreeDraftPtr draft = {};  // of the folder above, and the slot there
  std::size_t slot = 0;
  DestinationSet stored_anew = {};  // as TreeDraft::stored_anew
};

/// Read one file whose content may be new.
struct FileItem {
  SourceEntry entry = {};
  PreviousNodes previous = {};
  std::size_t slot = 0;
};

/// Files of one folder: several small ones, or a single large one.
struct FileBatch {
  SourceDirPtr dir = {};
  TreeDraftPtr draft = {};
  std::vector<FileItem> files = {};
  bool large = false;
};

/// Read what a program writes.
struct StreamTask {
  const StreamSource* source = nullptr;
  PreviousNodes previous = {};
  TreeDraftPtr draft = {};  // of the folder that it is in, and the slot there
  std::size_t slot = 0;
  std::string path = {};  // in the snapshot
};

/// Store one chunk of a large file.
struct ChunkTask {
  std::shared_ptr<LargeFile> file = {};
  std::size_t index = 0;
  Buffer bytes = {};
};

using Task = std::variant<ChunkTask, FileBatch, DirectoryTask>;

/// What is left to do, for all threads of a backup. Later stages go first and folders are taken
/// last in, first out, so little is held: the folders between the root and here with their
/// siblings, a few batches, a few chunks. Nobody waits for room (a full queue is answered by doing
/// the work oneself), so nothing can deadlock. Thread-safe.
class WorkQueue {
 public:
  /// `max_readers` batches are read at a time; `max_chunks` wait at most.
  WorkQueue(unsigned max_readers, std::size_t max_chunks)
      : max_readers_(max_readers), max_chunks_(max_chunks) {}

  /// Adds the work found in one folder, to be done in this order.
  void push(std::vector<FileBatch> batches, std::vector<DirectoryTask> directories);
  /// The same for what next_stream() returns.
  void push(std::vector<StreamTask> streams);
  /// False when enough chunks wait already; `task` is unchanged then.
  bool try_push(ChunkTask& task);

  /// Waits for a task; nullopt when all is done or on a stop. Every task is to be answered by one
  /// done(), a FileBatch before that by one reading_done().
  std::optional<Task> next(const std::stop_token& stop);
  /// The same for streams, which are for a thread of their own: while it waits for a program, the
  /// others have something to do.
  std::optional<StreamTask> next_stream(const std::stop_token& stop);
  void done();
  /// The files of a batch are read; only storing is left.
  void reading_done();

 private:
  [[nodiscard]] bool can_take() const;
  [[nodiscard]] bool all_done() const {
    return active_ == 0 && chunks_.empty() && batches_.empty() && directories_.empty() &&
           streams_.empty();
  }
  Task take();

  const unsigned max_readers_;
  const std::size_t max_chunks_;
  std::mutex mutex_;                             // guards everything below
  std::condition_variable_any changed_;          // for next()
  std::condition_variable_any streams_changed_;  // for next_stream()
  std::vector<ChunkTask> chunks_;
  std::vector<FileBatch> batches_;
  std::vector<DirectoryTask> directories_;
  std::deque<StreamTask> streams_;
  unsigned readers_ = 0;
  unsigned active_ = 0;
  unsigned waiting_ = 0;
};

}  // namespace medsave
