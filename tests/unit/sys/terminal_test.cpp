#include "medsave/sys/terminal.hpp"

#include "medsave/base/error.hpp"
#include "medsave/sys/fd.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <exception>
#include <stop_token>
#include <string>

namespace medsave::test {
namespace {

/// Types `keys` at the prompt of a child whose terminal is a pseudo-terminal. Returns what the
/// terminal showed, then ">" and the child's view of the result.
std::string type_password(const std::string& keys, const std::stop_token& stop = {}) {
  const UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!master || ::grantpt(master.get()) != 0 || ::unlockpt(master.get()) != 0) return "no pty";
  const std::string name = ::ptsname(master.get());
  const pid_t child = ::fork();
  if (child == 0) {
    ::setsid();
    const int terminal = ::open(name.c_str(), O_RDWR);  // becomes /dev/tty of the child
    std::string result = ">error";
    try {
      const std::optional<Buffer> line = read_password("Password: ", stop);
      result = line ? ">" + std::string(as_text(line->view())) : ">end";
    } catch (const Interrupted&) {
      result = ">interrupted";
    } catch (const std::exception&) {
    }
    termios state{};
    ::tcgetattr(terminal, &state);
    if ((state.c_lflag & ECHO) == 0) result += " without echo";
    result += "\x04";
    (void)!::write(terminal, result.data(), result.size());
    ::_exit(0);
  }
  std::string shown;
  bool typed = false;
  for (char c = 0; ::read(master.get(), &c, 1) == 1 && c != '\x04'; shown.push_back(c)) {
    if (typed || !shown.ends_with("Password:")) continue;
    typed = ::write(master.get(), keys.data(), keys.size()) > 0;
  }
  ::waitpid(child, nullptr, 0);
  return shown;
}

TEST(ReadPassword, TakesALineWithoutShowingIt) {
  EXPECT_EQ(type_password("s3cret w\xc3\xb6rd\n"), "Password: \r\n>s3cret w\xc3\xb6rd");
}

TEST(ReadPassword, KnowsTheEditingKeys) {
  EXPECT_EQ(type_password("wrong\x15"
                          "ab\xc3\xa9\x7f\x7f"
                          "c\r"),
            "Password: \r\n>ac");
}

TEST(ReadPassword, EndsAtEndOfInputAndAtCtrlC) {
  EXPECT_EQ(type_password("\x04"), "Password: \r\n>end");
  EXPECT_EQ(type_password("half\x03"), "Password: \r\n>interrupted");
}

TEST(ReadPassword, IsGivenUpAfterAStop) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(type_password("", stop.get_token()), "Password: \r\n>interrupted");
}

TEST(TerminalWidth, HasADefault) {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  EXPECT_FALSE(is_terminal(null.get()));
  EXPECT_EQ(terminal_width(null.get()), 80U);
}

}  // namespace
}  // namespace medsave::test
