#include "medsave/ui/progress_display.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

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

ProgressDisplay::ProgressDisplay(Console& console, Progress& progress, ProgressKind kind,
                                 ProgressStyle style, std::chrono::milliseconds interval)
    : console_(console), progress_(progress), kind_(kind), style_(style) {
  progress_.track_current = style_ == ProgressStyle::live || style_ == ProgressStyle::json;
  if (style_ == ProgressStyle::none) return;
  thread_ = std::jthread([this, interval](const std::stop_token& stop) {
    std::mutex mutex;  // only for the wait
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    while (!wake.wait_for(lock, stop, interval, [&] { return stop.stop_requested(); })) show();
  });
}

ProgressDisplay::~ProgressDisplay() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  if (style_ == ProgressStyle::live) console_.clear_status();
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

ProgressView ProgressDisplay::view() {
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  ProgressView out{.kind = kind_,
                   .total_items = progress_.total_items,
                   .total_bytes = progress_.total_bytes,
                   .done_items = progress_.done_items,
                   .done_bytes = progress_.done_bytes,
                   .skipped_items = progress_.skipped_items,
                   .skipped_bytes = progress_.skipped_bytes,
                   .deleted_items = progress_.deleted_items,
                   .errors = progress_.errors,
                   .elapsed = std::chrono::duration_cast<std::chrono::seconds>(elapsed),
                   .current = progress_.current_items(),
                   .totals_final = progress_.totals_final};
  rate_.record(elapsed.count(), out.done_bytes);
  out.bytes_per_second = rate_.bytes_per_second();
  const std::uint64_t left = out.total_bytes - std::min(out.total_bytes, out.done_bytes);
  if (out.totals_final && left > 0 && out.bytes_per_second >= 1) {
    out.remaining = std::chrono::seconds(
        static_cast<std::int64_t>(static_cast<double>(left) / out.bytes_per_second));
  }
  return out;
}

}  // namespace medsave
