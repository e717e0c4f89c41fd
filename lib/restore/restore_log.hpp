#pragma once

#include "medsave/base/error.hpp"
#include "medsave/base/progress.hpp"
#include "medsave/restore/restorer.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

namespace medsave {

/// Counts what happens and passes it on. Thread-safe; calls of one sink are serialised.
class RestoreLog {
 public:
  /// `target`: the folder that is restored to.
  RestoreLog(const RestoreSinks& sinks, Progress& progress, std::string target)
      : sinks_(sinks), progress_(progress), target_(std::move(target)) {}

  void problem(const std::string& path, const std::string& message,
               RestoreFault fault = RestoreFault::either);
  /// The failure of one item. Rethrows what no other item could survive either: a full target.
  void item_failed(const std::string& path, const Error& error);
  /// At most one per `message` kind of a run is wanted: the caller sees to that.
  void notice(const std::string& message);
  /// How a notice names what lies in the target: never by the path of the original.
  [[nodiscard]] std::string place(const std::string& path) const {
    return place_in_target(target_, path);
  }

  /// Announces items and bytes to come.
  void planned(std::uint64_t items, std::uint64_t bytes);
  void folder_planned();
  void forecast(const RestoreForecast& forecast) {
    if (sinks_.forecast) sinks_.forecast(forecast);
  }
  void plan_complete() { progress_.totals_final = true; }

  /// One item has reached its end. `size` is that of the file.
  void finished(RestoreAction action, std::uint64_t size);
  /// Besides finished(); `there`: the folder was in the target before.
  void folder_restored(bool there);
  /// An item whose end is an error before it was planned.
  void refused() { refused_.fetch_add(1); }
  /// A planned item that turned out to need nothing.
  void item_was_there();
  /// Building a path for item() costs; worth it only when someone listens.
  [[nodiscard]] bool wants_items() const { return static_cast<bool>(sinks_.item); }
  void item(const std::string& path, RestoreAction action, std::uint64_t size);
  void deleted(const std::string& path, std::uint64_t entries);

  void bytes_restored(std::uint64_t bytes);
  void bytes_skipped(std::uint64_t bytes);
  void verified() { files_verified_.fetch_add(1, std::memory_order_relaxed); }

  [[nodiscard]] std::uint64_t problems() const { return problems_; }
  [[nodiscard]] Progress& progress() { return progress_; }
  [[nodiscard]] RestoreResult result() const;

 private:
  const RestoreSinks& sinks_;
  Progress& progress_;
  std::string target_;
  std::mutex problem_mutex_;  // serialises calls of sinks_.problem
  std::mutex item_mutex_;     // serialises calls of sinks_.item
  std::mutex notice_mutex_;   // serialises calls of sinks_.notice
  std::atomic<std::uint64_t> files_total_ = 0;
  std::atomic<std::uint64_t> files_restored_ = 0;
  std::atomic<std::uint64_t> folders_total_ = 0;
  std::atomic<std::uint64_t> folders_restored_ = 0;
  std::atomic<std::uint64_t> folders_there_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
  std::atomic<std::uint64_t> files_skipped_ = 0;
  std::atomic<std::uint64_t> files_left_ = 0;
  std::atomic<std::uint64_t> bytes_left_ = 0;
  std::atomic<std::uint64_t> files_deleted_ = 0;
  std::atomic<std::uint64_t> bytes_total_ = 0;
  std::atomic<std::uint64_t> bytes_restored_ = 0;
  std::atomic<std::uint64_t> bytes_skipped_ = 0;
  std::atomic<std::uint64_t> problems_ = 0;
  std::atomic<bool> target_fails_ = false;
  std::atomic<bool> repository_fails_ = false;
  std::atomic<std::uint64_t> files_verified_ = 0;
};

}  // namespace medsave
