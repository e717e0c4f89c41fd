#include "parent_matcher.hpp"

#include "medsave/archive/archiver.hpp"
#include "medsave/archive/parent_choice.hpp"
#include "medsave/base/clock.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace medsave {
namespace {

SnapshotEntry snapshot(std::int64_t time, std::vector<std::string> paths,
                       const std::string& host = "host", std::vector<std::string> tags = {}) {
  SnapshotEntry entry;
  entry.id.bytes()[0] = static_cast<std::byte>(time);
  entry.snapshot.time.instant.seconds = time;
  entry.snapshot.paths = std::move(paths);
  entry.snapshot.hostname = host;
  entry.snapshot.tags = std::move(tags);
  return entry;
}

/// Time of the chosen one, -1 for none.
std::int64_t chosen(const std::vector<SnapshotEntry>& all, const SnapshotEntry& wanted,
                    const GroupBy& group_by = {}) {
  const SnapshotEntry* parent = choose_parent(all, wanted.snapshot, group_by);
  return parent == nullptr ? -1 : parent->snapshot.time.instant.seconds;
}

TEST(ChooseParent, TakesTheNewestThatIsNotInTheFuture) {
  const std::vector<SnapshotEntry> all = {snapshot(3, {"/a"}), snapshot(1, {"/a"}),
                                          snapshot(9, {"/a"})};
  EXPECT_EQ(chosen(all, snapshot(5, {"/a"})), 3);
  EXPECT_EQ(chosen(all, snapshot(9, {"/a"})), 9);
  EXPECT_EQ(chosen(all, snapshot(0, {"/a"})), -1);
}

TEST(ChooseParent, AcceptsMorePathsButNotFewer) {
  const std::vector<SnapshotEntry> all = {snapshot(1, {"/a", "/b"}), snapshot(2, {"/a"})};
  EXPECT_EQ(chosen(all, snapshot(5, {"/b"})), 1);
  EXPECT_EQ(chosen(all, snapshot(5, {"/b", "/a"})), 1);
  EXPECT_EQ(chosen(all, snapshot(5, {"/c"})), -1);
}

TEST(ChooseParent, LooksAtWhatSnapshotsAreGroupedBy) {
  const std::vector<SnapshotEntry> all = {snapshot(1, {"/a"}, "host", {"x", "y"}),
                                          snapshot(2, {"/b"}, "other")};
  const SnapshotEntry wanted = snapshot(5, {"/a"}, "host", {"x"});
  EXPECT_EQ(chosen(all, wanted), 1);
  EXPECT_EQ(chosen(all, wanted, {.host = false, .paths = false, .tags = false}), 2);
  EXPECT_EQ(chosen(all, wanted, {.host = true, .paths = true, .tags = true}), 1);
  const SnapshotEntry tagged = snapshot(5, {"/a"}, "host", {"x", "z"});
  EXPECT_EQ(chosen(all, tagged, {.host = true, .paths = true, .tags = true}), -1);
}

TEST(FindInFuture, TakesWhatWasMadeLastByTheParents) {
  const std::int64_t now = system_clock().now().seconds;
  std::vector<SnapshotEntry> all = {snapshot(now - 90'000, {"/a"}), snapshot(now - 80'000, {"/a"}),
                                    snapshot(now - 70'000, {"/a"}), snapshot(now + 90'000, {"/a"}),
                                    snapshot(now + 99'000, {"/b"})};
  for (std::size_t i = 0; i < all.size(); ++i) all[i].id.bytes()[1] = static_cast<std::byte>(i);
  const Snapshot wanted = snapshot(now, {"/a"}).snapshot;
  FutureCandidates found = find_in_future(all, wanted, {}, system_clock().now());
  EXPECT_EQ(found.newest, &all[3]);
  EXPECT_EQ(found.last_made, &all[3])
      << "although there is one from before that is not in the future";
  all[2].snapshot.parent = all[3].id;
  EXPECT_EQ(find_in_future(all, wanted, {}, system_clock().now()).last_made, &all[2]);
  all[0].snapshot.parent = all[2].id;  // the clock fell back once more
  found = find_in_future(all, wanted, {}, system_clock().now());
  EXPECT_EQ(found.newest, &all[3]);
  EXPECT_EQ(found.last_made, &all[0]);
  all.resize(3);
  EXPECT_EQ(find_in_future(all, wanted, {}, system_clock().now()).newest, nullptr);
}

class UnchangedFile : public ::testing::Test {
 protected:
  UnchangedFile() {
    info_.mode = 0100644;
    info_.size = 5;
    info_.inode = 7;
    info_.mtime = {.seconds = 100, .nanoseconds = 1};
    info_.ctime = {.seconds = 200, .nanoseconds = 2};
    node_.size = info_.size;
    node_.inode = info_.inode;
    node_.mtime = info_.mtime;
    node_.ctime = info_.ctime;
    node_.content_is_null = false;
    node_.content.resize(1);
  }
  /// By the default rules, with ctime ignored, with the inode ignored.
  [[nodiscard]] std::string verdicts() const {
    std::string text;
    for (const ChangeRules& rules :
         {ChangeRules{}, ChangeRules{.ignore_ctime = true}, ChangeRules{.ignore_inode = true}}) {
      text += is_unchanged(info_, node_, rules) ? 'y' : 'n';
    }
    return text;
  }

  FileInfo info_;
  Node node_;
};

TEST_F(UnchangedFile, HasTheSameSizeTimesAndInode) { EXPECT_EQ(verdicts(), "yyy"); }

TEST_F(UnchangedFile, DiffersByItsSize) {
  info_.size = 6;
  EXPECT_EQ(verdicts(), "nnn");
}

TEST_F(UnchangedFile, DiffersByANanosecondOfMtime) {
  info_.mtime.nanoseconds = 2;
  EXPECT_EQ(verdicts(), "nnn");
}

TEST_F(UnchangedFile, DiffersByCtimeUnlessThatIsIgnored) {
  info_.ctime.seconds = 201;
  EXPECT_EQ(verdicts(), "nyy");
}

TEST_F(UnchangedFile, DiffersByTheInodeUnlessThatIsIgnored) {
  info_.inode = 8;
  EXPECT_EQ(verdicts(), "nny");
}

class FreshFile : public UnchangedFile {
 protected:
  /// Whether the file counts as unchanged when the parent's backup began at `begun`.
  [[nodiscard]] bool is_kept(std::int64_t begun, ChangeRules rules = {}) const {
    rules.read_since = Timestamp{.seconds = begun};
    return is_unchanged(info_, node_, rules);
  }
};

TEST_F(FreshFile, IsReadAgainWhenItChangedAboutWhenItWasRead) {
  EXPECT_TRUE(is_kept(300));
  EXPECT_FALSE(is_kept(200));
}

TEST_F(FreshFile, IsReadAgainThoughItsModificationTimeWasSetBack) {
  // mtime 100 was set after the content was written at 200. Whoever writes once more within the
  // same tick and sets the time back again leaves the same stamps.
  EXPECT_FALSE(is_kept(150));
}

TEST_F(FreshFile, GoesByTheModificationTimeWhereThereIsNoOther) {
  EXPECT_TRUE(is_kept(150, {.ignore_ctime = true}));
  EXPECT_FALSE(is_kept(100, {.ignore_ctime = true}));
  info_.ctime = node_.ctime = {};
  EXPECT_TRUE(is_kept(150));
  EXPECT_FALSE(is_kept(100));
}

TEST_F(FreshFile, GoesByBothTimesWhereOneIsThatOfCreation) {
  info_.ctime = node_.ctime = {.seconds = 50};
  EXPECT_TRUE(is_kept(150));
  EXPECT_FALSE(is_kept(100));
  EXPECT_FALSE(is_kept(60));  // changed while the backup ran
}

TEST_F(FreshFile, IsNotReadEveryTimeForATimeInTheFuture) {
  info_.mtime = node_.mtime = {.seconds = 4'000'000'000};
  EXPECT_TRUE(is_kept(300));
}

TEST_F(UnchangedFile, NeedsAFileWithContentInTheParent) {
  node_.content.clear();
  EXPECT_EQ(verdicts(), "nnn");
  node_.content.resize(1);
  node_.content_is_null = true;
  EXPECT_EQ(verdicts(), "nnn");
  node_.content_is_null = false;
  node_.type = NodeType::symlink;
  EXPECT_EQ(verdicts(), "nnn");
}

TEST_F(UnchangedFile, IgnoresModeAndOwner) {
  info_.mode = 0100600;
  info_.uid = 12345;
  EXPECT_EQ(verdicts(), "yyy");
}

}  // namespace
}  // namespace medsave
