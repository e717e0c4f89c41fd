#include "sftp_pool.hpp"

#include "medsave/base/error.hpp"

namespace medsave {

SftpPool::Lease SftpPool::take() { return {*this, take_session()}; }

std::unique_ptr<SftpSession> SftpPool::take_idle() {
  while (!idle_.empty()) {
    std::unique_ptr<SftpSession> session = std::move(idle_.back());
    idle_.pop_back();
    if (session->usable()) return session;
    --live_;
    changed_.notify_all();
  }
  return nullptr;
}

std::unique_ptr<SftpSession> SftpPool::take_session() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (std::unique_ptr<SftpSession> session = take_idle()) return session;
    if (live_ == 0) refused_ = false;
    const bool first = live_ == 0 && connecting_ == 0;
    const bool another = live_ != 0 && !refused_ && live_ + connecting_ < limit_;
    if (first || another) {
      if (std::unique_ptr<SftpSession> session = connect(lock)) return session;
    } else {
      changed_.wait(lock);
    }
  }
}

/// None where another one could not be had, but there are some.
std::unique_ptr<SftpSession> SftpPool::connect(std::unique_lock<std::mutex>& lock) {
  const bool may_ask = live_ == 0;
  ++connecting_;
  lock.unlock();
  std::unique_ptr<SftpSession> session;
  std::exception_ptr problem;
  try {
    session = connect_(may_ask);
  } catch (...) {
    problem = std::current_exception();
  }
  lock.lock();
  --connecting_;
  if (session) ++live_;
  changed_.notify_all();
  if (!problem) return session;
  if (may_ask) std::rethrow_exception(problem);
  refused_ = true;
  return nullptr;
}

void SftpPool::put_back(std::unique_ptr<SftpSession> session) noexcept {
  try {
    // What an error has left under way refers to what is no more.
    const bool usable = !session->busy() && session->usable();
    const std::lock_guard lock(mutex_);
    if (usable) {
      idle_.push_back(std::move(session));
    } else {
      --live_;
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    --live_;
  }
  changed_.notify_all();
}

}  // namespace medsave
