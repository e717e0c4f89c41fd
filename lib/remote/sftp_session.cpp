#include "sftp_session.hpp"

#include "ssh_failure.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/pipe_io.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace medsave {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kPlainLength = 32 << 10;   // every server can read and write so much
constexpr std::size_t kLargeLength = 255 << 10;  // what OpenSSH offers
constexpr std::size_t kMostRequests = 64;
constexpr std::size_t kMostUnwritten = 1 << 20;  // bytes
constexpr std::size_t kInputRoom = 1 << 20;      // bytes; more than two of the longest packets
constexpr std::size_t kPipeRoom = 1 << 20;       // bytes
constexpr std::size_t kRemembered = 4096;        // bytes of the child's standard error
constexpr std::size_t kPlainHandles = 64;
constexpr milliseconds kLookAround(100);      // between looks for an interrupt
constexpr milliseconds kLookOften(10);        // while a connection may become needless
constexpr milliseconds kCleanUpTime(10'000);  // for each request after an interrupt
constexpr milliseconds kLastWords(1000);      // for the child to say why it ends

}  // namespace

SftpSession::SftpSession(SftpSetup setup)
    : setup_(std::move(setup)),
      child_({.command = setup_.command,
              .in = ChildStream::pipe,
              .out = ChildStream::pipe,
              .err = ChildStream::pipe,
              .terminal = ChildTerminal::ignores_signals}),
      read_length_(kPlainLength),
      write_length_(kPlainLength),
      open_handles_(kPlainHandles),
      in_(kInputRoom) {
  for (const UniqueFd* fd : {&child_.in(), &child_.out(), &child_.err()}) {
    set_nonblocking(fd->get(), setup_.location);
  }
  widen_pipe(child_.in().get(), kPipeRoom);
  widen_pipe(child_.out().get(), kPipeRoom);
  greet();
  ask_limits();
}

SftpSession::~SftpSession() = default;

bool SftpSession::offers(std::string_view extension) const {
  return hello_.extensions.find(extension) != hello_.extensions.end();
}

bool SftpSession::usable() {
  if (dead_ || child_.try_wait()) return false;
  WatchedFd out[] = {{.fd = child_.out().get()}};
  wait_until_ready(out, milliseconds(0));
  if (!out[0].ready) return true;
  try {
    read_some();  // answers that nobody waited for, or the end
    take_packets();
  } catch (const Error&) {
    return false;
  }
  return !ended_;
}

void SftpSession::greet() {
  start_clock();
  encode_sftp_init(out_);
  while (!connected_) move();
  if (hello_.version != kSftpVersion) {
    fail({Errc::unsupported,
          format_text(_("{}: the server speaks version {} of SFTP, not version {}"),
                      setup_.location, hello_.version, kSftpVersion)});
  }
}

/// Asks for the server's limits without waiting; until the answer is there, the lengths that every
/// server allows are used.
void SftpSession::ask_limits() {
  if (!offers("limits@openssh.com")) return;
  send(SftpType::extended, [](SftpWriter& w) { w.text("limits@openssh.com"); },
       {.handler =
            [this](const SftpReply& reply) {
              if (reply.type == SftpType::status) return;
              const SftpLimits limits = decode_sftp_limits(reply);
              const auto length = [](std::uint64_t offered) {
                if (offered == 0) return kPlainLength;
                return static_cast<std::size_t>(std::min<std::uint64_t>(offered, kLargeLength));
              };
              read_length_ = length(limits.read_length);
              write_length_ = length(limits.write_length);
              constexpr std::uint64_t kEnoughHandles = 512;
              open_handles_ =
                  limits.open_handles == 0
                      ? kEnoughHandles
                      : std::clamp<std::uint64_t>(limits.open_handles / 2, 1, kEnoughHandles);
            },
        .awaited = false});
}

void SftpSession::start_clock() {
  last_move_ = Clock::now();
  hurried_at_start_ = setup_.interrupt.stop_requested();
  hurried_since_.reset();
}

void SftpSession::request(SftpType type, const Fill& fill, Handler handler) {
  if (unanswered_ == 0) start_clock();
  send(type, fill, {.handler = std::move(handler)});
  ++unanswered_;
}

void SftpSession::forget(SftpType type, const Fill& fill) { send(type, fill, {.awaited = false}); }

void SftpSession::send(SftpType type, const Fill& fill, Pending pending) {
  const auto id = first_id_ + static_cast<std::uint32_t>(pending_.size());
  {
    SftpWriter writer(out_, type, id);
    fill(writer);
  }
  pending_.push_back(std::move(pending));
}

void SftpSession::wait_for_room() {
  while (unanswered_ >= kMostRequests || out_.size() - out_begin_ > kMostUnwritten) move();
}

void SftpSession::finish() {
  while (unanswered_ != 0 || out_begin_ != out_.size()) move();
}

void SftpSession::move() {
  if (dead_) fail_lost();
  bool moved = false;
  try {
    moved = write_some();
    moved = read_some() || moved;
    read_messages();
  } catch (const Error&) {  // EPIPE and the like: the child is going
    fail_lost();
  }
  take_packets();
  if (ended_) fail_lost();
  if (moved) {
    last_move_ = Clock::now();
  } else {
    check_time();
    wait_a_moment();
  }
}

bool SftpSession::write_some() {
  if (out_begin_ == out_.size()) return false;
  const std::size_t put =
      write_now(child_.in().get(), out_.view().subspan(out_begin_), setup_.location);
  out_begin_ += put;
  // On a slow connection the buffer never gets empty, so what was written is removed by the
  // megabyte.
  if (out_begin_ == out_.size() || out_begin_ >= kMostUnwritten) {
    const std::size_t left = out_.size() - out_begin_;
    std::memmove(out_.data(), out_.data() + out_begin_, left);
    out_.resize(left);
    out_begin_ = 0;
  }
  return put != 0;
}

bool SftpSession::read_some() {
  if (in_begin_ != 0 && in_.size() - in_end_ < kLongestSftpPacket) {
    std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
    in_end_ -= in_begin_;
    in_begin_ = 0;
  }
  const std::optional<std::size_t> got =
      read_now(child_.out().get(), in_.writable().subspan(in_end_), setup_.location);
  if (!got) return false;
  ended_ = *got == 0;
  in_end_ += *got;
  return true;
}

/// Keeps the end of what the child says on its standard error.
void SftpSession::read_messages() {
  if (!child_.err()) return;
  Buffer text(kRemembered);
  for (;;) {
    const std::optional<std::size_t> got =
        read_now(child_.err().get(), text.writable(), setup_.location);
    if (!got) return;
    if (*got == 0) {
      child_.err().reset();
      return;
    }
    said_ += as_text(text.view().first(*got));
    if (said_.size() > kRemembered) said_.erase(0, said_.size() - kRemembered);
  }
}

void SftpSession::take_packets() {
  try {
    for (;;) {
      const ByteView unread(in_.data() + in_begin_, in_end_ - in_begin_);
      const std::optional<ByteView> packet = first_sftp_packet(unread);
      if (!packet) return;
      in_begin_ += static_cast<std::size_t>(packet->data() - unread.data()) + packet->size();
      take_reply(*packet);
    }
  } catch (const Error& e) {
    if (e.code() != Errc::corrupt) throw;
    if (connected_) {
      fail({Errc::io, format_text(_("{}: the server's answers make no sense: {}"), setup_.location,
                                  e.what())});
    }
    const ByteView unread(in_.data(), in_end_);
    fail({Errc::unsupported, format_text(_("{}: the server does not speak SFTP, it says \"{}\". A "
                                           "login script that writes something would do that."),
                                         setup_.location, last_words(as_text(unread), 200))});
  }
}

void SftpSession::take_reply(ByteView packet) {
  if (!connected_) {
    hello_ = decode_sftp_hello(packet);
    connected_ = true;
    return;
  }
  const SftpReply reply = decode_sftp_reply(packet);
  const std::uint32_t place = reply.id - first_id_;
  if (place >= pending_.size() || pending_[place].answered) {
    throw Error(Errc::corrupt, _("it answers what nobody asked"));
  }
  Pending& pending = pending_[place];
  pending.answered = true;
  if (pending.awaited) --unanswered_;
  const Handler handler = std::move(pending.handler);
  while (!pending_.empty() && pending_.front().answered) {
    pending_.pop_front();
    ++first_id_;
  }
  if (handler) handler(reply);
}

void SftpSession::wait_a_moment() {
  const bool unwritten = out_begin_ != out_.size();
  WatchedFd watched[] = {{.fd = child_.out().get()},
                         {.fd = unwritten ? child_.in().get() : -1, .for_writing = true},
                         {.fd = child_.err().get()}};
  const bool may_stop = !connected_ && setup_.stop.stop_possible();
  wait_until_ready(watched, may_stop ? kLookOften : kLookAround);
}

void SftpSession::check_time() {
  const Clock::time_point now = Clock::now();
  if (now - last_move_ >= setup_.stuck_timeout) {
    fail({Errc::io, format_text(n_("{}: no answer for {} second", "{}: no answer for {} seconds",
                                   static_cast<unsigned long>(setup_.stuck_timeout.count())),
                                setup_.location, setup_.stuck_timeout.count())});
  }
  if (!connected_ && setup_.stop.stop_requested()) {
    fail({Errc::io, format_text(_("{}: given up connecting"), setup_.location)});
  }
  if (!setup_.interrupt.stop_requested()) return;
  if (!connected_ && !hurried_at_start_) {  // perhaps ssh is asking for a password
    dead_ = true;
    throw Interrupted();
  }
  if (!hurried_since_) hurried_since_ = now;
  if (now - *hurried_since_ < kCleanUpTime) return;
  fail({Errc::io, format_text(_("{}: given up after the interrupt"), setup_.location)});
}

void SftpSession::fail(const Error& error) {
  dead_ = true;
  child_.terminate(kLastWords);
  throw Error(error);
}

void SftpSession::fail_lost() {
  dead_ = true;
  const Clock::time_point end = Clock::now() + kLastWords;
  while (child_.err() && Clock::now() < end) {
    WatchedFd err[] = {{.fd = child_.err().get()}};
    wait_until_ready(err, kLookAround);
    try {
      read_messages();
    } catch (const Error&) {
      child_.err().reset();
    }
  }
  const int status = child_.terminate(kLastWords);
  throw explain_ssh_failure({.location = setup_.location,
                             .connected = connected_,
                             .status = status,
                             .said = said_,
                             .tells_words = setup_.library_words});
}

}  // namespace medsave
