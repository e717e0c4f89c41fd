#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace medsave {

enum class ProgressKind { backup, restore, check };

/// What there is to show at one moment; sizes in bytes.
struct ProgressView {
  ProgressKind kind = ProgressKind::backup;
  std::uint64_t total_items = 0;
  std::uint64_t total_bytes = 0;
  std::uint64_t done_items = 0;
  std::uint64_t done_bytes = 0;
  std::uint64_t total_folders = 0;  // of total_items
  std::uint64_t done_folders = 0;   // of done_items
  std::uint64_t skipped_items = 0;  // there already, and not in the totals; bytes likewise
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

}  // namespace medsave
