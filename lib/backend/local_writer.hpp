#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/sys/fd.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <set>
#include <string>
#include <thread>

namespace medsave {

/// A file that is complete under its temporary name.
struct WrittenFile {
  FileRef file = {};
  UniqueFd fd = {};
  std::string temporary = {};
  std::string final_path = {};
  std::string folder = {};
  unsigned mode = 0400;
  bool must_be_new = false;  // nothing may be there under the final name
  std::uint64_t size = 0;    // bytes
};

/// Makes written files durable and visible: at once, or behind the caller's back on a thread of
/// its own. The first failure stays: what is pending then is removed, and finish(), enqueue()
/// and barrier() throw it from then on. Thread-safe.
class LocalWriter {
 public:
  LocalWriter() = default;
  /// Abandons what is pending: nothing refers to it before a barrier.
  ~LocalWriter();
  LocalWriter(const LocalWriter&) = delete;
  LocalWriter& operator=(const LocalWriter&) = delete;

  /// Throws the failure of an earlier file.
  void check();
  /// Returns when the file is durable under its final name, but for the folder's entry.
  void finish(WrittenFile written);
  /// Returns when there is room for one more pending file.
  void enqueue(WrittenFile written);
  /// A folder whose entries changed.
  void note_change(const std::string& folder);
  /// Returns when nothing is pending and every changed folder is durable.
  void barrier();
  void wait_until_idle();
  /// Returns when this file is not pending (any more).
  void wait_for(const FileRef& file);

 private:
  void run(const std::stop_token& stop);
  void fail(std::exception_ptr error) noexcept;
  [[nodiscard]] bool is_pending(const FileRef& file) const;

  // Held by barrier() to its end: a second caller must not return while the first still syncs
  // folders that concern both.
  std::mutex barrier_mutex_;
  std::mutex mutex_;  // guards all below but pending_count_'s reads
  std::condition_variable_any changed_;
  std::deque<WrittenFile> pending_;  // the first one may be in work
  std::atomic<std::size_t> pending_count_ = 0;
  std::uint64_t pending_bytes_ = 0;
  std::set<std::string> folders_;  // changed since the last barrier
  std::exception_ptr error_;
  std::jthread thread_;  // last: ends before what it uses
};

}  // namespace medsave
