#include "maintain_setup.hpp"
#include "unit/repo/stores.hpp"

#include "medsave/maintain/migration.hpp"
#include "medsave/maintain/recovery.hpp"

namespace medsave {
namespace {

using test::Files;
using test::RepoBuilder;

RecoverReport recover(const Repository& repository, bool dry_run = false) {
  Progress progress;
  return recover_trees(repository, {.dry_run = dry_run, .program_version = "medsave test"}, {},
                       progress, {});
}

TEST(Recover, FindsTheRootsThatNothingLeadsTo) {
  MemBackend store;
  RepoBuilder builder(store);
  const Id kept = builder.snapshot(builder.tree({builder.file("kept", {"k"})}));
  std::vector<Id> roots;
  for (int i = 0; i < 5; ++i) {
    const std::string name = "f" + std::to_string(i);
    roots.push_back(builder.tree({builder.dir("d", Tree{builder.file(name, {name})})}));
    store.remove({.kind = FileKind::snapshot, .id = builder.snapshot(roots.back())});
  }
  const auto repository = test::open(store);
  EXPECT_EQ(recover(*repository, true).roots, 5U);
  EXPECT_EQ(test::snapshots_of(*repository).size(), 1U);
  const RecoverReport report = recover(*repository);
  EXPECT_EQ(report.roots, 5U);
  ASSERT_TRUE(report.snapshot);
  for (const SnapshotEntry& entry : test::snapshots_of(*repository)) {
    if (entry.id == kept) continue;
    EXPECT_EQ(entry.snapshot.paths, std::vector<std::string>{"/recover"});
    const Files files = test::read_files(*repository, entry.snapshot.tree);
    for (int i = 0; i < 5; ++i) {
      const std::string name = "f" + std::to_string(i);
      EXPECT_EQ(files.at("/" + roots[static_cast<std::size_t>(i)].short_hex() + "/d/" + name),
                name);
    }
  }
  EXPECT_EQ(recover(*repository).roots, 0U);
}

TEST(Recover, CountsTheFilesThatAnInterruptedBackupLeftIncomplete) {
  MemBackend store;
  RepoBuilder builder(store);
  Node cut = builder.file("cut", {"whole"});
  cut.content.push_back(Id{});  // was never stored
  const Id shared = builder.tree({cut, builder.file("whole", {"whole"})});
  Node folder = builder.dir("d", Tree{builder.file("x", {"x"})});
  folder.subtree = shared;
  builder.snapshot(builder.tree({builder.file("kept", {"k"}), cut}));  // a snapshot's own damage
  const Id root = builder.tree({folder});
  store.remove({.kind = FileKind::snapshot, .id = builder.snapshot(root)});
  const RecoverReport report = recover(*test::open(store));
  EXPECT_TRUE(report.snapshot);
  EXPECT_EQ(report.incomplete_files, 1U);
}

TEST(Recover, CountsWhatCannotBeReadNow) {
  for (const Errc code : {Errc::io, Errc::corrupt}) {
    MemBackend store;
    RepoBuilder builder(store);
    const Id root = builder.tree({builder.file("f", {"f"})});
    store.remove({.kind = FileKind::snapshot, .id = builder.snapshot(root)});
    const auto index = load_index(builder.repository(), {});
    const Id pack = index->find({.kind = BlobKind::tree, .id = root})->pack;
    const auto repository = RepoBuilder::open(
        std::make_unique<test::Connection>(store, [&](test::Call call, const FileRef& file) {
          if (call == test::Call::load_range && file.id == pack) throw Error(code, "injected");
        }));
    const RecoverReport report = recover(*repository);
    EXPECT_EQ(report.roots, 0U);
    EXPECT_EQ(report.unread_trees, code == Errc::io ? 1U : 0U);
  }
}

TEST(Recover, ShowsAFolderWithAnEntryOfUnknownType) {
  MemBackend store;
  RepoBuilder builder(store);
  const Id root = builder.raw_tree(R"({"nodes":[{"name":"odd","type":"door"}]})");
  store.remove({.kind = FileKind::snapshot, .id = builder.snapshot(root)});
  const RecoverReport report = recover(*test::open(store));
  EXPECT_EQ(report.roots, 1U);
  EXPECT_EQ(report.unread_trees, 0U);
}

TEST(Migrate, RaisesTheVersion) {
  MemBackend store;
  RepoBuilder builder(store, 1);
  const Id tree = builder.tree({builder.file("f", {"content"})});
  builder.snapshot(tree);
  ASSERT_EQ(possible_migrations(builder.repository()).size(), 1U);
  Buffer kept;
  upgrade_to_version_2(builder.repository(), [&](ByteView old) { kept.append(old); });
  EXPECT_FALSE(kept.empty());
  const auto repository = test::open(store);
  EXPECT_EQ(repository->config().version, 2U);
  EXPECT_EQ(repository->config().id, builder.repository().config().id);
  EXPECT_EQ(test::read_files(*repository, tree), (Files{{"/f", "content"}}));
  EXPECT_TRUE(possible_migrations(*repository).empty());
  EXPECT_THAT([&] { upgrade_to_version_2(*repository, [](ByteView) {}); },
              test::throws_errc(Errc::usage));
}

TEST(Migrate, AfterAnyFailureThereIsAConfig) {
  MemBackend store;
  const RepoBuilder builder(store, 1);
  test::sweep_faults(
      store, test::Failure::once,
      [](const Repository& repository) { upgrade_to_version_2(repository, [](ByteView) {}); },
      [](MemBackend& left) {
        const std::uint32_t version = test::open(left)->config().version;
        EXPECT_TRUE(version == 1 || version == 2);
      });
}

}  // namespace
}  // namespace medsave
