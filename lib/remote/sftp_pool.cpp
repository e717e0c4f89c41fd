#include "sftp_pool.hpp"

#include <chrono>
#include <exception>
#include <system_error>
#include <utility>

namespace medsave {

SftpPool::Lease SftpPool::take(bool long_request) { return {*this, take_session(long_request)}; }

std::unique_ptr<SftpSession> SftpPool::take_idle() {
  while (!idle_.empty()) {
    std::unique_ptr<SftpSession> session = std::move(idle_.back());
    idle_.pop_back();
    if (session->usable()) return session;
    ++lost_;
    --live_;
    changed_.notify_all();
  }
  return nullptr;
}

bool SftpPool::may_have_more() const {
  return live_ != 0 && live_ < limit_ && !connecting_ && !refused_;
}

std::unique_ptr<SftpSession> SftpPool::take_session(bool long_request) {
  std::unique_lock lock(mutex_);
  if (long_request && !long_ones_ && may_have_more()) {
    long_ones_ = true;
    begin_another();
  }
  for (;;) {
    if (std::unique_ptr<SftpSession> session = take_idle()) return session;
    if (live_ == 0 && !connecting_) return connect_first(lock);
    wait(lock);
  }
}

/// Waits until a session may be free. When all threads together have waited long enough, another
/// connection pays.
void SftpPool::wait(std::unique_lock<std::mutex>& lock) {
  using std::chrono::milliseconds;
  using Clock = std::chrono::steady_clock;
  constexpr milliseconds kPatience(250);
  if (!may_have_more()) {
    changed_.wait(lock);
    return;
  }
  const Clock::time_point begin = Clock::now();
  changed_.wait_for(lock, kPatience);
  waited_ += Clock::now() - begin;
  if (waited_ < kPatience || !may_have_more()) return;
  begin_another();
}

void SftpPool::begin_another() {
  waited_ = {};
  connecting_ = true;
  try {
    connector_ = std::jthread([this](const std::stop_token& stop) { connect_another(stop); });
  } catch (const std::system_error&) {  // the existing ones must do
    connecting_ = false;
    refused_ = true;
  }
}

void SftpPool::connect_another(const std::stop_token& stop) {
  std::unique_ptr<SftpSession> session;
  try {
    session = connect_(false, stop);
  } catch (...) {
    session = nullptr;  // the existing ones must do
  }
  const std::lock_guard lock(mutex_);
  connecting_ = false;
  refused_ = session == nullptr;
  if (session) {
    idle_.push_back(std::move(session));
    ++live_;
  }
  changed_.notify_all();
}

std::unique_ptr<SftpSession> SftpPool::connect_first(std::unique_lock<std::mutex>& lock) {
  connecting_ = true;
  refused_ = false;
  lock.unlock();
  std::unique_ptr<SftpSession> session;
  std::exception_ptr problem;
  try {
    session = connect_(true, {});
  } catch (...) {
    problem = std::current_exception();
  }
  lock.lock();
  connecting_ = false;
  if (session) ++live_;
  changed_.notify_all();
  if (problem) std::rethrow_exception(problem);
  return session;
}

void SftpPool::put_back(std::unique_ptr<SftpSession> session) noexcept {
  try {
    // Handlers of unanswered requests point into dead stack frames, so such a session is not used
    // again.
    const bool usable = !session->busy() && session->usable();
    const std::lock_guard lock(mutex_);
    if (usable) {
      idle_.push_back(std::move(session));
    } else {
      ++lost_;
      --live_;
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    ++lost_;
    --live_;
  }
  changed_.notify_all();
}

}  // namespace medsave
