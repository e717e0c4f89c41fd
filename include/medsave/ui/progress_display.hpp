#pragma once

#include "medsave/base/progress.hpp"
#include "medsave/ui/console.hpp"
#include "medsave/ui/progress_text.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <thread>
#include <utility>

namespace medsave {

/// How progress is shown: a live block on a terminal, now and then a line, JSON status lines.
enum class ProgressStyle { none, live, lines, json };

/// How far what was read has got on its way into a repository.
struct Sending {
  std::uint64_t new_bytes = 0;     // read and not there yet
  std::uint64_t packed_bytes = 0;  // the same as stored
  std::uint64_t queued_bytes = 0;  // of these, waiting for the line
  std::uint64_t sent_bytes = 0;    // of these, stored

  /// Of `new_bytes`, what has yet to be sent.
  [[nodiscard]] std::uint64_t unsent() const;
  /// How many seconds of sending are left after `elapsed` of it, with `unread` of `read` + `unread`
  /// bytes still to come; 0 while the line keeps up, none while nothing is known of it.
  [[nodiscard]] std::optional<double> seconds_left(double elapsed, std::uint64_t read,
                                                   std::uint64_t unread) const;
};

/// How much has been sent, from moment to moment: packs are counted only when they are stored,
/// which on a slow line takes half a minute each. A restore measures by it what arrives.
class SendMeter {
 public:
  /// `limit`: bytes a second of the line; 0: as fast as it has been so far.
  explicit SendMeter(std::uint64_t limit) : limit_(limit) {}

  /// `sending` with as many bytes sent as can be assumed `seconds` after the start. It never falls,
  /// and is not all before all is stored.
  Sending record(double seconds, Sending sending);
  /// How long there has been something to send.
  [[nodiscard]] double busy(double seconds) const { return started_ ? seconds - *started_ : 0; }

 private:
  const std::uint64_t limit_;
  std::optional<double> started_ = {};
  double counted_at_ = 0;
  std::uint64_t counted_ = 0;  // stored then
  std::uint64_t shown_ = 0;
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
  /// What is on its way into a repository.
  [[nodiscard]] Sending measure(double elapsed);

  Console& console_;
  Progress& progress_;
  const ProgressKind kind_;
  const ProgressStyle style_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  RateMeter rate_;
  SendMeter line_;
  double untouched_until_ = 0;  // seconds after the start
  std::jthread thread_;
};

}  // namespace medsave
