#include "medsave/query/stats.hpp"

#include "query_test.hpp"
#include "support/matchers.hpp"

namespace medsave {
namespace {

using test::RepoBuilder;
using test::throws_errc;

class StatsTest : public test::QueryTest {
 protected:
  SnapshotStats stats(StatsMode mode, const std::vector<Id>& roots) {
    return collect_stats(reader(), mode, roots, {});
  }
  Node linked(const std::string& name, const std::string& content) {
    Node node = builder.file(name, {content});
    node.links = 2;
    node.inode = 17;
    node.device_id = 3;
    return node;
  }
};

TEST_F(StatsTest, ModesAreNamedAsInRestic) {
  for (const char* name : {"restore-size", "files-by-contents", "blobs-per-file", "raw-data"}) {
    const auto mode = parse_stats_mode(name);
    ASSERT_TRUE(mode.has_value());
    EXPECT_EQ(stats_mode_name(*mode), name);
  }
  EXPECT_FALSE(parse_stats_mode("debug").has_value());
}

TEST_F(StatsTest, RestoreSizeCountsEverySnapshotAndAllNodes) {
  const Node shared = builder.dir("d", {builder.file("f", {"1234"})});
  const Id first = builder.tree({shared, builder.file("g", {"123"})});
  const Id second = builder.tree({shared, RepoBuilder::symlink("l", "x")});
  const SnapshotStats both = stats(StatsMode::restore_size, {first, second});
  EXPECT_EQ(both.snapshots, 2U);
  EXPECT_EQ(both.files, 6U);
  EXPECT_EQ(both.folders, 2U);
  EXPECT_EQ(both.size, 4U + 3 + 4);
}

TEST_F(StatsTest, RestoreSizeCountsHardLinksOncePerSnapshot) {
  const Node folder = builder.dir("d", {linked("a", "12345"), linked("b", "12345")});
  const Id first = builder.tree({folder, linked("c", "12345")});
  const Id second = builder.tree({folder});
  EXPECT_EQ(stats(StatsMode::restore_size, {first}).size, 5U);
  EXPECT_EQ(stats(StatsMode::restore_size, {first, second}).size, 10U);
  EXPECT_EQ(stats(StatsMode::restore_size, {first, first}).files, 8U);
}

TEST_F(StatsTest, FoldersThatHoldEachOtherTwiceAreLookedAtOnce) {
  const Id root = builder.lattice(40, {linked("f", "12345")});
  for (const StatsMode mode : {StatsMode::restore_size, StatsMode::files_by_contents,
                               StatsMode::blobs_per_file, StatsMode::raw_data}) {
    EXPECT_GT(stats(mode, {root}).size, 0U);
  }
  EXPECT_EQ(stats(StatsMode::restore_size, {root, root}).size, 10U);
  EXPECT_EQ(stats(StatsMode::restore_size, {root}).files, 3 * (1ULL << 40U) - 2);
}

TEST_F(StatsTest, FilesByContentsCountsAllWithoutContentAsOne) {
  const Id root = builder.tree({builder.file("a", {"12", "34"}), builder.file("b", {"12", "34"}),
                                builder.file("c", {"34", "12"}), builder.file("empty", {}),
                                builder.dir("d", Tree{})});
  const SnapshotStats result = stats(StatsMode::files_by_contents, {root, root});
  EXPECT_EQ(result.files, 3U);
  EXPECT_EQ(result.size, 8U);
}

TEST_F(StatsTest, BlobsPerFileCountsWhatStatesOfAFileShareOnce) {
  const Id first = builder.tree({builder.file("a", {"same", "1"})});
  const Id second = builder.tree({builder.file("a", {"same", "22"})});
  const Id third = builder.tree({builder.file("b", {"same", "333"})});
  const SnapshotStats result = stats(StatsMode::blobs_per_file, {first, second, third});
  EXPECT_EQ(result.files, 2U);
  EXPECT_EQ(result.blobs, 3U + 2);
  EXPECT_EQ(result.size, 4U + 1 + 2 + 4 + 3);
}

TEST_F(StatsTest, RawDataCountsEveryBlobOnceAsStored) {
  const std::string text(10'000, 'a');
  const Id root = builder.tree({builder.file("a", {text}), builder.file("b", {text})});
  const SnapshotStats result = stats(StatsMode::raw_data, {root, root});
  EXPECT_EQ(result.blobs, 2U);
  EXPECT_LT(result.size, text.size());
  EXPECT_GT(result.uncompressed_size, text.size());
  EXPECT_GT(result.compression_ratio(), 2);
  EXPECT_DOUBLE_EQ(result.compression_progress(), 100);
  EXPECT_GT(result.compression_space_saving(), 50);
}

TEST_F(StatsTest, WhatIsMissingIsAnErrorSinceTheSumWouldBeWrong) {
  const Id missing = *Id::parse(std::string(64, '7'));
  Node file = builder.file("f", {"1"});
  file.content.push_back(missing);
  const Id without_blob = builder.tree({file});
  const Id without_tree = builder.tree({RepoBuilder::dir("d", missing)});
  EXPECT_THAT([&] { stats(StatsMode::raw_data, {without_blob}); }, throws_errc(Errc::not_found));
  EXPECT_THAT([&] { stats(StatsMode::blobs_per_file, {without_blob}); },
              throws_errc(Errc::not_found));
  EXPECT_THAT([&] { stats(StatsMode::restore_size, {without_tree}); },
              throws_errc(Errc::not_found));
}

}  // namespace
}  // namespace medsave
