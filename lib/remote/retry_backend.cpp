#include "medsave/remote/retry_backend.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/random.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/signals.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <type_traits>
#include <utility>

namespace medsave {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kCleanUpTime(10'000);  // for everything after an interrupt
constexpr milliseconds kStep(100);            // how soon an interrupt is seen

/// Half to one and a half of the nominal wait, so that many clients do not come back together.
milliseconds with_jitter(milliseconds nominal) {
  const auto span = static_cast<std::uint64_t>(nominal.count());
  return nominal / 2 + milliseconds(system_random().below(span + 1));
}

class RetryBackend : public Backend {
 public:
  RetryBackend(std::unique_ptr<Backend> inner, RetryPolicy policy,
               std::function<void(const std::string&)> notice)
      : inner_(std::move(inner)), policy_(policy), notice_(std::move(notice)) {}

  [[nodiscard]] std::string location() const override { return inner_->location(); }
  [[nodiscard]] unsigned connections() const override { return inner_->connections(); }
  [[nodiscard]] Traffic traffic() const override { return inner_->traffic(); }

  void create() override {
    repeat(_("creating the repository's folders"), [&] { inner_->create(); });
  }
  void save(const FileRef& file, Buffer&& data) override {
    bool again = false;
    repeat(format_text(_("storing {}"), describe(file)), [&] {
      if (again && file.kind == FileKind::config && is_stored(file, data)) return;
      again = true;
      inner_->save(file, std::move(data));
    });
  }
  void barrier() override { inner_->barrier(); }
  void load(const FileRef& file, std::uint64_t limit, Buffer& out) override {
    repeat(format_text(_("reading {}"), describe(file)), [&] { inner_->load(file, limit, out); });
  }
  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override {
    repeat(format_text(_("reading {}"), describe(file)),
           [&] { inner_->load_range(file, offset, length, out); });
  }
  std::optional<std::uint64_t> size(const FileRef& file) override {
    return repeat(format_text(_("looking for {}"), describe(file)),
                  [&] { return inner_->size(file); });
  }
  std::vector<ListedFile> list(FileKind kind) override {
    return repeat(format_text(_("listing files of the kind \"{}\""), file_kind_name(kind)),
                  [&] { return inner_->list(kind); });
  }
  Opening load_opening() override {
    return repeat(format_text(_("reading {}"), describe(FileRef{.kind = FileKind::config})),
                  [&] { return inner_->load_opening(); });
  }
  void remove(const FileRef& file) override {
    repeat(format_text(_("deleting {}"), describe(file)), [&] { inner_->remove(file); });
  }
  void replace_config(Buffer data) override { inner_->replace_config(std::move(data)); }
  std::uint64_t remove_leftovers() override { return inner_->remove_leftovers(); }
  bool can_delete() override {
    return repeat(_("asking whether files can be deleted"), [&] { return inner_->can_delete(); });
  }
  bool retain(const FileRef& file) override {
    return repeat(format_text(_("protecting {}"), describe(file)),
                  [&] { return inner_->retain(file); });
  }

 private:
  /// The config is stored once: an answer that was lost must not make it look like somebody's.
  bool is_stored(const FileRef& file, const Buffer& data) {
    if (!inner_->size(file)) return false;
    Buffer there;
    inner_->load(file, data.size(), there);
    return std::ranges::equal(there.view(), data.view());
  }

  template <typename Request>
  std::invoke_result_t<Request> repeat(const std::string& what, const Request& request) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point start = Clock::now();
    for (milliseconds nominal = policy_.first_wait;;
         nominal = std::min(nominal * 2, policy_.longest_wait)) {
      milliseconds wait = {};
      try {
        return request();
      } catch (const Error& e) {
        wait = with_jitter(nominal);
        const bool in_time = Clock::now() + wait - start <= policy_.give_up_after;
        if (e.code() != Errc::io || !in_time || !may_go_on()) throw;
        notice_(format_text(_("{} failed, trying again in {:.1f} s: {}"), what,
                            std::chrono::duration<double>(wait).count(), e.what()));
      }
      sleep(wait);
    }
  }

  /// After an interrupt there is a little time for cleaning up, counted from when it was seen.
  bool may_go_on() {
    if (!interrupt_requested()) return true;
    const std::int64_t now = std::chrono::steady_clock::now().time_since_epoch().count();
    std::int64_t seen = 0;
    if (interrupt_seen_.compare_exchange_strong(seen, now)) return true;
    return std::chrono::steady_clock::duration(now - seen) < kCleanUpTime;
  }

  static void sleep(milliseconds wait) {
    const bool hurried_before = interrupt_requested();
    for (milliseconds done{}; done < wait; done += kStep) {
      if (interrupt_requested() && (!hurried_before || done >= milliseconds(1000))) return;
      std::this_thread::sleep_for(std::min(kStep, wait - done));
    }
  }

  std::unique_ptr<Backend> inner_;
  const RetryPolicy policy_;
  const std::function<void(const std::string&)> notice_;
  std::atomic<std::int64_t> interrupt_seen_ = 0;  // steady clock's ticks; 0 = not yet
};

}  // namespace

std::unique_ptr<Backend> retry_requests(std::unique_ptr<Backend> inner, RetryPolicy policy,
                                        std::function<void(const std::string&)> notice) {
  return std::make_unique<RetryBackend>(std::move(inner), policy, std::move(notice));
}

}  // namespace medsave
