#pragma once

#include "held_folder.hpp"

#include "medsave/backend/backend.hpp"
#include "medsave/sys/fd.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>

namespace medsave {

/// A file that is complete under its temporary name. Names are relative to the repository's folder.
struct WrittenFile {
  FileRef file = {};
  UniqueFd fd = {};
  std::string temporary = {};
  std::string final_name = {};
  std::string folder = {};
  unsigned mode = 0400;
  bool must_be_new = false;  // nothing may be there under the final name
  std::uint64_t size = 0;    // bytes
};

/// Makes written files durable and visible: at once, or in the background on a thread of its own.
/// After the first failure the pending files are removed, and finish(), enqueue() and barrier()
/// throw it. Thread-safe.
///
/// The name of a file that this process finds need not be durable: its writer may have been killed
/// before it synced the folder, or has not come to that yet. A power cut could still undo that
/// file, or the removal of one. Until the folder is synced, nothing may be stored that depends on
/// such a file, and nothing removed because of it. So note_found() notes a folder at the beginning
/// and whenever names in it were listed or read, and sync_found() syncs the noted folders before a
/// file that refers to others (index, snapshot, a new config) gets its name and before anything is
/// removed. That is enough for packs that an index names, too: an index is stored after a barrier
/// that synced the folders of its packs. Packs in no index are read before they are indexed, which
/// notes their folders.
class LocalWriter {
 public:
  explicit LocalWriter(const HeldFolder& root) : root_(root) {}
  /// Removes the pending files: nothing refers to them before a barrier.
  ~LocalWriter();
  LocalWriter(const LocalWriter&) = delete;
  LocalWriter& operator=(const LocalWriter&) = delete;

  /// Throws the failure of an earlier file.
  void check();
  /// Returns when the file is durable under its final name, but for the folder's entry. One that
  /// `refers_to_others` gets that name after sync_found(). `check`, if any, is called right before
  /// it gets its name, and may throw.
  void finish(WrittenFile written, bool refers_to_others, const std::function<void()>& check = {});
  /// Returns when there is room for one more pending file.
  void enqueue(WrittenFile written);
  /// A folder whose entries changed.
  void note_change(const std::string& folder);
  /// A folder of which names were, or may be, listed or read.
  void note_found(const std::string& folder);
  /// Syncs the folders noted by note_found() since the last time.
  void sync_found();
  /// Returns when nothing is pending and every changed folder is durable.
  void barrier();
  void wait_until_idle();
  /// Returns when this file is not pending (any more).
  void wait_for(const FileRef& file);

 private:
  void run(const std::stop_token& stop);
  void fail(std::exception_ptr error) noexcept;
  void make_final(WrittenFile& written, const std::function<void()>& check);
  void remove_quietly(const std::string& name) noexcept;
  [[nodiscard]] bool is_pending(const FileRef& file) const;

  const HeldFolder& root_;
  // Held by barrier() and sync_found() to their end: a second caller must not return while the
  // first still syncs folders that concern both.
  std::mutex barrier_mutex_;
  std::mutex mutex_;  // guards all below but reads of the atomic ones
  std::condition_variable_any changed_;
  std::deque<WrittenFile> pending_;  // the thread may be working on the first one
  std::atomic<std::size_t> pending_count_ = 0;
  std::uint64_t pending_bytes_ = 0;
  std::set<std::string> folders_;  // changed since the last barrier
  std::set<std::string> found_;    // by note_found(), since sync_found()
  std::atomic<bool> found_unsynced_ = false;
  std::exception_ptr error_;
  std::jthread thread_;  // last: ends before what it uses
};

}  // namespace medsave
