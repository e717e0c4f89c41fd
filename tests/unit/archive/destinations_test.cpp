#include "backup_setup.hpp"
#include "support/matchers.hpp"

#include "medsave/base/error.hpp"
#include "medsave/chunk/chunker.hpp"
#include "medsave/repo/index_load.hpp"

#include <gmock/gmock.h>

#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace medsave {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

/// One backup into two repositories with different keys that cut files at the same places.
class DestinationsTest : public test::BackupTest {
 protected:
  DestinationsTest() { make_second(2); }

  void make_second(std::uint32_t version, test::Connection::Hook hook = {}) {
    second_store_ = std::make_unique<MemBackend>();
    second_ = Repository::create(
        std::make_unique<test::Connection>(*second_store_, std::move(hook)), Secret("another"),
        {.version = version, .polynomial = repository_->polynomial(), .kdf = test::kFastKdf});
    second_index_ = load_index(*second_, {});
  }

  BackupDestination first_destination() {
    return {.repository = *repository_, .index = *index_, .snapshot = request().snapshot};
  }
  BackupDestination second_destination() {
    return {.repository = *second_, .index = *second_index_, .snapshot = request().snapshot};
  }

  BackupResult run_both(BackupRequest request, BackupDestination first, BackupDestination second) {
    Progress progress;
    return run_backup({std::move(first), std::move(second)}, std::move(request), sinks(), progress);
  }
  BackupResult run_both() { return run_both(request(), first_destination(), second_destination()); }

  /// Contents of the files of a snapshot by name, read through an index loaded anew.
  static std::map<std::string, std::string> files(const Repository& repository,
                                                  const DestinationResult& result) {
    const std::unique_ptr<Index> index = load_index(repository, {});
    const BlobReader reader(repository, *index);
    std::map<std::string, std::string> found;
    walk_tree(reader, result.snapshot.tree, "/",
              [&](const WalkedNode& walked) {
                if (walked.node->type != NodeType::file) return true;
                Buffer plain;
                for (const Id& id : walked.node->content) {
                  reader.load({.kind = BlobKind::data, .id = id}, plain);
                  found[walked.node->name] += as_text(plain.view());
                }
                return true;
              },
              {}, {});
    return found;
  }

  static SnapshotEntry entry(const DestinationResult& result) {
    return {.id = result.snapshot_id.value(), .snapshot = result.snapshot};
  }

  std::unique_ptr<MemBackend> second_store_;
  std::unique_ptr<Repository> second_;
  std::unique_ptr<Index> second_index_;
};

std::string noise(unsigned seed, std::size_t size) {
  const Buffer bytes = test::content(seed, size, false);
  return std::string(as_text(bytes.view()));
}

TEST_F(DestinationsTest, GetTheSameFromOneReading) {
  const std::map<std::string, std::string> written = {
      {"small", "text"}, {"large", noise(1, 3 * kMaxChunk)}, {"text", std::string(100'000, 'x')}};
  for (const auto& [name, content] : written) write(name, content);
  const BackupResult result = run_both();
  ASSERT_THAT(result.destinations, SizeIs(2));
  EXPECT_EQ(result.destinations[0].snapshot.tree, result.destinations[1].snapshot.tree);
  EXPECT_EQ(files(*repository_, result.destinations[0]), written);
  EXPECT_EQ(files(*second_, result.destinations[1]), written);
  const SnapshotSummary& first = *result.destinations[0].snapshot.summary;
  const SnapshotSummary& second = *result.destinations[1].snapshot.summary;
  EXPECT_EQ(first.data_blobs, second.data_blobs);
  EXPECT_EQ(first.data_added, second.data_added);
  EXPECT_LT(first.data_added_packed, first.data_added);
}

TEST_F(DestinationsTest, StoreOnlyWhatTheyLack) {
  write("old", "known to the first");
  const test::OneResult before = run();
  write("new", "known to none");
  BackupDestination first = first_destination();
  first.parent = entry(before);
  const BackupResult result = run_both(request(), std::move(first), second_destination());
  const SnapshotSummary& in_first = *result.destinations[0].snapshot.summary;
  const SnapshotSummary& in_second = *result.destinations[1].snapshot.summary;
  EXPECT_EQ(in_first.data_blobs, 1U);
  EXPECT_EQ(in_first.files_new, 1U);
  EXPECT_EQ(in_first.files_unmodified, 1U);
  EXPECT_EQ(in_second.data_blobs, 2U);
  EXPECT_EQ(in_second.files_new, 2U);
  EXPECT_EQ(result.destinations[0].snapshot.parent, before.snapshot_id);
  EXPECT_FALSE(result.destinations[1].snapshot.parent);
  EXPECT_EQ(files(*second_, result.destinations[1]).at("old"), "known to the first");
}

/// A file that was changed behind the back of change detection shows that it was not read.
TEST_F(DestinationsTest, DoNotReadWhatAllOfThemHave) {
  write("f", "old");
  age("f");
  const BackupResult before = run_both();
  write("f", "new");
  age("f");
  const auto ignoring = [this] {
    BackupRequest out = request();
    out.ignore_inode = true;
    return out;
  };
  BackupDestination first = first_destination();
  first.parent = entry(before.destinations[0]);
  const BackupResult kept = run_both(ignoring(), first, second_destination());
  EXPECT_EQ(files(*repository_, kept.destinations[0]).at("f"), "old");
  EXPECT_EQ(files(*second_, kept.destinations[1]).at("f"), "old");
  EXPECT_EQ(kept.destinations[0].snapshot.summary->files_unmodified, 1U);
  EXPECT_EQ(kept.destinations[1].snapshot.summary->files_new, 1U);

  make_second(2);  // one that lacks it
  const BackupResult read = run_both(ignoring(), first, second_destination());
  EXPECT_EQ(files(*repository_, read.destinations[0]).at("f"), "new");
  EXPECT_EQ(files(*second_, read.destinations[1]).at("f"), "new");
  EXPECT_THAT(notices_, IsEmpty());
}

TEST_F(DestinationsTest, GoOnWithoutOneThatFails) {
  for (unsigned i = 0; i < 20; ++i) write("f" + std::to_string(i), noise(i, 50'000));
  for (const FileKind kind : {FileKind::pack, FileKind::index, FileKind::snapshot}) {
    make_second(2, [kind](test::Call call, const FileRef& file) {
      if (call == test::Call::save && file.kind == kind) throw Error(Errc::io, "injected");
    });
    const BackupResult result = run_both();
    EXPECT_FALSE(result.destinations[0].failure);
    EXPECT_THAT(files(*repository_, result.destinations[0]), SizeIs(20));
    ASSERT_TRUE(result.destinations[1].failure);
    EXPECT_FALSE(result.destinations[1].snapshot_id);
    EXPECT_THAT([&] { std::rethrow_exception(result.destinations[1].failure); },
                test::throws_errc(Errc::io));
    EXPECT_THAT(second_store_->list(FileKind::snapshot), IsEmpty());
  }
}

TEST_F(DestinationsTest, GoOnWithoutOneThatIsStopped) {
  for (unsigned i = 0; i < 40; ++i) write("f" + std::to_string(i), noise(i, 20'000));
  std::stop_source stop;
  unsigned seen = 0;
  on_item_ = [&](const BackupItem&) {
    if (++seen == 20) stop.request_stop();
  };
  BackupDestination second = second_destination();
  second.stop = stop.get_token();
  const BackupResult result = run_both(request(), first_destination(), second);
  EXPECT_THAT(files(*repository_, result.destinations[0]), SizeIs(40));
  EXPECT_THROW(std::rethrow_exception(result.destinations[1].failure), Interrupted);
  EXPECT_THAT(second_store_->list(FileKind::snapshot), IsEmpty());
  EXPECT_GE(load_index(*second_, {})->blob_count(), 10U);  // what was stored till then
}

TEST_F(DestinationsTest, EndWhenNoneIsLeft) {
  write("f", "text");
  std::stop_source stop;
  on_item_ = [&](const BackupItem&) { stop.request_stop(); };
  BackupDestination first = first_destination();
  BackupDestination second = second_destination();
  first.stop = second.stop = stop.get_token();
  EXPECT_THROW(run_both(request(), first, second), Interrupted);
  EXPECT_THAT(store_.list(FileKind::snapshot), IsEmpty());
  EXPECT_THAT(second_store_->list(FileKind::snapshot), IsEmpty());
}

TEST_F(DestinationsTest, MayBeOfBothVersionsOfTheFormat) {
  write("f", std::string(100'000, 'x'));
  make_second(1);
  const BackupResult result = run_both();
  EXPECT_EQ(files(*second_, result.destinations[1]).at("f"), std::string(100'000, 'x'));
  EXPECT_GT(result.destinations[1].snapshot.summary->data_added_packed, 100'000U);
  EXPECT_LT(result.destinations[0].snapshot.summary->data_added_packed, 10'000U);
}

TEST_F(DestinationsTest, StoreADamagedListAgainOnlyWhereItIsDamaged) {
  write("d/f", "text");
  const BackupResult before = run_both();
  const std::vector<ListedFile> packs = second_store_->list(FileKind::pack);
  for (const ListedFile& pack : packs) {
    test::damage(*second_store_, {.kind = FileKind::pack, .id = pack.id});
  }
  BackupDestination first = first_destination();
  BackupDestination second = second_destination();
  first.parent = entry(before.destinations[0]);
  second.parent = entry(before.destinations[1]);
  const BackupResult result = run_both(request(), first, second);
  EXPECT_GT(result.stored_again, 0U);
  EXPECT_EQ(result.destinations[0].snapshot.summary->tree_blobs, 0U);
  EXPECT_GT(result.destinations[1].snapshot.summary->tree_blobs, 0U);
}

TEST_F(DestinationsTest, AreRefusedWhenTheyCutFilesDifferently) {
  write("f", "text");
  MemBackend store;
  const std::unique_ptr<Repository> other = test::create_in(store);
  const std::unique_ptr<Index> index = load_index(*other, {});
  const BackupDestination differs = {
      .repository = *other, .index = *index, .snapshot = request().snapshot};
  EXPECT_THAT([&] { run_both(request(), first_destination(), differs); },
              test::throws_errc(Errc::usage));
}

}  // namespace
}  // namespace medsave
