#include "medsave/remote/retry_backend.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/random.hpp"
#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace medsave {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kCleanUpTime(10'000);  // for everything after a stop
constexpr milliseconds kHurriedWait(1000);    // likewise

/// Half to one and a half of the nominal wait, so that many clients do not come back together.
milliseconds with_jitter(milliseconds nominal, Random& random) {
  const auto span = static_cast<std::uint64_t>(nominal.count());
  return nominal / 2 + milliseconds(random.below(span + 1));
}

class RetryBackend : public Backend {
 public:
  RetryBackend(std::unique_ptr<Backend> inner, RetryPolicy policy,
               std::function<void(const std::string&)> notice, std::stop_token stop, Random& random)
      : inner_(std::move(inner)),
        policy_(policy),
        notice_(std::move(notice)),
        stop_(std::move(stop)),
        random_(random),
        patience_(policy.give_up_after) {}

  [[nodiscard]] std::string location() const override { return inner_->location(); }
  [[nodiscard]] unsigned connections() const override { return inner_->connections(); }
  [[nodiscard]] Traffic traffic() const override { return inner_->traffic(); }

  void create() override {
    repeat(_("creating the repository's folders"), [&] { inner_->create(); });
  }
  void save(const FileRef& file, Buffer&& data) override {
    bool again = false;
    const std::size_t length = data.size();
    try {
      repeat(format_text(_("storing {}"), describe(file)), [&] {
        if (again && file.kind == FileKind::config && is_stored(file, data)) return;
        again = true;
        inner_->save(file, std::move(data));
      });
    } catch (const Error& e) {
      // corrupt and exists are about a file that was there before; after a fatal error nothing is
      // removed.
      const bool other = e.code() == Errc::corrupt || e.code() == Errc::exists || is_fatal(e);
      if (!other) take_back(file, data, length);
      throw;
    } catch (const Interrupted&) {
      take_back(file, data, length);
      throw;
    }
  }
  void barrier() override {
    repeat(_("making durable what was stored"), [&] { inner_->barrier(); });
  }
  void sync_found() override {
    repeat(_("making durable what was stored"), [&] { inner_->sync_found(); });
  }
  void load(const FileRef& file, std::uint64_t limit, Buffer& out) override {
    repeat(reading(file), [&] { inner_->load(file, limit, out); });
  }
  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override {
    repeat(reading(file), [&] { inner_->load_range(file, offset, length, out); });
  }
  std::optional<std::uint64_t> size(const FileRef& file) override {
    const std::string what = file.kind == FileKind::config
                                 ? std::string()
                                 : format_text(_("looking for {}"), describe(file));
    return repeat(what, [&] { return inner_->size(file); });
  }
  std::vector<ListedFile> list(FileKind kind) override {
    return repeat(format_text(_("listing files of the kind \"{}\""), file_kind_name(kind)),
                  [&] { return inner_->list(kind); });
  }
  [[nodiscard]] bool list_proves_names() const override { return inner_->list_proves_names(); }
  Opening load_opening() override {
    return repeat("", [&] { return inner_->load_opening(); });
  }
  void remove(const FileRef& file) override {
    bool again = false;
    repeat(format_text(_("deleting {}"), describe(file)), [&] {
      if (again && file.kind == FileKind::lock && is_gone(file)) return;
      again = true;
      inner_->remove(file);
    });
  }
  void replace_config(Buffer data) override { inner_->replace_config(std::move(data)); }
  std::uint64_t remove_leftovers() override { return inner_->remove_leftovers(); }
  bool give_up_reserve() override { return inner_->give_up_reserve(); }
  void renew_reserve() override { inner_->renew_reserve(); }
  bool can_delete() override {
    return repeat(_("asking whether files can be deleted"), [&] { return inner_->can_delete(); });
  }
  bool retain(const FileRef& file) override {
    return repeat(format_text(_("protecting {}"), describe(file)),
                  [&] { return inner_->retain(file); });
  }

 private:
  using Clock = std::chrono::steady_clock;

  /// Text for the message of a retry; empty for the config, whose name tells the user nothing.
  static std::string reading(const FileRef& file) {
    if (file.kind == FileKind::config) return {};
    return format_text(_("reading {}"), describe(file));
  }

  /// Some servers fail to delete what is not there. Locks are removed by others too, and their list
  /// is short.
  bool is_gone(const FileRef& file) {
    const std::vector<ListedFile> listed = inner_->list(file.kind);
    return std::ranges::find(listed, file.id, &ListedFile::id) == listed.end();
  }

  /// Whether the config that is there is ours: the answer to the first attempt may have been lost.
  bool is_stored(const FileRef& file, const Buffer& data) {
    if (!inner_->size(file)) return false;
    Buffer there;
    inner_->load(file, data.size(), there);
    return std::ranges::equal(there.view(), data.view());
  }

  /// Removes the truncated file that a failed attempt may leave under its final name. A shorter
  /// file is nobody else's, since the name is its content's hash. Tried twice, because the first
  /// request may only start a server again that had ended.
  void take_back(const FileRef& file, const Buffer& data, std::size_t length) noexcept {
    for (unsigned attempt = 0; attempt < 2; ++attempt) {
      try {
        const std::optional<std::uint64_t> there = inner_->size(file);
        if (!there || *there >= length) return;
        if (file.kind == FileKind::config && !begins_with(file, data, *there)) return;
        inner_->remove(file);
        return;
      } catch (...) {  // the failure that led here is the one to report
      }
    }
  }

  /// The config's name is no hash, so its first bytes are compared: their nonce is unique to this
  /// run.
  bool begins_with(const FileRef& file, const Buffer& data, std::uint64_t length) {
    constexpr std::uint64_t kNonce = 16;
    if (length < kNonce || data.size() < length) return false;
    Buffer there;
    inner_->load(file, length, there);
    return there.size() == length &&
           std::ranges::equal(there.view(), data.view().first(there.size()));
  }

  template <typename Request>
  std::invoke_result_t<Request> repeat(const std::string& what, const Request& request) {
    const Clock::time_point start = Clock::now();
    std::uint64_t attempts = 0;
    for (milliseconds nominal = policy_.first_wait;;
         nominal = std::min(nominal * 2, policy_.longest_wait)) {
      refuse_while_gone();
      const Clock::time_point tried = Clock::now();
      milliseconds wait = {};
      try {
        return answered(request);
      } catch (const Error& e) {
        if (e.code() != Errc::io) throw;
        end_if_gone(e, tried);
        wait = with_jitter(nominal, random_);
        // There is nothing to clean up on a server that never answered.
        if (stop_.stop_requested() && !answered_) throw Interrupted();
        if (!may_go_on()) throw;
        if (++attempts >= policy_.most_attempts) throw;
        if (Clock::now() + wait - start > patience_.load()) give_up(e);
        if (!stop_.stop_requested()) notice_(describe_retry(what, e, wait, attempts == 1));
      }
      sleep(wait);
    }
  }

  template <typename Request>
  std::invoke_result_t<Request> answered(const Request& request) {
    if constexpr (std::is_void_v<std::invoke_result_t<Request>>) {
      request();
      note_answer();
    } else {
      auto result = request();
      note_answer();
      return result;
    }
  }

  void note_answer() {
    answered_ = true;
    const std::lock_guard lock(mutex_);
    gone_.reset();
    told_.clear();
  }

  /// The reason is told again only when it changes. The first message also says for how long
  /// retrying will go on.
  std::string describe_retry(const std::string& what, const Error& why, milliseconds wait,
                             bool first) {
    const std::string pause = format_decimal(std::chrono::duration<double>(wait).count(), 1);
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(told_, why.what()) == why.what()) {
        return format_text(_("trying again in {} s"), pause);
      }
    }
    const std::string reason = what.empty() ? why.what() : with_semicolon(why.what(), what);
    if (!first) return format_text(_("trying again in {} s: {}"), pause, reason);
    return format_text(_("trying again in {} s, and then for up to {} (Ctrl+C ends it): {}"), pause,
                       format_period(patience_.load()), reason);
  }

  /// Throws at once while a server that was given up is not to be tried again.
  void refuse_while_gone() {
    const std::lock_guard lock(mutex_);
    if (gone_ && Clock::now() < rests_until_) throw Error(*gone_);
  }

  /// Ends the request if the server had been given up: then only one try is made.
  void end_if_gone(const Error& failure, Clock::time_point tried) {
    const std::lock_guard lock(mutex_);
    if (!gone_) return;
    rest_after(Clock::now() - tried);
    throw Error(Errc::unreachable, failure.what());
  }

  /// The pause until the next try is at least as long as the failed one took. With mutex_ held.
  void rest_after(Clock::duration attempt) {
    rests_until_ = Clock::now() + std::max<Clock::duration>(policy_.rest, attempt);
  }

  /// Whether it is this file or the whole server: does it answer anything else?
  [[noreturn]] void give_up(const Error& failure) {
    if (!answers()) {
      const std::lock_guard lock(mutex_);
      gone_.emplace(
          Errc::unreachable,
          with_sentence(failure.what(),
                        _("The server of the repository is out of reach, what is stored there "
                          "stays as it is; check the address, or run the command again when it "
                          "answers")));
      rest_after({});
      changed_.notify_all();
      throw Error(*gone_);
    }
    // The server answers, so its disk may be failing: other files get a fifteenth of the time each.
    constexpr int kLess = 15;
    patience_ = policy_.give_up_after / kLess;
    throw Error(failure);
  }

  bool answers() {
    try {
      inner_->list(FileKind::lock);
    } catch (const Error& e) {
      if (e.code() == Errc::io) return false;
    }
    return true;
  }

  /// After a stop there is a little time for cleaning up, counted from when it was seen.
  bool may_go_on() {
    if (!stop_.stop_requested()) return true;
    const std::int64_t now = Clock::now().time_since_epoch().count();
    std::int64_t seen = 0;
    if (stop_seen_.compare_exchange_strong(seen, now)) return true;
    return Clock::duration(now - seen) < kCleanUpTime;
  }

  /// Ends early with a stop, and when the server is given up.
  void sleep(milliseconds wait) {
    std::unique_lock lock(mutex_);
    const auto given_up = [this] { return gone_.has_value(); };
    if (stop_.stop_requested()) {
      changed_.wait_for(lock, std::min(wait, kHurriedWait), given_up);
    } else {
      changed_.wait_for(lock, stop_, wait, given_up);
    }
  }

  std::unique_ptr<Backend> inner_;
  const RetryPolicy policy_;
  const std::function<void(const std::string&)> notice_;
  const std::stop_token stop_;
  Random& random_;
  std::atomic<milliseconds> patience_;
  std::atomic<std::int64_t> stop_seen_ = 0;  // clock's ticks; 0 = not yet
  std::atomic<bool> answered_ = false;       // any request, ever
  std::mutex mutex_;                         // guards what follows
  std::condition_variable_any changed_;
  std::optional<Error> gone_;  // why; empty while it answers
  Clock::time_point rests_until_ = {};
  std::string told_;  // the last failure; empty after an answer
};

}  // namespace

std::unique_ptr<Backend> retry_requests(std::unique_ptr<Backend> inner, RetryPolicy policy,
                                        std::function<void(const std::string&)> notice,
                                        std::stop_token stop, Random& random) {
  return std::make_unique<RetryBackend>(std::move(inner), policy, std::move(notice),
                                        std::move(stop), random);
}

}  // namespace medsave
