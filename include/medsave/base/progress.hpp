#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

namespace medsave {

/// Live counters of one operation. Engines add to them from any thread; a display polls them.
/// Units are files and bytes of plaintext unless an engine says otherwise.
class Progress {
 public:
  std::atomic<std::uint64_t> total_items = 0;
  std::atomic<std::uint64_t> total_bytes = 0;
  std::atomic<bool> totals_final = false;  // false: totals still grow, no ETA yet
  std::atomic<std::uint64_t> done_items = 0;
  std::atomic<std::uint64_t> done_bytes = 0;
  std::atomic<std::uint64_t> total_folders = 0;  // of total_items, where folders are among these
  std::atomic<std::uint64_t> done_folders = 0;   // of done_items
  std::atomic<std::uint64_t> skipped_items = 0;
  std::atomic<std::uint64_t> skipped_bytes = 0;
  std::atomic<std::uint64_t> deleted_items = 0;
  std::atomic<std::uint64_t> errors = 0;

  // Bytes that are being stored in a repository; what is there already adds nothing.
  std::atomic<std::uint64_t> new_bytes = 0;     // plaintext of new blobs
  std::atomic<std::uint64_t> packed_bytes = 0;  // the same as stored
  std::atomic<std::uint64_t> queued_bytes = 0;  // of these, in packs that are not stored yet
  std::atomic<std::uint64_t> sent_bytes = 0;    // of these, stored
  std::atomic<bool> all_read = false;           // everything has been read; the rest is storing

  std::atomic<std::uint64_t> awaited_bytes = 0;  // to be restored, on their way from the repository

  // Set before threads start.
  std::uint64_t line_rate = 0;  // bytes a second that the line may take; 0: no limit
  std::stop_token stop = {};    // after a stop there is no time left to tell

  /// Names shown as "current files". Set before threads start; engines skip the bookkeeping
  /// when nobody looks.
  bool track_current = false;
  void begin_item(const std::string& path);
  void end_item(const std::string& path);
  [[nodiscard]] std::vector<std::string> current_items() const;

 private:
  mutable std::mutex mutex_;  // guards current_
  std::vector<std::string> current_;
};

/// A warning or notice worth a line to the user, already translated. Called from any thread;
/// implementations serialise.
using NoticeSink = std::function<void(const std::string& message)>;

}  // namespace medsave
