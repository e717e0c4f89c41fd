#pragma once

#include "sftp_session.hpp"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace medsave {

/// The connections of one backend, made when they are needed. While one connects first, perhaps
/// asking the user for a password, the others wait; where no more can be had without asking, those
/// there are do. Thread-safe.
class SftpPool {
 public:
  /// Connects; false: without asking the user for anything.
  using Connect = std::function<std::unique_ptr<SftpSession>(bool may_ask)>;

  SftpPool(Connect connect, unsigned limit) : connect_(std::move(connect)), limit_(limit) {}

  /// A session for one thread; it goes back at the end, unless it is of no use any more.
  class Lease {
   public:
    Lease(SftpPool& pool, std::unique_ptr<SftpSession> session)
        : pool_(pool), session_(std::move(session)) {}
    ~Lease() { pool_.put_back(std::move(session_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    SftpSession& operator*() const { return *session_; }

   private:
    SftpPool& pool_;
    std::unique_ptr<SftpSession> session_;
  };

  /// Waits for a session, or makes one. Throws as its constructor does.
  Lease take();

 private:
  std::unique_ptr<SftpSession> take_session();
  std::unique_ptr<SftpSession> take_idle();
  std::unique_ptr<SftpSession> connect(std::unique_lock<std::mutex>& lock);
  void put_back(std::unique_ptr<SftpSession> session) noexcept;

  const Connect connect_;
  const unsigned limit_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<std::unique_ptr<SftpSession>> idle_;
  unsigned live_ = 0;  // idle ones and those in use
  unsigned connecting_ = 0;
  bool refused_ = false;  // no more than there are
};

}  // namespace medsave
