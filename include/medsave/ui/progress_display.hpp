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
  std::uint64_t skipped_items = 0;
  std::uint64_t skipped_bytes = 0;
  std::uint64_t deleted_items = 0;
  std::uint64_t errors = 0;
  std::chrono::seconds elapsed = {};
  double bytes_per_second = 0;                         // of the last seconds
  std::optional<std::chrono::seconds> remaining = {};  // once totals are final
  std::vector<std::string> current = {};

  /// 0..1 by bytes, by items where there are no bytes; 0 while totals are unknown.
  [[nodiscard]] double fraction() const;
  bool totals_final = false;
};

/// The block for a terminal `columns` wide: bar, speed and time left; counts; current files.
std::vector<std::string> render_live(const ProgressView& view, unsigned columns);
/// The same on one line without a bar: "[0:12] 42.31%  120 / 500 files  1.200 GiB / 2.000 GiB".
std::string render_line(const ProgressView& view);
/// restic's `status` message (repository format, "JSON output").
std::string render_status_json(const ProgressView& view);

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
