#include "medsave/backend/limit_backend.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace medsave {
namespace {

/// Tells how long to wait before more bytes are sent or received. Thread-safe.
class Throttle {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// `rate` in bytes per second, 0 = unlimited.
  Throttle(std::uint64_t rate, std::stop_token stop) : rate_(rate), stop_(std::move(stop)) {}

  /// Waits until `bytes` more are within the rate, or for a stop.
  void pass(std::size_t bytes) {
    if (rate_ == 0) return;
    const TimePoint due = reserve(bytes);
    std::mutex own;
    std::unique_lock lock(own);
    std::condition_variable_any().wait_until(lock, stop_, due, [] { return false; });
  }

 private:
  TimePoint reserve(std::size_t bytes) {
    const std::chrono::duration<double> cost(static_cast<double>(bytes) /
                                             static_cast<double>(rate_));
    const std::lock_guard lock(mutex_);
    next_ = std::max(next_, std::chrono::steady_clock::now()) +
            std::chrono::duration_cast<TimePoint::duration>(cost);
    return next_;
  }

  const std::uint64_t rate_;
  const std::stop_token stop_;
  std::mutex mutex_;  // guards next_
  TimePoint next_ = {};
};

class LimitBackend : public Backend {
 public:
  LimitBackend(std::unique_ptr<Backend> inner, std::uint64_t upload, std::uint64_t download,
               const std::stop_token& stop)
      : inner_(std::move(inner)), upload_(upload, stop), download_(download, stop) {}

  [[nodiscard]] std::string location() const override { return inner_->location(); }
  [[nodiscard]] unsigned connections() const override { return inner_->connections(); }
  void create() override { inner_->create(); }
  void save(const FileRef& file, Buffer&& data) override {
    if (is_limited(file)) upload_.pass(data.size());
    inner_->save(file, std::move(data));
  }
  void barrier() override { inner_->barrier(); }
  void sync_found() override { inner_->sync_found(); }
  void load(const FileRef& file, std::uint64_t limit, Buffer& out) override {
    inner_->load(file, limit, out);
    if (is_limited(file)) download_.pass(out.size());
  }
  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override {
    inner_->load_range(file, offset, length, out);
    download_.pass(out.size());
  }
  void done_reading(const FileRef& file, std::uint64_t offset, std::size_t length) override {
    inner_->done_reading(file, offset, length);
  }
  void drop_from_memory(const FileRef& file) override { inner_->drop_from_memory(file); }
  std::optional<std::uint64_t> size(const FileRef& file) override { return inner_->size(file); }
  std::vector<ListedFile> list(FileKind kind) override { return inner_->list(kind); }
  [[nodiscard]] bool list_proves_names() const override { return inner_->list_proves_names(); }
  void remove(const FileRef& file) override { inner_->remove(file); }
  void remove_unguarded(const FileRef& file) override { inner_->remove_unguarded(file); }
  void replace_config(Buffer data) override { inner_->replace_config(std::move(data)); }
  std::uint64_t remove_leftovers() override { return inner_->remove_leftovers(); }
  bool give_up_reserve() override { return inner_->give_up_reserve(); }
  void renew_reserve() override { inner_->renew_reserve(); }
  bool can_delete() override { return inner_->can_delete(); }
  bool retain(const FileRef& file) override { return inner_->retain(file); }
  [[nodiscard]] Traffic traffic() const override { return inner_->traffic(); }
  Opening load_opening() override { return inner_->load_opening(); }

 private:
  /// A lock is a few hundred bytes. Behind the packs that wait for their turn it would go stale.
  static bool is_limited(const FileRef& file) { return file.kind != FileKind::lock; }

  std::unique_ptr<Backend> inner_;
  Throttle upload_;
  Throttle download_;
};

}  // namespace

std::unique_ptr<Backend> limit_rate(std::unique_ptr<Backend> inner, std::uint64_t upload,
                                    std::uint64_t download, const std::stop_token& stop) {
  if (upload == 0 && download == 0) return inner;
  return std::make_unique<LimitBackend>(std::move(inner), upload, download, stop);
}

}  // namespace medsave
