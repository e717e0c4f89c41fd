#include "snapshot_layout.hpp"

#include "support/matchers.hpp"

#include <gmock/gmock.h>

#include <set>

namespace medsave {
namespace {

using test::throws_errc;
using testing::ElementsAre;

SnapshotEntry snapshot(unsigned char number, std::int64_t seconds, const std::string& host,
                       const std::vector<std::string>& tags = {}) {
  SnapshotEntry out;
  out.id.bytes().fill(std::byte{number});
  out.snapshot.time.instant.seconds = seconds;
  out.snapshot.tree.bytes().fill(std::byte(number + 100));
  out.snapshot.hostname = host;
  out.snapshot.username = "anna";
  out.snapshot.tags = tags;
  return out;
}

constexpr std::int64_t kYear2100 = 4'102'444'800;

LayoutPointer layout_of(const std::vector<SnapshotEntry>& snapshots, const MountNames& how,
                        const Timestamp& start, std::int64_t now = kYear2100) {
  return make_layout(snapshots, how, start, {.seconds = now});
}

std::vector<std::string> names(const LayoutPointer& root, std::string_view path) {
  std::vector<std::string> out;
  const LayoutPointer at = find_in_layout(root, path);
  if (!at) return {"(nothing)"};
  for (const auto& [name, entry] : at->children) out.push_back(name);
  return out;
}

TEST(SnapshotLayout, HasTheFoldersOfResticByDefault) {
  const auto root = layout_of({snapshot(1, 0, "a"), snapshot(2, 60, "b", {"x", "y"})}, {}, {});
  EXPECT_THAT(names(root, ""), ElementsAre("hosts", "ids", "snapshots", "tags"));
  EXPECT_THAT(names(root, "ids"), ElementsAre("01010101", "02020202"));
  EXPECT_THAT(names(root, "hosts"), ElementsAre("a", "b"));
  EXPECT_THAT(names(root, "hosts/b"), ElementsAre("1970-01-01T00:01:00Z", "latest"));
  EXPECT_THAT(names(root, "tags"), ElementsAre("x", "y"));
  EXPECT_THAT(names(root, "tags/y"), ElementsAre("1970-01-01T00:01:00Z", "latest"));
  const auto latest = find_in_layout(root, "snapshots/latest");
  ASSERT_TRUE(latest);
  EXPECT_EQ(latest->kind, LayoutEntry::Kind::link);
  EXPECT_EQ(latest->target, "1970-01-01T00:01:00Z");
  const auto second = find_in_layout(root, "snapshots/1970-01-01T00:01:00Z");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->kind, LayoutEntry::Kind::snapshot);
  EXPECT_EQ(second->tree, snapshot(2, 0, "").snapshot.tree);
  EXPECT_EQ(find_in_layout(root, "hosts/b")->time.seconds, 60);
}

TEST(SnapshotLayout, HasItsFixedFoldersWithoutSnapshotsToo) {
  const auto root = layout_of({}, {}, {.seconds = 7, .nanoseconds = 0});
  EXPECT_THAT(names(root, ""), ElementsAre("hosts", "ids", "snapshots", "tags"));
  EXPECT_EQ(find_in_layout(root, "tags")->time.seconds, 7);
}

TEST(SnapshotLayout, TellsSnapshotsOfOneSecondApart) {
  const auto root = layout_of({snapshot(1, 0, "a"), snapshot(2, 0, "a")}, {}, {});
  EXPECT_THAT(names(root, "snapshots"),
              ElementsAre("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z-1", "latest"));
  EXPECT_EQ(find_in_layout(root, "snapshots/latest")->target, "1970-01-01T00:00:00Z-1");
}

TEST(SnapshotLayout, LatestIsNotInTheFutureWhereThereIsAnother) {
  constexpr std::int64_t kYear2200 = 7'258'118'400;
  const std::vector<SnapshotEntry> snapshots = {snapshot(1, 0, "a"), snapshot(2, kYear2200, "a"),
                                                snapshot(3, kYear2200, "b")};
  const auto root = layout_of(snapshots, {}, {});
  EXPECT_EQ(find_in_layout(root, "hosts/a/latest")->target, "1970-01-01T00:00:00Z");
  EXPECT_EQ(find_in_layout(root, "hosts/b/latest")->target, "2200-01-01T00:00:00Z");
  const auto then = layout_of(snapshots, {}, {}, kYear2200);
  EXPECT_EQ(find_in_layout(then, "hosts/a/latest")->target, "2200-01-01T00:00:00Z");
}

TEST(SnapshotLayout, ExpandsEveryVariable) {
  MountNames how;
  how.path_templates = {"%u/%h-%%/%t:%i", "%I"};
  how.time_template = "2006";
  const auto root = layout_of({snapshot(1, 0, "a", {"t"}), snapshot(2, 0, "b")}, how, {});
  EXPECT_TRUE(find_in_layout(root, "anna/a-%/t:01010101"));
  EXPECT_FALSE(find_in_layout(root, "anna/b-%"));  // has no tag
  EXPECT_TRUE(find_in_layout(root, snapshot(2, 0, "").id.hex()));
}

TEST(SnapshotLayout, MakesFoldersOfSlashesInTimes) {
  MountNames how;
  how.path_templates = {"%T"};
  how.time_template = "2006/01-02";
  const auto root = layout_of({snapshot(1, 0, "a")}, how, {});
  EXPECT_TRUE(find_in_layout(root, "1970/01-01"));
  EXPECT_EQ(find_in_layout(root, "latest")->target, "1970/01-01");
}

TEST(SnapshotLayout, KeepsNamesFromLeavingTheirFolder) {
  MountNames how;
  how.path_templates = {"h/%h/%i", "t/%t/%i"};
  const auto root =
      layout_of({snapshot(1, 0, "../../x", {"..", ".", "a/b"}), snapshot(2, 0, "")}, how, {});
  EXPECT_THAT(names(root, ""), ElementsAre("h", "t"));
  EXPECT_THAT(names(root, "h"), ElementsAre(".._.._x", "_"));
  EXPECT_THAT(names(root, "t"), ElementsAre("_", "__", "a_b"));
}

TEST(SnapshotLayout, PutsNothingBelowASnapshot) {
  MountNames how;
  how.path_templates = {"%h", "%h/%i"};
  const auto root = layout_of({snapshot(1, 0, "a")}, how, {});
  EXPECT_EQ(find_in_layout(root, "a")->kind, LayoutEntry::Kind::snapshot);
  EXPECT_THAT(names(root, "a"), ElementsAre());
}

TEST(SnapshotLayout, NumbersAreTheSameEachTimeAndAllDifferent) {
  const std::vector<SnapshotEntry> snapshots = {snapshot(1, 0, "a"), snapshot(2, 60, "b", {"x"})};
  const auto first = layout_of(snapshots, {}, {});
  const auto again = layout_of({snapshots[1]}, {}, {});
  EXPECT_EQ(find_in_layout(first, "hosts/b")->inode, find_in_layout(again, "hosts/b")->inode);
  std::set<std::uint64_t> seen;
  std::size_t count = 0;
  const std::function<void(const LayoutEntry&)> visit = [&](const LayoutEntry& entry) {
    seen.insert(entry.inode);
    ++count;
    for (const auto& [name, child] : entry.children) visit(*child);
  };
  visit(*first);
  EXPECT_EQ(seen.size(), count);
}

TEST(MountNamesCheck, RefusesWhatMakesNoLayout) {
  const auto check = [](const std::string& pattern, const std::string& time) {
    MountNames how;
    how.path_templates = {pattern};
    how.time_template = time;
    return [how] { check_mount_names(how); };
  };
  EXPECT_NO_THROW(check("%T", "2006")());
  EXPECT_THAT(check("%T", ""), throws_errc(Errc::usage));
  EXPECT_THAT(check("%T", "/2006"), throws_errc(Errc::usage));
  EXPECT_THAT(check("%T", "2006/"), throws_errc(Errc::usage));
  EXPECT_THAT(check("%T", "../2006"), throws_errc(Errc::usage));
  EXPECT_THAT(check("all", "2006"), throws_errc(Errc::usage));
  EXPECT_THAT(check("%%i", "2006"), throws_errc(Errc::usage));
  EXPECT_THAT(check("../%i", "2006"), throws_errc(Errc::usage));
}

}  // namespace
}  // namespace medsave
