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

/// Makes written files durable and visible: at once, or behind the caller's back on a thread of
/// its own. The first failure stays: what is pending then is removed, and finish(), enqueue()
/// and barrier() throw it from then on. Thread-safe.
///
/// A name that this process finds may be one that a killed process left, and which a power cut
/// takes away again, or gives back, as nobody has synced its folder; or one of a process that still
/// runs and has not come to that. Nothing may be made that is worthless without such a name, and
/// nothing be removed because of it, before it is durable. So every folder is noted by note_found()
/// at the beginning and whenever names in it were listed or read, and sync_found() syncs those
/// noted before a file that refers to others (index, snapshot, another config) gets its name and
/// before anything is removed. Packs named by an index need no more than that: an index is stored
/// after a barrier that synced the folders of its packs. Packs no index names are read before one
/// does, which notes their folders.
class LocalWriter {
 public:
  explicit LocalWriter(const HeldFolder& root) : root_(root) {}
  /// Abandons what is pending: nothing refers to it before a barrier.
  ~LocalWriter();
  LocalWriter(const LocalWriter&) = delete;
  LocalWriter& operator=(const LocalWriter&) = delete;

  /// Throws the failure of an earlier file.
  void check();
  /// Returns when the file is durable under its final name, but for the folder's entry. One that
  /// `refers_to_others` gets that name once what was relied on is durable.
  /// `check`, if any, is called right before it gets its name, and may throw.
  void finish(WrittenFile written, bool refers_to_others, const std::function<void()>& check = {});
  /// Returns when there is room for one more pending file.
  void enqueue(WrittenFile written);
  /// A folder whose entries changed.
  void note_change(const std::string& folder);
  /// A folder of which names were, or may be, listed or read.
  void note_found(const std::string& folder);
  /// Returns when every folder relied on is durable as it was listed or read.
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
  std::deque<WrittenFile> pending_;  // the first one may be in work
  std::atomic<std::size_t> pending_count_ = 0;
  std::uint64_t pending_bytes_ = 0;
  std::set<std::string> folders_;  // changed since the last barrier
  std::set<std::string> found_;    // by note_found(), since sync_found()
  std::atomic<bool> found_unsynced_ = false;
  std::exception_ptr error_;
  std::jthread thread_;  // last: ends before what it uses
};

}  // namespace medsave
