#include "rest_address.hpp"

#include "support/matchers.hpp"

#include <gtest/gtest.h>

namespace medsave::test {
namespace {

TEST(RestAddress, IsTakenApart) {
  const RestAddress address = parse_rest_address("https://me:se%3Acr%40t@nas.example:8000/a/b/");
  EXPECT_EQ(address.url, "https://nas.example:8000/a/b");
  EXPECT_EQ(address.user, "me");
  EXPECT_EQ(address.password, "se:cr@t");
  EXPECT_EQ(address.shown, "https://me:***@nas.example:8000/a/b/");
  EXPECT_TRUE(address.unix_socket.empty());
}

TEST(RestAddress, NeedsNoPathAndNoSlashAtItsEnd) {
  EXPECT_EQ(parse_rest_address("http://host").url, "http://host");
  EXPECT_EQ(parse_rest_address("http://host/").url, "http://host");
  EXPECT_EQ(parse_rest_address("HTTP://[::1]:80/x").url, "http://[::1]:80/x");
  EXPECT_EQ(parse_rest_address("http://me@host/x").user, "me");
  EXPECT_EQ(parse_rest_address("http://me@host/x").shown, "http://me@host/x");
}

TEST(RestAddress, EscapesWhatAPathCannotHoldAndLeavesEscapes) {
  EXPECT_EQ(parse_rest_address("http://host/my backups/caf\xc3\xa9/100%/a%20b/").url,
            "http://host/my%20backups/caf%C3%A9/100%25/a%20b");
}

TEST(RestAddress, MayBeASocket) {
  const RestAddress address = parse_rest_address("http+unix:///run/rest.sock:/repo/");
  EXPECT_EQ(address.unix_socket, "/run/rest.sock");
  EXPECT_EQ(address.url, "http://localhost/repo");
  EXPECT_EQ(address.shown, "http+unix:///run/rest.sock:/repo/");
  EXPECT_EQ(parse_rest_address("http+unix:///run/rest.sock").url, "http://localhost");
}

TEST(RestAddress, IsRefusedWithoutShowingThePassword) {
  for (const char* const address : {"",
                                    "host:8000/",
                                    "ftp://me:secret@host/",
                                    "https://",
                                    "https:///path",
                                    "http://host:/",
                                    "http://host:0/",
                                    "http://host:99999/",
                                    "http://me:sec/ret@host/",
                                    "http://me:secret@/",
                                    "http://me:secret@ho st/",
                                    "me:secret@host",
                                    "https:/me:secret@host/",
                                    "http://me:secret@host/?x",
                                    "http://host/#x",
                                    "http://host/\r\nX: y",
                                    "http+unix://socket",
                                    "http+unix:///",
                                    "http://[::1/",
                                    "http://me:secret%zz@host/"}) {
    SCOPED_TRACE(address);
    try {
      parse_rest_address(address);
      ADD_FAILURE() << "accepted";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Errc::usage);
      EXPECT_EQ(std::string(e.what()).find("sec"), std::string::npos) << e.what();
    }
  }
}

TEST(RestAddress, PasswordsAreMaskedInWhateverIsGiven) {
  EXPECT_EQ(mask_password("https://me:secret@host/path"), "https://me:***@host/path");
  EXPECT_EQ(mask_password("https://me:a@b:c/d@host/"), "https://me:***@host/");
  EXPECT_EQ(mask_password("me:secret@host"), "me:***@host");
  EXPECT_EQ(mask_password("https://me@host/a:b"), "https://me@host/a:b");
  EXPECT_EQ(mask_password("https://host/"), "https://host/");
}

}  // namespace
}  // namespace medsave::test
