#include "scanner.hpp"

#include "medsave/base/error.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

namespace medsave {
namespace {

/// The count starts after this delay, since a short backup needs no percentage. With
/// BackupSinks::scan_finished it starts at once.
constexpr std::chrono::milliseconds kDelay(250);

void ignore(const std::string& /*path*/, const std::string& /*message*/) {}

struct Counts {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

struct Pending {
  SourceDirPtr parent = {};
  SourceEntry entry = {};
};

/// Counts the files of a folder and notes its folders.
Counts scan_folder(const SourceTree& source, const Pending& folder, std::vector<Pending>& pending) {
  Counts counts;
  const bool is_root = folder.parent == nullptr;
  const SourceDirPtr dir = is_root ? source.root() : source.open(*folder.parent, folder.entry);
  SourceList list = source.entries(*dir, is_root ? nullptr : &folder.entry, ignore);
  for (SourceEntry& entry : list.entries) {
    if (entry.info.is_regular()) {
      ++counts.files;
      counts.bytes += entry.info.size;
    } else if (entry.info.is_dir()) {
      pending.push_back({.parent = dir, .entry = std::move(entry)});
    }
  }
  return counts;
}

bool wait_for_delay(const std::stop_token& stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any never;
  never.wait_for(lock, stop, kDelay, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace

void scan_sources(const SourceTree& source, const BackupSinks& sinks, Progress& progress,
                  const std::stop_token& stop) {
  const auto begun = std::chrono::steady_clock::now();
  if (!sinks.scan_finished && !wait_for_delay(stop)) return;
  Counts total;
  std::vector<Pending> pending(1);
  while (!pending.empty()) {
    if (stop.stop_requested()) return;
    const Pending folder = std::move(pending.back());
    pending.pop_back();
    try {
      const Counts counts = scan_folder(source, folder, pending);
      total.files += counts.files;
      total.bytes += counts.bytes;
    } catch (const Error&) {
      continue;  // the backup reports it
    }
    progress.total_items = total.files;
    progress.total_bytes = total.bytes;
  }
  progress.totals_final = true;
  if (!sinks.scan_finished) return;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begun;
  sinks.scan_finished(total.files, total.bytes, seconds.count());
}

}  // namespace medsave
