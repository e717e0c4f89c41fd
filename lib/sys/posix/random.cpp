#include "medsave/base/random.hpp"

#include "system_call.hpp"

#include "medsave/base/system.hpp"

#include <sys/random.h>

#include <cstring>

namespace medsave {
namespace {

constexpr std::size_t kPoolSize = 4096;
constexpr std::size_t kLargestPooled = 64;

void fill_from_kernel(MutableByteView out) {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      throw error_from_errno(errno, _("reading random bytes from the system"));
    }
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

/// Random bytes fetched in advance, since one system call per nonce would show. What has been
/// handed out is wiped here, so that a nonce or key never exists twice.
class Pool {
 public:
  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() { wipe(bytes_, sizeof bytes_); }

  void take(MutableByteView out) {
    if (out.size() > available_) {
      available_ = 0;
      fill_from_kernel(bytes_);
      available_ = kPoolSize;
    }
    std::byte* from = bytes_ + (kPoolSize - available_);
    std::memcpy(out.data(), from, out.size());
    wipe(from, out.size());
    available_ -= out.size();
  }

 private:
  std::byte bytes_[kPoolSize] = {};
  std::size_t available_ = 0;  // the last so many of bytes_ are fresh
};

class SystemRandom final : public Random {
 public:
  void fill(MutableByteView out) override {
    if (out.empty()) return;
    if (out.size() > kLargestPooled) {
      fill_from_kernel(out);
      return;
    }
    thread_local Pool pool;
    pool.take(out);
  }
};

}  // namespace

Random& system_random() {
  static SystemRandom random;
  return random;
}

}  // namespace medsave
