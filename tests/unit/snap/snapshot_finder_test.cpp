#include "medsave/snap/snapshot_finder.hpp"

#include "support/matchers.hpp"
#include "support/repo_builder.hpp"
#include "support/time_and_chance.hpp"

#include "medsave/repo/index_load.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

using test::SetClock;
using test::throws_errc;

SnapshotEntry entry(const std::string& first_digits, std::int64_t time,
                    const std::string& host = "pc") {
  SnapshotEntry entry;
  entry.id = *Id::parse(first_digits + std::string(64 - first_digits.size(), '0'));
  entry.snapshot.time.instant.seconds = time;
  entry.snapshot.hostname = host;
  entry.snapshot.paths = {"/srv", "/home"};
  return entry;
}

TEST(SnapshotFinder, LoadsOldestFirst) {
  MemBackend store;
  test::RepoBuilder builder(store);
  const Id tree = builder.tree({});
  const Id first = builder.snapshot(tree, "a");
  const Id second = builder.snapshot(tree, "b");
  const auto snapshots = load_snapshots(builder.repository(), {});
  ASSERT_EQ(snapshots.size(), 2U);
  EXPECT_EQ(snapshots[0].id, first);
  EXPECT_EQ(snapshots[1].id, second);
  EXPECT_EQ(snapshots[1].snapshot.hostname, "b");
}

TEST(SnapshotFinder, AnUnreadableSnapshotIsReportedAndTheOthersAreLoaded) {
  MemBackend store;
  test::RepoBuilder builder(store);
  const Id tree = builder.tree({});
  const Id bad = builder.snapshot(tree);
  const Id good = builder.snapshot(tree);
  test::damage(store, {.kind = FileKind::snapshot, .id = bad},
               [](Buffer& content) { content.data()[20] ^= std::byte{1}; });

  EXPECT_THAT([&] { load_snapshots(builder.repository(), {}); }, throws_errc(Errc::corrupt));
  std::vector<std::string> problems;
  const auto snapshots = load_snapshots(builder.repository(), {},
                                        [&](const std::string& text) { problems.push_back(text); });
  ASSERT_EQ(snapshots.size(), 1U);
  EXPECT_EQ(snapshots[0].id, good);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].find(bad.short_hex()), std::string::npos) << problems[0];
  load_readable_snapshots(builder.repository(), {}, [&](const Id& id, const Error& error) {
    EXPECT_EQ(id, bad);
    EXPECT_EQ(error.code(), Errc::corrupt);
  });
  EXPECT_TRUE(why_damaged(builder.repository(), bad));
  EXPECT_FALSE(why_damaged(builder.repository(), good));
  store.remove({.kind = FileKind::snapshot, .id = good});
  EXPECT_THAT([&] { why_damaged(builder.repository(), good); }, throws_errc(Errc::not_found));
  EXPECT_NE(advice_on_damaged_snapshots({bad}).find("medsave forget " + bad.short_hex()),
            std::string::npos);
}

TEST(SnapshotFinder, FilterWantsAnyHostAnyTagListAndAllPaths) {
  Snapshot snapshot;
  snapshot.hostname = "pc";
  snapshot.tags = {"daily", "full"};
  snapshot.paths = {"/srv", "/home"};
  EXPECT_TRUE(SnapshotFilter{}.matches(snapshot));
  EXPECT_TRUE((SnapshotFilter{.hosts = {"x", "pc"}}).matches(snapshot));
  EXPECT_FALSE((SnapshotFilter{.hosts = {"x"}}).matches(snapshot));
  EXPECT_TRUE((SnapshotFilter{.tags = {{"x"}, {"full", "daily"}}}).matches(snapshot));
  EXPECT_FALSE((SnapshotFilter{.tags = {{"full", "x"}}}).matches(snapshot));
  EXPECT_FALSE((SnapshotFilter{.tags = {{}}}).matches(snapshot));
  EXPECT_TRUE((SnapshotFilter{.tags = {{}}}).matches(Snapshot{}));
  EXPECT_TRUE((SnapshotFilter{.paths = {"/home", "/srv"}}).matches(snapshot));
  EXPECT_FALSE((SnapshotFilter{.paths = {"/home", "/opt"}}).matches(snapshot));
}

TEST(SnapshotFinder, TagListsAreSplitAndTrimmed) {
  EXPECT_EQ(parse_tag_list("a, b,,c "), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(parse_tag_list("").empty());
}

TEST(SnapshotFinder, SpecHasASubfolderBehindTheFirstColon) {
  EXPECT_EQ(parse_snapshot_spec("latest").subfolder, "");
  const SnapshotSpec spec = parse_snapshot_spec("1f2e:/srv/a:b");
  EXPECT_EQ(spec.id, "1f2e");
  EXPECT_EQ(spec.subfolder, "/srv/a:b");
}

TEST(SnapshotFinder, LatestIsTheNewestThatFits) {
  const std::vector<SnapshotEntry> all = {entry("aa", 1), entry("ab", 2, "other"), entry("ac", 3)};
  EXPECT_EQ(find_snapshot(all, "latest", {}).id, all[2].id);
  EXPECT_EQ(find_snapshot(all, "latest", {.hosts = {"other"}}).id, all[1].id);
  EXPECT_THAT([&] { find_snapshot(all, "latest", {.hosts = {"none"}}); },
              throws_errc(Errc::not_found));
  EXPECT_THAT([&] { find_snapshot({}, "latest", {}); }, throws_errc(Errc::not_found));
}

TEST(SnapshotFinder, LatestIsNotInTheFutureWhereThereIsAnother) {
  constexpr std::int64_t kNow = 1'700'000'000;
  const SetClock clock(kNow);
  const std::vector<SnapshotEntry> all = {entry("aa", kNow - 10), entry("ab", kNow + 1800),
                                          entry("ac", kNow + 86400, "other"),
                                          entry("ad", kNow + 90000, "other")};
  std::vector<std::string> notices;
  const NoticeSink notice = [&](const std::string& text) { notices.push_back(text); };
  EXPECT_EQ(find_snapshot(all, "latest", {}, notice, clock).id, all[1].id);
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_NE(notices[0].find(all[3].id.short_hex()), std::string::npos);
  EXPECT_EQ(find_snapshot(all, "latest", {.hosts = {"other"}}, notice, clock).id, all[3].id);
  EXPECT_EQ(notices.size(), 2U);
  EXPECT_EQ(find_snapshot({all[0], all[1]}, "latest", {}, notice, clock).id, all[1].id);
  EXPECT_EQ(find_snapshot(all, "ad", {}, notice, clock).id, all[3].id);
  EXPECT_EQ(notices.size(), 2U);
}

TEST(SnapshotFinder, PrefixMustNameOneSnapshot) {
  const std::vector<SnapshotEntry> all = {entry("aa1", 1), entry("aa2", 2), entry("b", 3)};
  EXPECT_EQ(find_snapshot(all, "b", {}).id, all[2].id);
  EXPECT_EQ(find_snapshot(all, all[0].id.hex(), {}).id, all[0].id);
  EXPECT_THAT([&] { find_snapshot(all, "aa", {}); }, throws_errc(Errc::usage));
  EXPECT_THAT([&] { find_snapshot(all, "", {}); }, throws_errc(Errc::usage));
  try {
    find_snapshot(all, "f", {});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Errc::not_found);
    EXPECT_NE(std::string(e.what()).find(all[2].id.short_hex()), std::string::npos) << e.what();
  }
}

TEST(SnapshotFinder, GroupsBySortedPathsAndHost) {
  std::vector<SnapshotEntry> all = {entry("a", 1, "z"), entry("b", 2, "y"), entry("c", 3, "z")};
  std::swap(all[2].snapshot.paths[0], all[2].snapshot.paths[1]);
  const auto groups = group_snapshots(all, parse_group_by("host,paths"));
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].hostname, "y");
  EXPECT_EQ(groups[1].snapshots.size(), 2U);
  EXPECT_EQ(groups[1].snapshots[0].id, all[0].id);
  EXPECT_EQ(group_snapshots(all, parse_group_by("")).size(), 1U);
  EXPECT_THAT([] { parse_group_by("host,user"); }, throws_errc(Errc::usage));
}

TEST(SnapshotFinder, FindsSubfoldersAndNamesWhatIsMissing) {
  MemBackend store;
  test::RepoBuilder builder(store);
  const Id inner = builder.tree({builder.file("f", {"x"})});
  const Id middle = builder.tree({builder.dir("b", inner)});
  const Id root = builder.tree({builder.dir("a", middle), builder.file("f", {"x"})});
  builder.snapshot(root);
  const auto index = load_index(builder.repository(), {});
  const BlobReader reader(builder.repository(), *index);
  EXPECT_EQ(find_subtree(reader, root, ""), root);
  EXPECT_EQ(find_subtree(reader, root, "/"), root);
  EXPECT_EQ(find_subtree(reader, root, "a/b"), inner);
  EXPECT_EQ(find_subtree(reader, root, "/a//b/."), inner);
  EXPECT_THAT([&] { find_subtree(reader, root, "a/c/d"); }, throws_errc(Errc::not_found));
  EXPECT_THAT([&] { find_subtree(reader, root, "f"); }, throws_errc(Errc::not_found));
}

}  // namespace
}  // namespace medsave
