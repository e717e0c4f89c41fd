#include "medsave/repo/reliable_index.hpp"

#include "stores.hpp"
#include "support/matchers.hpp"
#include "support/repo_builder.hpp"

#include "medsave/backend/mem_backend.hpp"
#include "medsave/repo/index_load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace medsave {
namespace {

using test::RepoBuilder;
using testing::ElementsAre;
using testing::IsEmpty;

class ReliableIndexTest : public testing::Test {
 protected:
  ReliableIndexTest() {
    RepoBuilder builder(store_);
    lost_ = {.kind = BlobKind::data, .id = builder.file("a", {"lost"}).content.front()};
    builder.start_packs();
    kept_ = {.kind = BlobKind::data, .id = builder.file("b", {"kept"}).content.front()};
    builder.start_packs();
    const auto repository = RepoBuilder::open(RepoBuilder::forward(store_));
    pack_ = load_index(*repository, {})->find(lost_)->pack;
  }
  ReliableIndex load(test::Connection::Hook hook = {}) {
    return load_reliable_index(*test::open_in(store_, std::move(hook)), {});
  }

  MemBackend store_;
  BlobRef lost_;
  BlobRef kept_;
  Id pack_;  // of lost_
};

TEST_F(ReliableIndexTest, IsTheWholeIndexOfASoundRepository) {
  const ReliableIndex loaded = load();
  EXPECT_TRUE(loaded.index->contains(lost_));
  EXPECT_TRUE(loaded.index->contains(kept_));
  EXPECT_THAT(loaded.absent_packs, IsEmpty());
}

TEST_F(ReliableIndexTest, LeavesOutAPackThatIsMissing) {
  store_.remove({.kind = FileKind::pack, .id = pack_});
  const ReliableIndex loaded = load();
  EXPECT_FALSE(loaded.index->contains(lost_));
  EXPECT_TRUE(loaded.index->contains(kept_));
  EXPECT_THAT(loaded.absent_packs, ElementsAre(pack_));
}

TEST_F(ReliableIndexTest, LeavesOutAPackThatIsCutOff) {
  store_.overwrite({.kind = FileKind::pack, .id = pack_}, Buffer(10));
  const ReliableIndex loaded = load();
  EXPECT_FALSE(loaded.index->contains(lost_));
  EXPECT_TRUE(loaded.index->contains(kept_));
  EXPECT_THAT(loaded.absent_packs, ElementsAre(pack_));
}

TEST_F(ReliableIndexTest, ListsThePacksOnceMoreBeforeItMissesOne) {
  Buffer content;
  store_.load({.kind = FileKind::pack, .id = pack_}, ~0ULL, content);
  store_.remove({.kind = FileKind::pack, .id = pack_});
  unsigned listings = 0;
  const ReliableIndex loaded = load([&](test::Call call, const FileRef& file) {
    if (call != test::Call::list || file.kind != FileKind::pack) return;
    // Another backup stores and indexes it between the two.
    if (++listings == 2) store_.save({.kind = FileKind::pack, .id = pack_}, std::move(content));
  });
  EXPECT_EQ(listings, 2U);
  EXPECT_TRUE(loaded.index->contains(lost_));
  EXPECT_THAT(loaded.absent_packs, IsEmpty());
}

TEST_F(ReliableIndexTest, WhoeverOnlyAddsGoesOnWithoutADamagedIndex) {
  const ListedFile whole = store_.list(FileKind::index).at(0);
  for (const std::size_t length : {static_cast<std::size_t>(whole.size) / 2, std::size_t{0}}) {
    Buffer content;
    store_.load_range({.kind = FileKind::index, .id = whole.id}, 0, length, content);
    store_.overwrite({.kind = FileKind::index, .id = whole.id}, std::move(content));
    const auto repository = test::open_in(store_);
    std::vector<IndexProblem> damaged;
    const ReliableIndex loaded = load_reliable_index(*repository, {}, &damaged);
    EXPECT_NE(loaded.index->contains(lost_), loaded.index->contains(kept_));
    ASSERT_THAT(damaged, testing::SizeIs(1));
    EXPECT_EQ(damaged[0].index, whole.id);
    EXPECT_THAT([&] { load_reliable_index(*repository, {}); }, test::throws_errc(Errc::corrupt));
  }
}

TEST_F(ReliableIndexTest, WhatMayBeReadAnotherTimeIsNotStoredAgain) {
  const auto repository = test::open_in(store_, [](test::Call call, const FileRef& file) {
    if (call == test::Call::load && file.kind == FileKind::index)
      throw Error(Errc::io, "no answer");
  });
  std::vector<IndexProblem> damaged;
  EXPECT_THAT([&] { load_reliable_index(*repository, {}, &damaged); }, test::throws_errc(Errc::io));
}

TEST_F(ReliableIndexTest, WhoeverOnlyReadsIsToldOfAnIndexThatCannotBeRead) {
  const Id bad = store_.list(FileKind::index).at(0).id;
  store_.overwrite({.kind = FileKind::index, .id = bad}, Buffer());
  std::vector<std::string> notices;
  const auto index = load_readable_index(
      *test::open_in(store_), [&](const std::string& text) { notices.push_back(text); }, {});
  EXPECT_NE(index->contains(lost_), index->contains(kept_));
  ASSERT_THAT(notices, testing::SizeIs(1));
  EXPECT_THAT(notices[0], testing::HasSubstr(bad.hex()));
  EXPECT_THAT(notices[0], testing::HasSubstr("repair index"));
}

}  // namespace
}  // namespace medsave
