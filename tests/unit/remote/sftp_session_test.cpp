// Servers that break off, stall, babble and lie.
#include "sftp_session.hpp"

#include "sftp_files.hpp"
#include "sftp_folders.hpp"
#include "support/matchers.hpp"
#include "support/temp_dir.hpp"

#include "medsave/base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace medsave::test {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

std::string big_endian(std::uint64_t value, unsigned length) {
  std::string bytes;
  for (unsigned i = length; i > 0; --i) bytes += static_cast<char>(value >> (8 * (i - 1)));
  return bytes;
}
std::string text(const std::string& value) { return big_endian(value.size(), 4) + value; }
std::string packet(unsigned type, std::uint32_t number, const std::string& rest) {
  return text(big_endian(type, 1) + big_endian(number, 4) + rest);
}
std::string hello(std::uint32_t version = 3) { return packet(2, version, ""); }
std::string status(std::uint32_t id, std::uint32_t code) {
  return packet(101, id, big_endian(code, 4) + text("words") + text(""));
}
std::string handle(std::uint32_t id) { return packet(102, id, text("h")); }
std::string data(std::uint32_t id, const std::string& content) {
  return packet(103, id, text(content));
}
std::string attributes(std::uint32_t id, std::uint64_t size) {
  return packet(105, id, big_endian(1, 4) + big_endian(size, 8));
}

/// What a server sends once so many bytes have come.
struct Step {
  std::size_t requests;
  std::string answers;
};
// The bytes of requests for a file named "file" with the handle "h".
constexpr std::size_t kInit = 9;
constexpr std::size_t kStat = 17;
constexpr std::size_t kRemove = 17;
constexpr std::size_t kOpen = 25;
constexpr std::size_t kCreate = 29;
constexpr std::size_t kRead = 26;
constexpr std::size_t kWriteFive = 31;
constexpr std::size_t kClose = 14;

class SftpSessionTest : public testing::Test {
 protected:
  void SetUp() override { ::signal(SIGPIPE, SIG_IGN); }  // as in the program

  /// Connects to a server that takes these steps and then does what the shell command says.
  std::unique_ptr<SftpSession> connect(const std::vector<Step>& steps, const std::string& then) {
    std::string script;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const std::string path = temp_ / std::to_string(i);
      std::ofstream(path, std::ios::binary) << steps[i].answers;
      script +=
          waiting_ + " -c " + std::to_string(steps[i].requests) + " >/dev/null; cat " + path + "; ";
    }
    return std::make_unique<SftpSession>(SftpSetup{.command = {"sh", "-c", script + then},
                                                   .location = "sftp:nas:x",
                                                   .stuck_timeout = seconds(1)});
  }
  auto connecting(const std::string& greeting, const std::string& then) {
    return [=, this] { connect({{kInit, greeting}}, then); };
  }
  /// Reads a file of up to 100 bytes. Answered are first stat (0) and open (1), then each read.
  std::string read(const std::vector<std::string>& answers) {
    std::vector<Step> steps = {{kInit, hello()}};
    for (const std::string& one : answers) {
      steps.push_back({steps.size() == 1 ? kStat + kOpen : kRead, one});
    }
    const auto session = connect(steps, "cat >/dev/null");
    SftpFile file(*session, "file");
    Buffer out(static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), 100)));
    out.resize(file.read(0, out.writable()));
    EXPECT_TRUE(session->usable());
    return std::string(as_text(out.view()));
  }

  TempDir temp_{TempDir::memory()};
  std::string waiting_ = "head";
};

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST_F(SftpSessionTest, ReadsAFile) {
  EXPECT_EQ(read({attributes(0, 5) + handle(1), data(2, "12345")}), "12345");
}

TEST_F(SftpSessionTest, TakesAnswersInAnyOrderAndInPieces) {
  EXPECT_EQ(read({handle(1) + attributes(0, 5), data(2, "12"), data(3, "34"), data(4, "5")}),
            "12345");
}

TEST_F(SftpSessionTest, AFileThatEndsEarlyIsNoShortOne) {
  EXPECT_THAT(
      [&] {
        read({attributes(0, 5) + handle(1), data(2, "12"), status(3, 1)});
      },
      throws_errc(Errc::io));
}

TEST_F(SftpSessionTest, RefusedRequestsLeaveTheSessionUsable) {
  const auto session = connect({{kInit, hello()},
                                {kStat + kOpen, status(0, 2) + status(1, 2)},
                                {kStat, status(2, 3)},
                                {kStat, attributes(3, 9)}},
                               "cat >/dev/null");
  EXPECT_THAT([&] { SftpFile(*session, "file"); }, throws_errc(Errc::not_found));
  EXPECT_THAT([&] { stat_sftp(*session, "file"); }, throws_errc(Errc::permission));
  EXPECT_EQ(stat_sftp(*session, "file").value_or(SftpAttributes()).size, 9U);
}

TEST_F(SftpSessionTest, AnswersThatMakeNoSenseEndIt) {
  const std::string begin = attributes(0, 5) + handle(1);
  const std::vector<std::string> wrong[] = {
      {status(7, 0)},                                     // nobody asked
      {begin + data(2, "12345")},                         // nobody has asked yet
      {begin, handle(1)},                                 // twice
      {begin, data(2, "123456")},                         // more than asked for
      {begin, data(2, "")},                               // nothing
      {begin, handle(2)},                                 // another type
      {begin, packet(101, 2, "")},                        // no code
      {begin, packet(103, 2, big_endian(~0U, 4) + "x")},  // longer than the packet
      {begin, big_endian(~0U, 4)},                        // an absurd packet
      {begin, big_endian(0, 4)},                          // an empty packet
      {begin, hello()},                                   // no answer at all
      {begin, packet(5, 2, "")},                          // a request
  };
  for (const std::vector<std::string>& answers : wrong) {
    EXPECT_THAT([&] { read(answers); }, throws_errc(Errc::io)) << testing::PrintToString(answers);
  }
}

TEST_F(SftpSessionTest, AfterAnErrorOfTheConnectionNothingGoes) {
  const auto session = connect({{kInit, hello()}, {kStat, status(9, 0)}}, "cat >/dev/null");
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT([&] { stat_sftp(*session, "file"); }, throws_errc(Errc::io));
    EXPECT_FALSE(session->usable());
  }
}

TEST_F(SftpSessionTest, AServerThatIsNoneIsSaidToBe) {
  const auto noisy = connecting("Welcome to nas!\n", "cat >/dev/null");
  EXPECT_THAT(noisy, throws_errc(Errc::unsupported));
  EXPECT_THAT(message_of(noisy), testing::HasSubstr("Welcome to nas!"));
  EXPECT_THAT(connecting(hello(2), "cat >/dev/null"), throws_errc(Errc::unsupported));
  EXPECT_THAT(connecting(status(0, 0), "cat >/dev/null"), throws_errc(Errc::unsupported));
}

TEST_F(SftpSessionTest, WhyItEndedIsInTheError) {
  const auto refused =
      connecting("", "echo 'ssh: connect to host nas: Connection refused' >&2; exit 255");
  EXPECT_THAT(refused, throws_errc(Errc::io));
  EXPECT_THAT(message_of(refused), testing::HasSubstr("nothing answers SSH there"));
  EXPECT_THAT(connecting("", "echo 'a@nas: Permission denied (publickey).' >&2; exit 255"),
              throws_errc(Errc::permission));
  EXPECT_THAT(connecting("", "echo 'Host key verification failed.' >&2; exit 255"),
              throws_errc(Errc::permission));
  EXPECT_THAT(message_of(connecting("", "exit 7")), testing::HasSubstr("7"));
}

TEST_F(SftpSessionTest, MuchTalkOnStandardErrorDoesNotBlock) {
  std::ofstream(temp_ / "talk") << std::string(1 << 20, 'x');
  std::ofstream(temp_ / "more", std::ios::binary) << hello();
  const auto session =
      connect({}, "cat " + (temp_ / "talk") + " >&2; cat " + (temp_ / "more") + "; cat >/dev/null");
  EXPECT_TRUE(session->usable());
}

TEST_F(SftpSessionTest, StallsAreGivenUp) {
  const auto begin = steady_clock::now();
  EXPECT_THAT(connecting("", "exec sleep 60"), throws_errc(Errc::io));
  const auto session = connect({{kInit, hello()}}, "exec sleep 60");
  EXPECT_THAT([&] { stat_sftp(*session, "file"); }, throws_errc(Errc::io));
  EXPECT_LT(steady_clock::now() - begin, seconds(30));
}

TEST_F(SftpSessionTest, AServerThatDoesNotReadIsGivenUp) {
  const auto session = connect({{kInit, hello()}, {kCreate, handle(0)}}, "exec sleep 60");
  const Buffer content(16 << 20);
  EXPECT_THAT([&] { SftpNewFile(*session, "file", content.view(), {}); }, throws_errc(Errc::io));
}

TEST_F(SftpSessionTest, AServerThatKeptLessIsFoundOut) {
  const auto session =
      connect({{kInit, hello()},
               {kCreate, handle(0)},
               {kWriteFive + 2 * kClose, status(1, 0) + attributes(2, 4) + status(3, 0)},
               {kRemove, status(4, 0)}},
              "cat >/dev/null");
  EXPECT_THAT([&] { SftpNewFile(*session, "file", as_bytes("12345"), {}); }, throws_errc(Errc::io));
  EXPECT_TRUE(session->usable());
}

/// Changes a few bytes, or how many there are.
std::string damage(std::string stream, std::mt19937_64& random) {
  for (std::uint64_t changes = 1 + random() % 3; changes > 0; --changes) {
    const std::size_t at = random() % stream.size();
    switch (random() % 8) {
      case 0:
        stream.resize(at + 1);
        break;
      case 1:
        stream.erase(at, random() % 8);
        stream += 'x';
        break;
      case 2:
        stream[at] = static_cast<char>(random());
        break;
      default:
        stream[at] = static_cast<char>(stream[at] ^ 1);
    }
  }
  return stream;
}

TEST_F(SftpSessionTest, AnyStreamGivesContentOrAnError) {
  constexpr int kStreams = 100;
  waiting_ = "timeout 0.1 head";  // both sides may wait for what the damage has taken away
  const std::string good[] = {hello(), attributes(0, 9) + handle(1), data(2, "123456789")};
  std::mt19937_64 random(4);
  for (int i = 0; i < kStreams; ++i) {
    std::string answers[] = {good[0], good[1], good[2]};
    std::string& one = answers[random() % 3];
    one = damage(one, random);
    SCOPED_TRACE(testing::PrintToString(one));
    const auto begin = steady_clock::now();
    try {
      const auto session = connect(
          {{kInit, answers[0]}, {kStat + kOpen, answers[1]}, {kRead, answers[2]}}, "exit 0");
      SftpFile file(*session, "file");
      Buffer out(9);
      file.read(0, out.writable());
    } catch (const Error& e) {
      EXPECT_NE(e.code(), Errc::internal);
    }
    EXPECT_LT(steady_clock::now() - begin, seconds(30));
  }
}

/// An answer to readdir with two names.
std::string two_names(std::uint32_t id) {
  const std::string one = text("name") + text("line") + big_endian(0, 4);
  return packet(104, id, big_endian(2, 4) + one + one);
}

TEST_F(SftpSessionTest, FoldersThatDoNotEndAreAnError) {
  constexpr std::size_t kOpenFolder = 17;
  constexpr std::size_t kReadFolder = 14;
  const auto list = [&](std::size_t most) {
    const auto session =
        connect({{kInit, hello()},
                 {2 * kOpenFolder, handle(0) + handle(1)},
                 {4 * kReadFolder, two_names(2) + two_names(4) + status(3, 1) + status(5, 1)}},
                "cat >/dev/null");
    std::size_t seen = 0;
    list_sftp_folders(
        *session, {"fold", "file"}, [&](std::size_t, const SftpName&) { ++seen; }, most);
    return seen;
  };
  EXPECT_EQ(list(4), 4U);
  EXPECT_THAT([&] { list(3); }, throws_errc(Errc::corrupt)) << "neither has more, but both have";
  EXPECT_THAT(message_of([&] { list(3); }), testing::HasSubstr("file"));
}

}  // namespace
}  // namespace medsave::test
