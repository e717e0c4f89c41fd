#include "maintain_setup.hpp"
#include "tree_rewriter.hpp"

#include "medsave/crypto/sha256.hpp"
#include "medsave/maintain/snapshot_rewriter.hpp"
#include "medsave/repo/index_load.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace medsave {
namespace {

using test::Files;
using test::RepoBuilder;

/// Two snapshots with "/keep", "/secret" and, in the folder "/d", the same again.
struct Sample {
  MemBackend store = {};
  RepoBuilder builder = RepoBuilder(store);
  std::vector<Id> snapshots = {};

  Sample() {
    for (int i = 0; i < 2; ++i) {
      const std::string day = std::to_string(i);
      const Tree inner = {builder.file("keep", {"inner", day}),
                          builder.file("secret", {"s" + day})};
      snapshots.push_back(builder.snapshot(builder.tree(
          {builder.dir("d", inner), builder.dir("e", Tree{}), builder.file("keep", {"outer", day}),
           builder.file("secret", {"t" + day})})));
    }
  }
  static Files everything(const std::string& day) {
    return {{"/d/", ""}, {"/d/keep", "inner" + day}, {"/d/secret", "s" + day},
            {"/e/", ""}, {"/keep", "outer" + day},   {"/secret", "t" + day}};
  }
  static Files without_secrets(const std::string& day) {
    Files files = everything(day);
    files.erase("/secret");
    files.erase("/d/secret");
    return files;
  }
};

RewriteRequest excluding(const std::string& pattern, bool forget) {
  RewriteRequest request;
  request.exclude.add(pattern, false);
  request.forget = forget;
  return request;
}

std::size_t rewrite(const Repository& repository, const RewriteRequest& request) {
  const auto index = load_index(repository, {});
  return rewrite_snapshots(repository, *index, test::snapshots_of(repository), request, {}, {});
}

TEST(Rewrite, LeavesOutWhatIsExcludedAndKeepsTheOldSnapshots) {
  Sample sample;
  const auto repository = test::open(sample.store);
  EXPECT_EQ(rewrite(*repository, excluding("secret", false)), 2U);
  const auto all = test::snapshots_of(*repository);
  ASSERT_EQ(all.size(), 4U);
  for (const SnapshotEntry& entry : all) {
    const std::string day = std::to_string(entry.snapshot.time.instant.seconds % 10);
    if (!entry.snapshot.original) {
      EXPECT_EQ(test::read_files(*repository, entry.snapshot.tree), Sample::everything(day));
      continue;
    }
    EXPECT_EQ(test::read_files(*repository, entry.snapshot.tree), Sample::without_secrets(day));
    EXPECT_EQ(entry.snapshot.tags, std::vector<std::string>{"rewrite"});
    EXPECT_EQ(*entry.snapshot.original, sample.snapshots[day == "0" ? 0 : 1]);
  }
}

TEST(Rewrite, ForgetReplacesThem) {
  Sample sample;
  const auto repository = test::open(sample.store);
  EXPECT_EQ(rewrite(*repository, excluding("secret", true)), 2U);
  const auto all = test::snapshots_of(*repository);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(test::read_files(*repository, all[0].snapshot.tree), Sample::without_secrets("0"));
  EXPECT_TRUE(all[0].snapshot.tags.empty());
  EXPECT_EQ(rewrite(*repository, excluding("secret", true)), 0U);
}

TEST(Rewrite, IncludeKeepsWhatMatchesAndTheFoldersAboveIt) {
  Sample sample;
  const auto repository = test::open(sample.store);
  RewriteRequest request;
  request.include.add("/d/secret", false);
  request.forget = true;
  EXPECT_EQ(rewrite(*repository, request), 2U);
  EXPECT_EQ(test::read_files(*repository, test::snapshots_of(*repository)[1].snapshot.tree),
            (Files{{"/d/", ""}, {"/d/secret", "s1"}}));
  RewriteRequest nothing;
  nothing.include.add("misspelt", false);
  nothing.forget = true;
  EXPECT_EQ(rewrite(*repository, nothing), 0U);
  EXPECT_EQ(test::snapshots_of(*repository).size(), 2U);
}

TEST(Rewrite, FoldersThatHoldEachOtherTwiceAreSummedUpOnce) {
  MemBackend store;
  RepoBuilder builder(store);
  builder.snapshot(builder.lattice(40, {builder.file("f", {"12345"})}));
  const auto repository = test::open(store);
  RewriteRequest request;
  request.summarize = true;
  request.forget = true;
  EXPECT_EQ(rewrite(*repository, request), 1U);
  const Snapshot snapshot = test::snapshots_of(*repository)[0].snapshot;
  EXPECT_EQ(snapshot.summary->total_files_processed, 1ULL << 40U);
}

/// A rewriter that leaves out what is called "f", and how often it did.
struct LeavesOut {
  std::size_t count = 0;
  std::unordered_map<Id, std::string> saved = {};

  RewrittenTree run(const RepoBuilder& builder, const Id& root, TreeRewriter::Memory memory,
                    const TreeRewriter::Limits& limits, const std::stop_token& stop = {}) {
    const auto index = load_index(builder.repository(), {});
    const BlobReader reader(builder.repository(), *index);
    RewriteRules rules;
    rules.judge = [this](const std::string&, const Node& node) -> std::optional<NodeEdit> {
      if (node.name != "f") return NodeEdit{};
      ++count;
      return std::nullopt;
    };
    TreeRewriter rewriter(
        reader, std::move(rules),
        [this](std::string_view json) {
          const Id id = sha256(as_bytes(json));
          saved[id] = json;
          return id;
        },
        memory, limits);
    return rewriter.run(root, stop);
  }
};

TEST(TreeRewriter, ReportsAChangedTreeAgainOnlySoOften) {
  MemBackend store;
  RepoBuilder builder(store);
  const Id small = builder.lattice(5, {builder.file("f", {"x"}), builder.file("g", {"y"})});
  const Id large = builder.lattice(40, {builder.file("f", {"x"}), builder.file("g", {"y"})});
  builder.start_packs();
  LeavesOut all;
  all.run(builder, small, TreeRewriter::Memory::by_tree, {});
  EXPECT_EQ(all.count, 32U);
  LeavesOut some;
  const RewrittenTree tree =
      some.run(builder, large, TreeRewriter::Memory::by_tree, {.visited_again = 1000});
  EXPECT_EQ(tree.files, 1ULL << 40U);
  EXPECT_LE(some.count, 1001U);
  EXPECT_EQ(some.saved.size(), 41U);
}

TEST(TreeRewriter, RemembersOnlySoMuch) {
  MemBackend store;
  RepoBuilder builder(store);
  const Id root = builder.lattice(8, {builder.file("f", {"x"}), builder.file("g", {"y"})});
  builder.start_packs();
  LeavesOut run;
  const RewrittenTree all =
      run.run(builder, root, TreeRewriter::Memory::by_path, {.remembered = 3});
  EXPECT_EQ(run.count, 256U);
  EXPECT_EQ(run.saved.size(), 9U);
  EXPECT_EQ(all.files, 256U);
}

TEST(Rewrite, DryRunSaysTheSameAndStoresNothing) {
  Sample sample;
  const auto repository = test::open(sample.store);
  const auto packs = sample.store.list(FileKind::pack).size();
  RewriteRequest request = excluding("secret", true);
  request.dry_run = true;
  EXPECT_EQ(rewrite(*repository, request), 2U);
  EXPECT_EQ(sample.store.list(FileKind::pack).size(), packs);
  EXPECT_EQ(test::snapshots_of(*repository).size(), 2U);
}

TEST(Rewrite, MetadataAndSums) {
  Sample sample;
  const auto repository = test::open(sample.store);
  RewriteRequest request;
  request.new_host = "other";
  request.new_time = Timestamp{.seconds = 1'500'000'000, .nanoseconds = 0};
  request.summarize = true;
  request.forget = true;
  EXPECT_EQ(rewrite(*repository, request), 2U);
  const Snapshot snapshot = test::snapshots_of(*repository)[0].snapshot;
  EXPECT_EQ(snapshot.hostname, "other");
  EXPECT_EQ(snapshot.time.instant.seconds, 1'500'000'000);
  ASSERT_TRUE(snapshot.summary);
  EXPECT_EQ(snapshot.summary->total_files_processed, 4U);
  EXPECT_EQ(snapshot.summary->total_bytes_processed, 16U);
}

TEST(Rewrite, WhatStaysIsStoredByteForByteAsItWas) {
  MemBackend store;
  RepoBuilder builder(store);
  // A time zone and a field that decoding would lose.
  const std::string kept =
      R"({"name":"keep","type":"file","mtime":"2024-07-15T14:00:00+05:30",)"
      R"("atime":"2024-07-15T14:00:00+05:30","ctime":"2024-07-15T14:00:00Z","uid":1,"gid":1,)"
      R"("novel":"\u00e9","content":[]})";
  std::string dropped = kept;
  dropped.replace(dropped.find("keep"), 4, "lost");
  builder.snapshot(builder.raw_tree(R"({"nodes":[)" + kept + "," + dropped + "]}\n"));
  const auto repository = test::open(store);
  EXPECT_EQ(rewrite(*repository, excluding("lost", true)), 1U);
  const auto index = load_index(*repository, {});
  Buffer json;
  BlobReader(*repository, *index)
      .load({.kind = BlobKind::tree, .id = test::snapshots_of(*repository)[0].snapshot.tree}, json);
  EXPECT_EQ(as_text(json.view()), R"({"nodes":[)" + kept + "]}\n");
}

TEST(Rewrite, AnUnreadableTreeEndsItBeforeAnythingIsChanged) {
  Sample sample;
  const Id lost = *Id::parse(std::string(64, '7'));
  sample.builder.snapshot(sample.builder.tree({RepoBuilder::dir("gone", lost)}));
  const auto repository = test::open(sample.store);
  EXPECT_THAT([&] { rewrite(*repository, excluding("secret", true)); },
              test::throws_errc(Errc::not_found));
  EXPECT_EQ(test::snapshots_of(*repository).size(), 3U);
}

TEST(Rewrite, NoFailureLosesASnapshot) {
  Sample sample;
  for (const test::Failure failure : test::kFailures) {
    test::sweep_faults(
        sample.store, failure,
        [](const Repository& repository) { rewrite(repository, excluding("secret", true)); },
        [](MemBackend& left) {
          const auto repository = test::open(left);
          std::set<std::string> days;
          for (const SnapshotEntry& entry : test::snapshots_of(*repository)) {
            const std::string day = std::to_string(entry.snapshot.time.instant.seconds % 10);
            const Files files = test::read_files(*repository, entry.snapshot.tree);
            EXPECT_EQ(files, entry.snapshot.original ? Sample::without_secrets(day)
                                                     : Sample::everything(day));
            days.insert(day);
          }
          EXPECT_EQ(days.size(), 2U);
        });
  }
}

TEST(Tags, AddRemoveSet) {
  Snapshot snapshot;
  snapshot.tags = {"a", "b"};
  EXPECT_FALSE(change_tags(snapshot, {.add = {"b"}, .remove = {"c"}}));
  EXPECT_TRUE(change_tags(snapshot, {.add = {"c"}, .remove = {"a"}}));
  EXPECT_EQ(snapshot.tags, (std::vector<std::string>{"b", "c"}));
  EXPECT_FALSE(change_tags(snapshot, {.set = std::vector<std::string>{"b", "c"}}));
  EXPECT_TRUE(change_tags(snapshot, {.set = std::vector<std::string>{}}));
  EXPECT_TRUE(snapshot.tags.empty());
}

TEST(Tags, NoFailureLosesTheSnapshot) {
  Sample sample;
  test::sweep_faults(
      sample.store, test::Failure::power_cut,
      [](const Repository& repository) {
        for (const SnapshotEntry& entry : test::snapshots_of(repository)) {
          Snapshot successor = entry.snapshot;
          change_tags(successor, {.add = {"new"}});
          replace_snapshot(repository, successor, entry.id);
        }
      },
      [](MemBackend& left) { EXPECT_GE(left.list(FileKind::snapshot).size(), 2U); });
}

}  // namespace
}  // namespace medsave
