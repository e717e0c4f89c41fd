#include "sftp_address.hpp"

#include "support/matchers.hpp"

#include "medsave/base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace medsave::test {
namespace {

using Words = std::vector<std::string>;

/// user | host | port | path
std::string read(const std::string& address) {
  const SftpAddress parsed = parse_sftp_address(address);
  return parsed.user + "|" + parsed.host + "|" + parsed.port + "|" + parsed.path;
}

TEST(SftpAddress, ShortForm) {
  EXPECT_EQ(read("nas:backup"), "|nas||backup");
  EXPECT_EQ(read("alice@nas:/srv/backup"), "alice|nas||/srv/backup");
  EXPECT_EQ(read("alice@example.org@nas:a/b"), "alice@example.org|nas||a/b");
  EXPECT_EQ(read("nas:"), "|nas||.");
  EXPECT_EQ(read("nas:/"), "|nas||");
  EXPECT_EQ(read("nas:a//b/./c/"), "|nas||a/b/c");
  EXPECT_EQ(read("nas:with:colon@and at"), "|nas||with:colon@and at");
  EXPECT_EQ(read("[2001:db8::1]:x"), "|2001:db8::1||x");
  EXPECT_EQ(read("bob@[fe80::1%eth0]:x"), "bob|fe80::1%eth0||x");
  EXPECT_EQ(read("DOMAIN\\bob@nas:x"), "DOMAIN\\bob|nas||x");
}

TEST(SftpAddress, UrlForm) {
  EXPECT_EQ(read("//nas/backup"), "|nas||backup");
  EXPECT_EQ(read("//alice@nas:2222//srv/backup"), "alice|nas|2222|/srv/backup");
  EXPECT_EQ(read("//nas"), "|nas||.");
  EXPECT_EQ(read("//nas/"), "|nas||.");
  EXPECT_EQ(read("//nas//"), "|nas||");
  EXPECT_EQ(read("//[2001:db8::1]:22/x"), "|2001:db8::1|22|x");
  EXPECT_EQ(read("//[::1]/x"), "|::1||x");
  EXPECT_EQ(read("//a%40b@nas/with%20space"), "a@b|nas||with space");
}

TEST(SftpAddress, RefusesWhatIsNone) {
  for (const char* address :
       {"",           "nas",          ":path",       "@nas",       "user@:path",    "//",
        "///path",    "//user@/path", "//nas:/x",    "//nas:0/x",  "//nas:65536/x", "//nas:22x/x",
        "//nas:-1/x", "//[::1/x",     "[::1:x",      "//[::1]x/y", "[::1]x:y",      "//nas/%zz",
        "//nas/%4",   "//nas/a%00b",  "nas:~/backup"}) {
    EXPECT_THAT([&] { parse_sftp_address(address); }, throws_errc(Errc::usage)) << address;
  }
}

TEST(SftpAddress, RefusesWhatAProgramCouldTakeForSomethingElse) {
  for (const char* address : {"-oProxyCommand=x:path",
                              "//-oProxyCommand=x/path",
                              "-l@host:path",
                              "-oX@-oY:path",
                              "a b:path",
                              "$(id):path",
                              "`id`:path",
                              "a;b:path",
                              "a|b:path",
                              "a&b:path",
                              "'a':path",
                              "\"a\":path",
                              "a\nb:path",
                              "a\\b:path",
                              "$(id)@host:path",
                              "a b@host:path",
                              "a'b@host:x",
                              "//-a@host/x",
                              "//%2doption@host/x",
                              "//a%0ab@host/x",
                              "a\\@host:x",
                              "[-oX]:path"}) {
    EXPECT_THAT([&] { parse_sftp_address(address); }, throws_errc(Errc::usage)) << address;
  }
}

TEST(SftpAddress, RefusesAPasswordWithoutShowingIt) {
  try {
    parse_sftp_address("//alice:secret@nas/path");
    ADD_FAILURE();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Errc::usage);
    EXPECT_THAT(e.what(), testing::Not(testing::HasSubstr("secret")));
  }
}

TEST(SftpCommand, IsSsh) {
  EXPECT_EQ(sftp_command({.host = "nas"}, {}, true),
            (Words{"ssh", "-o", "ServerAliveInterval=60", "-s", "--", "nas", "sftp"}));
  EXPECT_EQ(sftp_command({.user = "alice", .host = "nas", .port = "2222"}, {}, true),
            (Words{"ssh", "-p", "2222", "-l", "alice", "-o", "ServerAliveInterval=60", "-s", "--",
                   "nas", "sftp"}));
}

TEST(SftpCommand, DoesNotAskWhereItMustNot) {
  EXPECT_THAT(sftp_command({.host = "nas"}, {}, false), testing::Contains("BatchMode=yes"));
  EXPECT_THAT(sftp_command({.host = "nas"}, {}, true),
              testing::Not(testing::Contains("BatchMode=yes")));
}

TEST(SftpCommand, TakesArgumentsInFrontOfItsOwn) {
  const RemoteOptions options{.extended = {{"sftp.args", "-i 'my key' -o ServerAliveInterval=5"}}};
  EXPECT_EQ(sftp_command({.host = "nas"}, options, true),
            (Words{"ssh", "-i", "my key", "-o", "ServerAliveInterval=5", "-o",
                   "ServerAliveInterval=60", "-s", "--", "nas", "sftp"}));
}

TEST(SftpCommand, NeverWeakensTheCheckOfTheHostKey) {
  for (const std::string& word : sftp_command({.host = "nas"}, {}, false)) {
    EXPECT_THAT(word, testing::Not(testing::HasSubstr("HostKey")));
  }
}

TEST(SftpCommand, CanBeAnother) {
  EXPECT_EQ(
      sftp_command({.host = "nas"}, {.extended = {{"sftp.command", "dbclient 'a b' -s"}}}, false),
      (Words{"dbclient", "a b", "-s"}));
  const RemoteOptions both{.extended = {{"sftp.command", "x"}, {"sftp.args", "y"}}};
  EXPECT_THAT([&] { sftp_command({.host = "nas"}, both, true); }, throws_errc(Errc::usage));
  const RemoteOptions blank{.extended = {{"sftp.command", "  "}}};
  EXPECT_THAT([&] { sftp_command({.host = "nas"}, blank, true); }, throws_errc(Errc::usage));
}

}  // namespace
}  // namespace medsave::test
