#include "name_claims.hpp"

#include "support/matchers.hpp"
#include "support/temp_dir.hpp"
#include "target_entry.hpp"

#include "medsave/sys/metadata.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

namespace medsave {
namespace {

using test::TempDir;
using test::throws_errc;

class NameClaimsTest : public ::testing::Test {
 protected:
  FileKey make(const std::string& name) {
    return fstat_fd(create_file_at(dir_.get(), name, 0600).get()).key();
  }

  TempDir temp_;
  UniqueDir dir_ = open_dir_at(kCurrentDirectory, temp_.path());
  NameClaims claims_;
  const std::set<FileKey> nothing_kept_;
  const Clearing everything_ = {.full_folders = true, .kept = nothing_kept_};
};

TEST_F(NameClaimsTest, TwoNamesForOneEntryThatIsListedOnceAreRefused) {
  const FileKey key = make("A.txt");
  claims_.claim(dir_.get(), "A.txt", key);
  claims_.claim(dir_.get(), "A.txt", key);
  EXPECT_THAT([&] { claims_.claim(dir_.get(), "a.txt", key); }, throws_errc(Errc::exists));
  EXPECT_THAT([&] { claims_.claim(dir_.get(), "other form", key); }, throws_errc(Errc::exists));
}

TEST_F(NameClaimsTest, WithoutInodeNumbersTheCaseOfLettersDecides) {
  claims_.claim(dir_.get(), "\u00c9t\u00e9", make("\u00c9t\u00e9"));
  EXPECT_THAT([&] { claims_.claim(dir_.get(), "\u00e9t\u00e9", {.device = 1, .inode = 2}); },
              throws_errc(Errc::exists));
}

TEST_F(NameClaimsTest, HardLinksAndNamesThatDifferInCaseAreFineWhereBothAreListed) {
  const FileKey key = make("A");
  ASSERT_TRUE(make_link_at(dir_.get(), "A", dir_.get(), "b"));
  claims_.claim(dir_.get(), "A", key);
  claims_.claim(dir_.get(), "b", key);
  claims_.claim(dir_.get(), "a", make("a"));
  const FileKey later = make("B");  // after the folder was listed
  claims_.claim(dir_.get(), "B", later);
}

TEST_F(NameClaimsTest, ANumberThatIsGivenAgainIsNotTheSameEntry) {
  const FileKey key = make("gone");
  claims_.claim(dir_.get(), "gone", key);
  remove_file_at(dir_.get(), "gone");
  claims_.claim(dir_.get(), "new", key);
}

TEST_F(NameClaimsTest, TheWayIsClearedOfWhatWasSeenOnly) {
  make("file");
  const SeenEntry seen = seen_entry(*lstat_at(dir_.get(), "file"));
  make("other");
  EXPECT_THAT([&] { clear_way(dir_.get(), "other", seen, everything_); },
              throws_errc(Errc::exists));
  EXPECT_THAT([&] { clear_way(dir_.get(), "other", std::nullopt, everything_); },
              throws_errc(Errc::exists));
  clear_way(dir_.get(), "file", seen, {.full_folders = false, .kept = nothing_kept_});
  EXPECT_FALSE(lstat_at(dir_.get(), "file"));
  EXPECT_TRUE(lstat_at(dir_.get(), "other"));
}

TEST_F(NameClaimsTest, WhatIsKeptIsNeverInTheWay) {
  std::filesystem::create_directory(temp_.path() + "/repo");
  const SeenEntry seen = seen_entry(*lstat_at(dir_.get(), "repo"));
  const std::set<FileKey> kept = {seen.key};
  EXPECT_THAT([&] { clear_way(dir_.get(), "repo", seen, {.full_folders = true, .kept = kept}); },
              throws_errc(Errc::exists));
  EXPECT_TRUE(lstat_at(dir_.get(), "repo"));
}

}  // namespace
}  // namespace medsave
