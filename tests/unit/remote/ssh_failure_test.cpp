#include "ssh_failure.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace medsave::test {
namespace {

Error explain(const std::string& said, bool connected = false, bool tells_words = false) {
  return explain_ssh_failure({.location = "sftp:nas:x",
                              .connected = connected,
                              .status = 255,
                              .said = said,
                              .tells_words = tells_words});
}

TEST(SshFailure, AnotherHostKeyIsNeverPassedOver) {
  const Error e = explain(
      "@@@@@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@@@@@@@@\n"
      "IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\nHost key verification failed.\r\n");
  EXPECT_EQ(e.code(), Errc::permission);
  EXPECT_THAT(e.what(), testing::HasSubstr("another host key"));
  EXPECT_THAT(e.what(), testing::HasSubstr("ssh-keygen -R"));
}

TEST(SshFailure, AnUnknownHostKeyHasToBeComparedFirst) {
  const Error e = explain(
      "No ED25519 host key is known for nas and you have requested strict checking.\r\n"
      "Host key verification failed.\r\n");
  EXPECT_EQ(e.code(), Errc::permission);
  EXPECT_THAT(e.what(), testing::HasSubstr("fingerprint"));
}

TEST(SshFailure, WhatMayPassIsSaidInOurWordsAndIfAskedInThoseOfSsh) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"ssh: Could not resolve hostname nas: Name or service not known", "no server of this name"},
      {"ssh: connect to host nas port 22: Connection refused", "nothing answers SSH"},
      {"ssh: connect to host nas port 22: Connection timed out", "the server does not answer"},
      {"ssh: connect to host nas port 22: No route to host", "no way leads"}};
  for (const auto& [said, ours] : cases) {
    const Error e = explain(said + "\r\n");
    EXPECT_EQ(e.code(), Errc::io) << said;
    EXPECT_THAT(e.what(), testing::StartsWith("sftp:nas:x: " + ours));
    EXPECT_THAT(e.what(), testing::Not(testing::HasSubstr(said)));
    EXPECT_THAT(explain(said + "\r\n", false, true).what(),
                testing::AllOf(testing::StartsWith("sftp:nas:x: " + ours),
                               testing::EndsWith(" (ssh: " + said + ")")));
  }
}

TEST(SshFailure, WhatIsNotKnownIsSaidInTheWordsOfSsh) {
  EXPECT_STREQ(explain("kex_exchange_identification: read: Connection reset by peer\r\n").what(),
               "sftp:nas:x: cannot connect (ssh: kex_exchange_identification: read: Connection "
               "reset by peer)");
  EXPECT_THAT(explain("/x/config: line 1: Bad configuration option: nonsense\r\n").what(),
              testing::HasSubstr("nonsense"));
}

TEST(SshFailure, RefusedLoginsAreNotTriedAgain) {
  EXPECT_EQ(explain("alice@nas: Permission denied (publickey,password).\r\n").code(),
            Errc::permission);
  EXPECT_EQ(explain("Received disconnect from 10.0.0.1 port 22:2: Too many authentication "
                    "failures\r\n")
                .code(),
            Errc::permission);
}

TEST(SshFailure, WhatMayPassIsTriedAgain) {
  for (const char* said :
       {"ssh: connect to host nas port 22: Connection refused\r\n",
        "ssh: connect to host nas port 22: Connection timed out\r\n",
        "ssh: Could not resolve hostname nas: Name or service not known\r\n",
        "kex_exchange_identification: Connection closed by remote host\r\n", ""}) {
    EXPECT_EQ(explain(said).code(), Errc::io) << said;
  }
}

TEST(SshFailure, AWrongConfigurationIsTheUsers) {
  EXPECT_EQ(explain("/x/config: line 1: Bad configuration option: nonsense\r\n").code(),
            Errc::usage);
  EXPECT_EQ(explain("Can't open user config file /x: No such file or directory\r\n").code(),
            Errc::usage);
}

TEST(SshFailure, AServerWithoutSftpIsUnsupported) {
  EXPECT_EQ(explain("subsystem request failed on channel 0\r\n").code(), Errc::unsupported);
}

TEST(SshFailure, AfterTheConnectionStoodItMayPass) {
  const Error e = explain("alice@nas: Permission denied (publickey).\r\n", true);
  EXPECT_EQ(e.code(), Errc::io);
  EXPECT_THAT(e.what(), testing::HasSubstr("sftp:nas:x"));
}

TEST(SshFailure, SilenceIsExplainedByTheStatus) {
  EXPECT_THAT(explain("", false, true).what(), testing::HasSubstr("255"));
}

TEST(LastWords, AreTheLastLinesThatFit) {
  EXPECT_EQ(last_words("", 100), "");
  EXPECT_EQ(last_words("one", 100), "one");
  EXPECT_EQ(last_words("one\ntwo\r\n\n@@@\nthree\n", 100), "one; two; three");
  EXPECT_EQ(last_words("one\ntwo\nthree\n", 8), "two; three");
  EXPECT_EQ(last_words("a\x1b[31mb\x7f", 100), "a [31mb ");
  EXPECT_EQ(last_words(std::string(1000, 'x'), 10), "");
}

}  // namespace
}  // namespace medsave::test
