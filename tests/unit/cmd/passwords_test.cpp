#include "passwords.hpp"

#include "medsave/base/error.hpp"

#include <gtest/gtest.h>

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
    const std::string path = testing::TempDir() + "password_file";
    std::ofstream(path) << content;
    return path;
  }

  Console console{[](std::string_view) {}, [](std::string_view) {}, {}};
  Context context{console, {}};
};

TEST(TrimPassword, TakesOffByteOrderMarkAndWhiteSpace) {
  EXPECT_EQ(trim_password("\xef\xbb\xbf secret word\r\n"), "secret word");
  EXPECT_EQ(trim_password(" \n"), "");
  EXPECT_EQ(trim_password("x"), "x");
}

TEST_F(Passwords, ComeFromACommandFirst) {
  setenv("MEDSAVE_PASSWORD", "variable", 1);
  EXPECT_EQ(password({.password_command = "echo 'two words'"}), "two words");
}

TEST_F(Passwords, ComeFromAFileTrimmed) {
  EXPECT_EQ(password({.password_file = file_with("secret\n")}), "secret");
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
