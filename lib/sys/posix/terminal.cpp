#include "medsave/sys/terminal.hpp"

#include "system_call.hpp"

#include "medsave/sys/fd.hpp"
#include "medsave/sys/file_io.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

namespace medsave {
namespace {

/// Takes the terminal out of line mode, without echo and without its signal keys: Ctrl-C then
/// arrives as a byte, and the settings are always put back before the process ends.
class RawTerminal {
 public:
  explicit RawTerminal(int fd) : fd_(fd) {
    if (::tcgetattr(fd_, &old_) != 0) throw_errno(N_("cannot use {}"), _("the terminal"));
    termios quiet = old_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    if (::tcsetattr(fd_, TCSAFLUSH, &quiet) != 0) {
      throw_errno(N_("cannot use {}"), _("the terminal"));
    }
  }
  ~RawTerminal() { ::tcsetattr(fd_, TCSADRAIN, &old_); }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

  [[nodiscard]] bool is_key(unsigned key, char typed) const {
    return old_.c_cc[key] != _POSIX_VDISABLE && old_.c_cc[key] == static_cast<cc_t>(typed);
  }

 private:
  int fd_;
  termios old_{};
};

/// One byte; nullopt at the end of input. Throws Interrupted after a stop.
std::optional<char> read_key(int fd, const std::stop_token& stop) {
  constexpr int kLookAroundMs = 100;
  for (;;) {
    if (stop.stop_requested()) throw Interrupted();
    pollfd wait{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&wait, 1, kLookAroundMs);
    if (ready < 0 && errno != EINTR) return std::nullopt;
    if (ready <= 0) continue;
    char typed = '\0';
    const ssize_t got = retry_interrupted([&] { return ::read(fd, &typed, 1); });
    if (got <= 0) return std::nullopt;
    return typed;
  }
}

/// Removes the last character, which may be several bytes of UTF-8.
void erase_last(Buffer& line) {
  std::size_t size = line.size();
  while (size > 0 && (std::to_integer<unsigned>(line.data()[size - 1]) & 0xc0U) == 0x80U) --size;
  line.resize(size > 0 ? size - 1 : 0);
}

std::optional<Buffer> read_line(int fd, const RawTerminal& terminal, const std::stop_token& stop) {
  Buffer line;
  line.reserve(1024);  // growing would leave copies behind
  for (;;) {
    const std::optional<char> typed = read_key(fd, stop);
    if (!typed) return std::nullopt;
    if (terminal.is_key(VINTR, *typed) || terminal.is_key(VQUIT, *typed)) throw Interrupted();
    if (*typed == '\n' || *typed == '\r') return line;
    if (terminal.is_key(VEOF, *typed)) {
      if (line.empty()) return std::nullopt;
      return line;
    }
    if (terminal.is_key(VERASE, *typed) || *typed == '\b') {
      erase_last(line);
    } else if (terminal.is_key(VKILL, *typed)) {
      line.clear();
    } else if (!terminal.is_key(VSUSP, *typed)) {
      line.append(as_bytes({&*typed, 1}));
    }
  }
}

}  // namespace

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

unsigned terminal_width(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

std::optional<unsigned> character_columns(char32_t character) {
  const int columns = ::wcwidth(static_cast<wchar_t>(character));
  if (columns < 0) return std::nullopt;
  return static_cast<unsigned>(columns);
}

std::optional<Buffer> read_password(const std::string& prompt, const std::stop_token& stop) {
  const UniqueFd tty(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  const int in = tty ? tty.get() : STDIN_FILENO;
  const int out = tty ? tty.get() : STDERR_FILENO;
  if (!is_terminal(in)) return std::nullopt;
  const RawTerminal terminal(in);
  write_all(out, as_bytes(prompt), _("the terminal"));
  try {
    std::optional<Buffer> line = read_line(in, terminal, stop);
    write_all(out, as_bytes("\n"), _("the terminal"));
    return line;
  } catch (const Interrupted&) {
    write_all(out, as_bytes("\n"), _("the terminal"));
    throw;
  }
}

}  // namespace medsave
