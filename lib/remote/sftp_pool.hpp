#pragma once

#include "sftp_session.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace medsave {

/// The connections of one backend. The first is made when it is needed and may ask the user for a
/// password. More are made in the background, one with the first long request and others while
/// requests wait: a connection costs a dozen round trips, most requests three. If another one would
/// ask the user for something, none is made. Thread-safe.
class SftpPool {
 public:
  /// Connects; false: without asking the user for anything. Fails soon after a stop.
  using Connect =
      std::function<std::unique_ptr<SftpSession>(bool may_ask, const std::stop_token& stop)>;

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

  /// Waits for a session, or makes one. Throws as its constructor does. A request that moves
  /// megabytes is a long one: more of them will follow.
  Lease take(bool long_request = false);
  /// How many connections were lost or given up so far.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  std::unique_ptr<SftpSession> take_session(bool long_request);
  std::unique_ptr<SftpSession> take_idle();
  std::unique_ptr<SftpSession> connect_first(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] bool may_have_more() const;
  void wait(std::unique_lock<std::mutex>& lock);
  void begin_another();
  void connect_another(const std::stop_token& stop);
  void put_back(std::unique_ptr<SftpSession> session) noexcept;

  const Connect connect_;
  const unsigned limit_;
  std::atomic<std::uint64_t> lost_ = 0;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<std::unique_ptr<SftpSession>> idle_;
  unsigned live_ = 0;  // idle ones and those in use
  bool connecting_ = false;
  bool refused_ = false;    // no more than there are
  bool long_ones_ = false;  // there was a long request
  std::chrono::steady_clock::duration waited_ = {};
  std::jthread connector_;  // makes another one
};

}  // namespace medsave
