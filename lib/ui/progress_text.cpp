#include "medsave/ui/progress_text.hpp"

#include "medsave/base/grammar.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/ui/display_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace medsave {
namespace {

constexpr std::size_t kBarColumns = 24;
constexpr std::size_t kMaxCurrent = 4;  // lines of current files

std::string bar(double fraction) {
  const auto filled = static_cast<std::size_t>(fraction * static_cast<double>(kBarColumns));
  std::string out = "[";
  out.append(std::min(filled, kBarColumns), '=');
  if (filled < kBarColumns) out += '>';
  out.append(kBarColumns - std::min(filled + 1, kBarColumns), ' ');
  return out + "]";
}

std::string items_text(const ProgressView& view) {
  const unsigned long totals = view.total_items == 0 ? 0 : view.total_items + view.skipped_items;
  const unsigned long total = totals - std::min<unsigned long>(totals, view.total_folders);
  const unsigned long items = view.done_items + view.skipped_items;
  const unsigned long done = items - std::min(items, view.done_folders);
  if (view.kind == ProgressKind::check) {
    return total == 0 ? format_text(n_("{} pack", "{} packs", done), done)
                      : format_text(n_("{} / {} pack", "{} / {} packs", noun_number(done, total)),
                                    done, total);
  }
  return total == 0 ? format_text(n_("{} file", "{} files", done), done)
                    : format_text(n_("{} / {} file", "{} / {} files", noun_number(done, total)),
                                  done, total);
}

std::string folders_text(const ProgressView& view) {
  const unsigned long total = view.total_folders;
  const unsigned long done = view.done_folders;
  if (total == 0) return {};
  return format_text(n_("{} / {} folder", "{} / {} folders", noun_number(done, total)), done,
                     total);
}

bool stores(const ProgressView& view) {
  return view.kind == ProgressKind::backup || view.unsent_bytes != 0;
}

/// "1.200 GiB / 2.000 GiB", empty when nothing is counted in bytes.
std::string bytes_text(const ProgressView& view) {
  const std::uint64_t done = view.done_bytes + view.skipped_bytes;
  if (view.total_bytes == 0 && done == 0) return {};
  std::string text = format_size(done);
  if (view.total_bytes != 0) text += " / " + format_size(view.total_bytes + view.skipped_bytes);
  // Far more may have been read than could be sent; the percentage is of what is saved.
  return stores(view) ? format_text(n_("{} read", "{} read", noun_number(text)), text) : text;
}

void append_part(std::string& line, const std::string& part) {
  if (part.empty()) return;
  line += "  ";
  line += part;
}

std::string errors_text(const ProgressView& view) {
  const unsigned long count = view.errors;
  return count == 0 ? std::string() : format_text(n_("{} error", "{} errors", count), count);
}

/// Not 100 % before all is done.
std::string percent_text(const ProgressView& view, int decimals) {
  const double scale = std::pow(10, decimals);
  const double percent = view.stored_fraction() * 100;
  const bool done = view.unsent_bytes == 0 || percent == 0;
  return format_percent(done ? percent : std::floor(percent * scale) / scale, decimals);
}

std::string saved_text(const ProgressView& view, const std::string& percent) {
  return stores(view) ? format_text(n_("{} saved", "{} saved", noun_number(percent)), percent)
                      : percent;
}

std::string last_data_text(const ProgressView& view) {
  return view.unsent_bytes == 0 ? _("all is read and stored; writing the index")
                                : format_text(_("all is read; writing the last data ({})"),
                                              format_size(view.unsent_bytes));
}

}  // namespace

double ProgressView::fraction() const {
  if (total_bytes > 0) {
    return std::min(1.0, static_cast<double>(done_bytes) / static_cast<double>(total_bytes));
  }
  if (total_items > 0) {
    return std::min(1.0, static_cast<double>(done_items) / static_cast<double>(total_items));
  }
  return 0;
}

double ProgressView::stored_fraction() const {
  if (total_bytes == 0) {
    if (unsent_bytes != 0) return 0;
    return all_read ? 1 : fraction();  // there may have been nothing to read
  }
  const ProgressView stored = {
      .total_bytes = total_bytes + skipped_bytes,
      .done_bytes = done_bytes - std::min(done_bytes, unsent_bytes) + skipped_bytes};
  return stored.fraction();
}

std::vector<std::string> render_live(const ProgressView& view, unsigned columns) {
  std::string head = fmt::format("[{}]", format_duration(view.elapsed));
  if (view.totals_final) {
    append_part(head, bar(view.stored_fraction()) + " " +
                          saved_text(view, fmt::format("{:>6}", percent_text(view, 1))));
  }
  if (view.remaining) {
    append_part(head, format_text(_("{} left"), format_duration(*view.remaining)));
  }
  std::string counts = "  " + items_text(view);
  append_part(counts, folders_text(view));
  append_part(counts, bytes_text(view));
  if (view.bytes_per_second >= 1 && !view.all_read) {
    append_part(counts,
                format_text(_("{} MiB/s"), format_decimal(view.bytes_per_second / (1U << 20), 1)));
  }
  append_part(counts, errors_text(view));

  std::vector<std::string> lines = {std::move(head), std::move(counts)};
  if (view.all_read) lines.push_back("  " + last_data_text(view));
  const std::size_t shown = std::min(view.current.size(), kMaxCurrent);
  const std::size_t room = columns > 4 ? columns - 4 : 1;
  for (std::size_t i = 0; i < shown; ++i) {
    lines.push_back("  " + cut_front_to_width(escape_for_terminal(view.current[i]), room));
  }
  return lines;
}

std::string render_line(const ProgressView& view) {
  std::string line = fmt::format("[{}]", format_duration(view.elapsed));
  if (view.totals_final) line += " " + saved_text(view, percent_text(view, 2));
  append_part(line, items_text(view));
  append_part(line, folders_text(view));
  append_part(line, bytes_text(view));
  append_part(line, errors_text(view));
  if (view.all_read) append_part(line, last_data_text(view));
  return line;
}

std::string render_status_json(const ProgressView& view) {
  JsonObject out("status");
  out.add_nonzero("seconds_elapsed", static_cast<std::uint64_t>(view.elapsed.count()));
  if (view.kind == ProgressKind::restore) {
    out.add("percent_done", view.fraction())
        .add_nonzero("total_files", view.total_items)
        .add_nonzero("files_restored", view.done_items)
        .add_nonzero("files_skipped", view.skipped_items)
        .add_nonzero("files_deleted", view.deleted_items)
        .add_nonzero("total_bytes", view.total_bytes)
        .add_nonzero("bytes_restored", view.done_bytes)
        .add_nonzero("bytes_skipped", view.skipped_bytes);
    return out.text();
  }
  if (view.remaining) {
    out.add_nonzero("seconds_remaining", static_cast<std::uint64_t>(view.remaining->count()));
  }
  out.add("percent_done", view.fraction())
      .add_nonzero("total_files", view.total_items)
      .add_nonzero("files_done", view.done_items)
      .add_nonzero("total_bytes", view.total_bytes)
      .add_nonzero("bytes_done", view.done_bytes)
      .add_nonzero("error_count", view.errors);
  if (!view.current.empty()) out.add("current_files", view.current);
  return out.text();
}

}  // namespace medsave
