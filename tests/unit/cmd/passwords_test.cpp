#include "passwords.hpp"

#include "medsave/base/error.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace medsave::cli {
namespace {

class Passwords : public testing::Test {
 protected:
  ~Passwords() override {
    unsetenv("MEDSAVE_PASSWORD");
    unsetenv("RESTIC_PASSWORD");
    unsetenv("RESTIC_FROM_PASSWORD");
  }
  std::string password(const RepositoryChoice& choice) {
    return std::string(repository_password(context, choice, [] {}).password.text());
  }
  std::string file_with(const std::string& content) {
    const std::string path = testing::TempDir() + "password_file." + std::to_string(::getpid());
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  std::string said;
  Console console{[](std::string_view) {}, [this](std::string_view text) { said += text; }, {}};
  Context context{Identity::medsave, console, {}};
};

TEST_F(Passwords, ComeFromACommandFirst) {
  setenv("MEDSAVE_PASSWORD", "variable", 1);
  EXPECT_EQ(password({.password_command = "echo 'two words'"}), "two words");
}

TEST_F(Passwords, ComeFromAFileTrimmed) {
  EXPECT_EQ(password({.password_file = file_with("secret\n")}), "secret");
}

/// As PowerShell's Out-File writes it.
std::string utf16(const std::u16string& text, bool big = false) {
  std::string out = big ? "\xfe\xff" : "\xff\xfe";
  for (const char16_t unit : text) {
    const char low = static_cast<char>(unit & 0xff);
    const char high = static_cast<char>(unit >> 8);
    out += big ? high : low;
    out += big ? low : high;
  }
  return out;
}

TEST_F(Passwords, AreTextWhateverTheEncodingOfTheFile) {
  const std::string wanted = "mot de passe \xc3\xa9";
  for (const std::string& content :
       {utf16(u"mot de passe \u00e9\r\n"), utf16(u"mot de passe \u00e9", true),
        "\xef\xbb\xbf" + wanted + "\n", "\xc2\xa0" + wanted + "\xe2\x80\x83\n"}) {
    EXPECT_EQ(password({.password_file = file_with(content)}), wanted);
  }
}

TEST_F(Passwords, KeepTheBytesForKeysThatWereMadeOfThem) {
  const std::string content = utf16(u"word\r\n");
  const PasswordAnswer answer =
      repository_password(context, {.password_file = file_with(content)}, [] {});
  ASSERT_TRUE(answer.undecoded);
  EXPECT_EQ(answer.undecoded->text(), content);
  EXPECT_FALSE(repository_password(context, {.password_file = file_with(" word\r\n")}, [] {
               }).undecoded.has_value());
}

TEST_F(Passwords, ThatAreBytesLikeUtf16StayAsTheyAre) {
  EXPECT_EQ(password({.password_file = file_with("\xff\xfe"
                                                 "abc")}),
            "\xff\xfe"
            "abc");
}

TEST_F(Passwords, ThatNobodyCanTypeAreNotTakenForANewKey) {
  using namespace std::string_literals;
  for (const std::string& content : {"w\0o\0r\0d\0"s, "caf\xe9"s,
                                     "\xff\xfe"
                                     "abc"s,
                                     utf16(u"a\0b"s)}) {
    EXPECT_THROW(new_password(context, file_with(content), false), Error);
    EXPECT_THROW(first_password(context, {.password_file = file_with(content)}), Error);
  }
  EXPECT_EQ(new_password(context, file_with(utf16(u"word\r\n")), false).text(), "word");
}

TEST_F(Passwords, ThatLookMangledAreWarnedOf) {
  for (const std::string content : {"a\xef\xbf\xbd",
                                    "a\xef\xbb\xbf"
                                    "b",
                                    "a\tb", "a\xc2\x80"}) {
    said.clear();
    EXPECT_EQ(new_password(context, file_with(content), false).text(), content);
    EXPECT_NE(said.find("cannot be typed"), std::string::npos) << content;
  }
  said.clear();
  new_password(context, file_with("\xc3\xa9t\xc3\xa9 2026 \xf0\x9f\x98\x80"), false);
  EXPECT_EQ(said.find("cannot be typed"), std::string::npos) << said;
}

TEST_F(Passwords, ComeFromTheEnvironmentUntrimmed) {
  setenv("RESTIC_PASSWORD", " theirs ", 1);
  EXPECT_EQ(password({}), " theirs ");
}

TEST_F(Passwords, PreferMedsavesVariable) {
  setenv("RESTIC_PASSWORD", "theirs", 1);
  setenv("MEDSAVE_PASSWORD", "ours", 1);
  EXPECT_EQ(password({}), "ours");
}

TEST_F(Passwords, LeaveNothingInTheEnvironment) {
  setenv("RESTIC_PASSWORD", "theirs", 1);
  setenv("MEDSAVE_PASSWORD", "ours", 1);
  password({.password_file = file_with("x")});
  EXPECT_EQ(std::getenv("RESTIC_PASSWORD"), nullptr);
  EXPECT_EQ(std::getenv("MEDSAVE_PASSWORD"), nullptr);
}

TEST_F(Passwords, OfAnotherRepositoryHaveTheirOwnVariable) {
  setenv("RESTIC_PASSWORD", "main", 1);
  setenv("RESTIC_FROM_PASSWORD", "other", 1);
  EXPECT_EQ(password({.environment_prefix = "FROM_"}), "other");
}

TEST_F(Passwords, MustNotBeEmptyByAccident) {
  EXPECT_THROW(password({.password_file = file_with(" \n")}), Error);
  EXPECT_EQ(password({.no_password = true}), "");
  EXPECT_THROW(password({.password_file = file_with("x"), .no_password = true}), Error);
}

TEST_F(Passwords, OfAFailedCommandAreRefused) {
  EXPECT_THROW(password({.password_command = "false"}), Error);
}

}  // namespace
}  // namespace medsave::cli
