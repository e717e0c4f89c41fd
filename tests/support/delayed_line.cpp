// delayed-line NAMESPACE NAMESPACE MILLISECONDS
//
// Joins two network namespaces (of "ip netns") by a line: what one sends over its interface "wire"
// arrives at the other's MILLISECONDS later, in order and undamaged. Says "ready" when both
// interfaces are there; giving them addresses and a rate is the caller's business. Ends with a
// signal, and the interfaces with it. Needs root.

#include <fmt/core.h>
#include <net/if.h>

#include <fcntl.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLongestPacket = 64 << 10;
constexpr int kPacketsAtATime = 64;  // before the other direction has its turn

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// Makes the interface "wire" in a namespace. This process stays in it.
int make_interface(const std::string& name) {
  const std::string path = "/run/netns/" + name;
  const int space = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (space < 0 || setns(space, CLONE_NEWNET) != 0) fail(path);
  close(space);
  const int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  ifreq request = {};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strncpy(request.ifr_name, "wire", sizeof request.ifr_name - 1);
  if (device < 0 || ioctl(device, TUNSETIFF, &request) != 0) fail("/dev/net/tun");
  return device;
}

/// One direction of the line.
class Direction {
 public:
  Direction(int from, int to, Clock::duration delay) : from_(from), to_(to), delay_(delay) {}

  [[nodiscard]] pollfd source() const { return {.fd = from_, .events = POLLIN, .revents = 0}; }
  [[nodiscard]] Clock::time_point next_due() const {
    return on_the_way_.empty() ? Clock::time_point::max() : on_the_way_.front().due;
  }

  void take() {
    for (int i = 0; i < kPacketsAtATime; ++i) {
      const ssize_t length = read(from_, room_.data(), room_.size());
      if (length < 0 && errno != EAGAIN) fail("an end of the line");
      if (length <= 0) return;
      on_the_way_.push_back(
          {.due = Clock::now() + delay_, .bytes = {room_.data(), room_.data() + length}});
    }
  }

  void deliver() {
    const Clock::time_point now = Clock::now();
    while (next_due() <= now) {
      const std::vector<char>& bytes = on_the_way_.front().bytes;
      // What cannot be delivered is lost, as on any line.
      static_cast<void>(!write(to_, bytes.data(), bytes.size()));
      on_the_way_.pop_front();
    }
  }

 private:
  struct Packet {
    Clock::time_point due;
    std::vector<char> bytes;
  };

  const int from_;
  const int to_;
  const Clock::duration delay_;
  std::vector<char> room_ = std::vector<char>(kLongestPacket);
  std::deque<Packet> on_the_way_;
};

[[noreturn]] void run(std::array<Direction, 2>& line) {
  for (;;) {
    for (Direction& direction : line) direction.deliver();
    const Clock::time_point due = std::min(line[0].next_due(), line[1].next_due());
    timespec pause = {};
    const bool idle = due == Clock::time_point::max();
    if (!idle) {
      const auto left = std::chrono::nanoseconds(std::max(due - Clock::now(), {}));
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
      pause = {.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
    }
    std::array<pollfd, 2> sources = {line[0].source(), line[1].source()};
    if (ppoll(sources.data(), sources.size(), idle ? nullptr : &pause, nullptr) < 0) fail("ppoll");
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (sources[i].revents != 0) line[i].take();
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: delayed-line NAMESPACE NAMESPACE MILLISECONDS\n";
    return 2;
  }
  try {
    const auto delay = std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double, std::milli>(std::strtod(argv[3], nullptr)));
    const int here = make_interface(argv[1]);
    const int there = make_interface(argv[2]);
    constexpr unsigned long kSlack = 1000;  // nanoseconds by which a pause may last longer
    prctl(PR_SET_TIMERSLACK, kSlack);
    std::array<Direction, 2> line = {Direction(here, there, delay), Direction(there, here, delay)};
    std::cout << "ready" << std::endl;
    run(line);
  } catch (const std::exception& e) {
    std::cerr << "delayed-line: " << e.what() << '\n';
    return 1;
  }
}
