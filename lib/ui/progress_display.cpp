#include "medsave/ui/progress_display.hpp"

#include "medsave/ui/progress_text.hpp"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <system_error>

namespace medsave {
namespace {

constexpr double kRateWindowSeconds = 10;

}  // namespace

void RateMeter::record(double seconds, std::uint64_t bytes) {
  samples_.emplace_back(seconds, bytes);
  while (samples_.size() > 2 && samples_.front().first < seconds - kRateWindowSeconds) {
    samples_.pop_front();
  }
}

double RateMeter::bytes_per_second() const {
  if (samples_.size() < 2) return 0;
  const double seconds = samples_.back().first - samples_.front().first;
  if (seconds <= 0 || samples_.back().second < samples_.front().second) return 0;
  return static_cast<double>(samples_.back().second - samples_.front().second) / seconds;
}

std::uint64_t Sending::unsent() const {
  if (packed_bytes <= sent_bytes) return 0;
  const double share =
      static_cast<double>(packed_bytes - sent_bytes) / static_cast<double>(packed_bytes);
  return static_cast<std::uint64_t>(share * static_cast<double>(new_bytes));
}

std::optional<double> Sending::seconds_left(double elapsed, std::uint64_t read,
                                            std::uint64_t unread) const {
  if (queued_bytes == 0) return 0;
  if (sent_bytes == 0 || elapsed <= 0) return std::nullopt;
  const double to_come = read == 0 ? 0
                                   : static_cast<double>(unread) / static_cast<double>(read) *
                                         static_cast<double>(packed_bytes);
  const double left = to_come + static_cast<double>(std::max(packed_bytes, sent_bytes)) -
                      static_cast<double>(sent_bytes);
  return left / (static_cast<double>(sent_bytes) / elapsed);
}

Sending SendMeter::record(double seconds, Sending sending) {
  if (sending.queued_bytes == 0 || sending.sent_bytes != counted_ || !started_) {
    counted_at_ = seconds;
    counted_ = sending.sent_bytes;
  }
  if (sending.queued_bytes != 0 && !started_) started_ = seconds;
  double rate = static_cast<double>(limit_);
  if (limit_ == 0 && started_ && counted_at_ > *started_) {
    rate = static_cast<double>(counted_) / (counted_at_ - *started_);
  }
  constexpr double kMost = 0.98;  // of what is on its way
  const double on_its_way =
      std::min(kMost * static_cast<double>(sending.queued_bytes), rate * (seconds - counted_at_));
  shown_ = std::max(shown_, counted_ + static_cast<std::uint64_t>(on_its_way));
  sending.sent_bytes = shown_;
  return sending;
}

ProgressDisplay::ProgressDisplay(Console& console, Progress& progress, ProgressKind kind,
                                 ProgressStyle style, std::chrono::milliseconds interval)
    : console_(console),
      progress_(progress),
      kind_(kind),
      style_(style),
      line_(progress.line_rate) {
  progress_.track_current = style_ == ProgressStyle::live || style_ == ProgressStyle::json;
  if (style_ == ProgressStyle::none) return;
  try {
    thread_ = std::jthread([this, interval](const std::stop_token& stop) {
      std::mutex mutex;  // only for the wait
      std::condition_variable_any wake;
      std::unique_lock lock(mutex);
      while (!wake.wait_for(lock, stop, interval, [&] { return stop.stop_requested(); })) show();
    });
  } catch (const std::system_error&) {  // no thread: no progress is shown
  }
}

ProgressDisplay::~ProgressDisplay() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  if (style_ == ProgressStyle::live) console_.clear_status();
  // Programs go on showing the last status, so they get one of 100 %.
  if (style_ == ProgressStyle::json && progress_.totals_final && view().fraction() >= 1) show();
}

void ProgressDisplay::show() {
  const ProgressView now = view();
  if (style_ == ProgressStyle::live) {
    console_.show_status(render_live(now, console_.width()));
  } else if (style_ == ProgressStyle::json) {
    console_.print(render_status_json(now));
    Console::flush_standard_out();
  } else {
    console_.print(render_line(now));
    Console::flush_standard_out();
  }
}

Sending ProgressDisplay::measure(double elapsed) {
  if (kind_ == ProgressKind::restore) return {};
  const std::uint64_t packed = progress_.packed_bytes;
  // What moves from pack to pack is counted as it is stored, what is backed up as it is read.
  return line_.record(
      elapsed, {.new_bytes = kind_ == ProgressKind::backup ? progress_.new_bytes.load() : packed,
                .packed_bytes = packed,
                .queued_bytes = progress_.queued_bytes,
                .sent_bytes = progress_.sent_bytes});
}

ProgressView ProgressDisplay::view() {
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  const Sending sending = measure(elapsed.count());
  ProgressView out{.kind = kind_,
                   .total_items = progress_.total_items,
                   .total_bytes = progress_.total_bytes,
                   .done_items = progress_.done_items,
                   .done_bytes = progress_.done_bytes,
                   .total_folders = progress_.total_folders,
                   .done_folders = progress_.done_folders,
                   .skipped_items = progress_.skipped_items,
                   .skipped_bytes = progress_.skipped_bytes,
                   .deleted_items = progress_.deleted_items,
                   .errors = progress_.errors,
                   .unsent_bytes = sending.unsent(),
                   .elapsed = std::chrono::duration_cast<std::chrono::seconds>(elapsed),
                   .current = progress_.current_items(),
                   .totals_final = progress_.totals_final,
                   .all_read = progress_.all_read};
  // When all is read the totals are known, even if the count lags behind. JSON has the counted
  // ones.
  if (out.all_read && style_ != ProgressStyle::json) {
    out.total_items = out.done_items;
    out.total_bytes = out.done_bytes;
    out.totals_final = true;
  }
  // A pack's part is written when all of it has come, which takes long on a slow line.
  if (kind_ == ProgressKind::restore && style_ != ProgressStyle::json) {
    out.done_bytes = line_
                         .record(elapsed.count(), {.queued_bytes = progress_.awaited_bytes,
                                                   .sent_bytes = out.done_bytes})
                         .sent_bytes;
  }
  rate_.record(elapsed.count(), out.done_bytes);
  out.bytes_per_second = rate_.bytes_per_second();
  const std::uint64_t left = out.total_bytes - std::min(out.total_bytes, out.done_bytes);
  const auto on_the_line = sending.seconds_left(line_.busy(elapsed.count()), out.done_bytes, left);
  const bool reads = left > 0 && !out.all_read;
  // Elsewhere, what is done moves from pack to pack, and the last seconds say little.
  if (out.done_bytes == 0) untouched_until_ = elapsed.count();
  const double busy = elapsed.count() - untouched_until_;
  const double reading = kind_ == ProgressKind::backup || busy <= 0
                             ? out.bytes_per_second
                             : static_cast<double>(out.done_bytes) / busy;
  if (progress_.stop.stop_requested()) return out;
  // The first pieces say little of the others.
  const bool is_early = kind_ != ProgressKind::backup && out.done_bytes < out.total_bytes / 50;
  if (!out.totals_final || !on_the_line || is_early || (reads && reading < 1)) return out;
  const double seconds = std::max(reads ? static_cast<double>(left) / reading : 0, *on_the_line);
  if (reads || seconds > 0) {
    out.remaining = std::chrono::seconds(static_cast<std::int64_t>(std::ceil(seconds)));
  }
  return out;
}

}  // namespace medsave
