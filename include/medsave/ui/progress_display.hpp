#pragma once

#include "medsave/base/progress.hpp"
#include "medsave/ui/console.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace medsave {

enum class ProgressKind { backup, restore, check };

/// How progress is shown: a live block on a terminal, now and then a line, JSON status lines.
enum class ProgressStyle { none, live, lines, json };

/// What there is to show at one moment; sizes in bytes.
struct ProgressView {
  ProgressKind kind = ProgressKind::backup;
  std::uint64_t total_items = 0;
  std::uint64_t total_bytes = 0;
  std::uint64_t done_items = 0;
  std::uint64_t done_bytes = 0;
  std::uint64_t total_folders = 0;  // of total_items
  std::uint64_t done_folders = 0;   // of done_items
  std::uint64_t skipped_items = 0;
  std::uint64_t skipped_bytes = 0;
  std::uint64_t deleted_items = 0;
  std::uint64_t errors = 0;
  std::uint64_t unsent_bytes = 0;  // of done_bytes, not in the repository yet
  std::chrono::seconds elapsed = {};
  double bytes_per_second = 0;                         // of the last seconds
  std::optional<std::chrono::seconds> remaining = {};  // once totals are final
  std::vector<std::string> current = {};

  /// 0..1 by bytes, by items where there are no bytes; 0 while totals are unknown.
  [[nodiscard]] double fraction() const;
  /// The same without what has yet to be sent.
  [[nodiscard]] double stored_fraction() const;
  bool totals_final = false;
  bool all_read = false;
};

/// The block for a terminal `columns` wide: bar and time left, of a backup for what is saved;
/// counts and speed, of a backup for what is read; current files.
std::vector<std::string> render_live(const ProgressView& view, unsigned columns);
/// The same on one line without a bar:
/// "[0:12] 42.31% saved  120 / 500 files  1.200 GiB / 2.000 GiB read".
std::string render_line(const ProgressView& view);
/// restic's `status` message, as its documentation describes it under "Scripting".
std::string render_status_json(const ProgressView& view);

/// How far what was read has got on its way into a repository.
struct Sending {
  std::uint64_t new_bytes = 0;     // read and not there yet
  std::uint64_t packed_bytes = 0;  // the same as stored
  std::uint64_t queued_bytes = 0;  // of these, waiting for the line
  std::uint64_t sent_bytes = 0;    // of these, stored

  /// Of `new_bytes`, what has yet to be sent.
  [[nodiscard]] std::uint64_t unsent() const;
  /// How many seconds of sending are left after `elapsed`, with `unread` of `read` + `unread` bytes
  /// still to come; 0 while the line keeps up, none while nothing is known of it.
  [[nodiscard]] std::optional<double> seconds_left(double elapsed, std::uint64_t read,
                                                   std::uint64_t unread) const;
};

/// Speed over the last ten seconds.
class RateMeter {
 public:
  void record(double seconds, std::uint64_t bytes);
  [[nodiscard]] double bytes_per_second() const;

 private:
  std::deque<std::pair<double, std::uint64_t>> samples_;
};

/// Shows a Progress several times a second until destroyed; the live block is erased then. Set
/// `track_current` of the progress is done here, so make it before the engine starts.
class ProgressDisplay {
 public:
  /// Both outlive the display. `interval`: time between two updates.
  ProgressDisplay(Console& console, Progress& progress, ProgressKind kind, ProgressStyle style,
                  std::chrono::milliseconds interval);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

 private:
  void show();
  [[nodiscard]] ProgressView view();

  Console& console_;
  Progress& progress_;
  const ProgressKind kind_;
  const ProgressStyle style_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  RateMeter rate_;
  std::jthread thread_;
};

}  // namespace medsave
