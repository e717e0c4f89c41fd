#pragma once

#include "sftp_packet.hpp"

#include "medsave/base/error.hpp"
#include "medsave/sys/child_process.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// How an SftpSession connects, and what ends it.
struct SftpSetup {
  std::vector<std::string> command = {};
  std::string location = {};  // of the repository, for messages
  std::chrono::seconds stuck_timeout{300};
  bool library_words = false;      // as RemoteOptions has it
  std::stop_token stop = {};       // gives up connecting
  std::stop_token interrupt = {};  // leaves a little time for each request
};

/// One SFTP connection over the standard streams of a child process. Many requests can be under
/// way. Sending and waiting for answers both read and write, so that the two sides never wait for
/// each other for ever. For one thread at a time.
///
/// Throws Error(io) when the connection is lost, stuck or against the protocol; the session is of
/// no use afterwards.
class SftpSession {
 public:
  /// Gets the answer; runs while another request is sent or waited for. It may send more requests.
  /// An Error(corrupt) of a decoder may leave it and ends the session. Nothing else may.
  using Handler = std::function<void(const SftpReply&)>;
  /// Appends to the packet what follows its number.
  using Fill = std::function<void(SftpWriter&)>;

  /// Connects. Throws Interrupted when there is an interrupt meanwhile.
  explicit SftpSession(SftpSetup setup);
  ~SftpSession();
  SftpSession(const SftpSession&) = delete;
  SftpSession& operator=(const SftpSession&) = delete;

  [[nodiscard]] const std::string& location() const { return setup_.location; }
  /// Whether it can take requests, as far as one can know without sending any.
  [[nodiscard]] bool usable();
  /// Whether requests of finish() are under way still.
  [[nodiscard]] bool busy() const { return unanswered_ != 0; }
  /// Whether the interrupt came after the first of the requests under way.
  [[nodiscard]] bool was_interrupted() const {
    return !hurried_at_start_ && setup_.interrupt.stop_requested();
  }

  [[nodiscard]] bool offers(std::string_view extension) const;
  /// How much one request reads or writes.
  [[nodiscard]] std::size_t read_length() const { return read_length_; }
  [[nodiscard]] std::size_t write_length() const { return write_length_; }
  /// How many files or folders may be open at a time.
  [[nodiscard]] std::size_t open_handles() const { return open_handles_; }

  void request(SftpType type, const Fill& fill, Handler handler);
  /// One whose answer nobody waits for.
  void forget(SftpType type, const Fill& fill);
  /// Waits until one more request makes sense.
  void wait_for_room();
  /// Waits for all answers.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  struct Pending {
    Handler handler = {};
    bool answered = false;
    bool awaited = true;
  };

  void send(SftpType type, const Fill& fill, Pending pending);
  void greet();
  void ask_limits();
  void start_clock();
  /// Moves bytes; waits until some have moved.
  void move();
  bool write_some();
  bool read_some();
  void read_messages();
  void take_packets();
  void take_reply(ByteView packet);
  void wait_a_moment();
  void check_time();
  [[noreturn]] void fail(const Error& error);
  [[noreturn]] void fail_lost();

  const SftpSetup setup_;
  ChildProcess child_;
  SftpHello hello_;
  bool connected_ = false;
  bool ended_ = false;  // the child has closed its output
  bool dead_ = false;
  std::size_t read_length_;
  std::size_t write_length_;
  std::size_t open_handles_;

  std::deque<Pending> pending_;  // of the numbers from first_id_
  std::uint32_t first_id_ = 0;
  std::size_t unanswered_ = 0;  // awaited ones

  Buffer out_;  // from out_begin_ on still to be written
  std::size_t out_begin_ = 0;
  Buffer in_;  // from in_begin_ to in_end_ not yet looked at
  std::size_t in_begin_ = 0;
  std::size_t in_end_ = 0;
  std::string said_;  // the end of the child's standard error

  Clock::time_point last_move_;
  bool hurried_at_start_ = false;  // interrupted before this round's first request
  std::optional<Clock::time_point> hurried_since_;
};

}  // namespace medsave
