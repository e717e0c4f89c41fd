#include "medsave/repo/index.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

namespace medsave {
namespace {

Id id_of(std::uint64_t n) {
  Id id;
  // Spread over the leading bytes, which the table goes by.
  const std::uint64_t hash = n * 0x9E3779B97F4A7C15ULL;
  std::memcpy(id.bytes().data(), &hash, sizeof hash);
  std::memcpy(id.bytes().data() + 8, &n, sizeof n);
  return id;
}

PackEntry entry(std::uint64_t n, std::uint32_t offset, BlobKind kind = BlobKind::data) {
  return {.kind = kind, .id = id_of(n), .offset = offset, .stored_length = 100, .plain_length = 0};
}

BlobRef data(std::uint64_t n) { return {.kind = BlobKind::data, .id = id_of(n)}; }

TEST(Index, FindsWhatWasEnteredAndNothingElse) {
  Index index;
  EXPECT_FALSE(index.contains(data(1)));
  EXPECT_TRUE(index.add_pack({.pack = id_of(100), .blobs = {entry(1, 0), entry(2, 100)}}));
  const std::optional<BlobLocation> found = index.find(data(2));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->pack, id_of(100));
  EXPECT_EQ(found->offset, 100U);
  EXPECT_EQ(found->content_length(), 68U);
  EXPECT_FALSE(index.find(data(3)));
  EXPECT_TRUE(index.contains_pack(id_of(100)));
  EXPECT_FALSE(index.contains_pack(id_of(1)));
}

TEST(Index, KeepsDataAndTreesApart) {
  Index index;
  index.add_pack({.pack = id_of(100), .blobs = {entry(1, 0, BlobKind::tree)}});
  EXPECT_FALSE(index.contains(data(1)));
  EXPECT_TRUE(index.contains({.kind = BlobKind::tree, .id = id_of(1)}));
}

TEST(Index, TellsIdsApartThatBeginAlike) {
  Index index;
  std::vector<PackEntry> blobs;
  for (unsigned i = 0; i < 50; ++i) {
    blobs.push_back(entry(7, i * 100));
    blobs.back().id.bytes()[31] = static_cast<std::byte>(i);
  }
  index.add_pack({.pack = id_of(100), .blobs = blobs});
  for (const PackEntry& blob : blobs) {
    const auto found = index.find({.kind = BlobKind::data, .id = blob.id});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->offset, blob.offset);
  }
}

TEST(Index, IgnoresAPackThatIsDescribedTheSameTwice) {
  Index index;
  EXPECT_TRUE(index.add_pack({.pack = id_of(100), .blobs = {entry(1, 0), entry(2, 100)}}));
  EXPECT_FALSE(index.add_pack({.pack = id_of(100), .blobs = {entry(2, 100), entry(1, 0)}}));
  EXPECT_EQ(index.blob_count(), 2U);
  EXPECT_EQ(index.packs().size(), 1U);
}

TEST(Index, KeepsBothDescriptionsThatDiffer) {
  Index index;
  EXPECT_TRUE(index.add_pack({.pack = id_of(100), .blobs = {entry(1, 0), entry(2, 100)}}));
  EXPECT_TRUE(index.add_pack({.pack = id_of(100), .blobs = {entry(1, 0), entry(3, 100)}}));
  EXPECT_EQ(index.packs().size(), 2U);
  EXPECT_EQ(index.find_all(data(1)).size(), 1U);
  EXPECT_TRUE(index.contains(data(2)));
  EXPECT_TRUE(index.contains(data(3)));
  EXPECT_EQ(index.pack_entries(id_of(100)).size(), 3U);
}

TEST(Index, KnowsEveryCopyOfABlob) {
  Index index;
  index.add_pack({.pack = id_of(100), .blobs = {entry(1, 0)}});
  index.add_pack({.pack = id_of(101), .blobs = {entry(9, 0), entry(1, 100)}});
  const std::vector<BlobLocation> all = index.find_all(data(1));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_NE(all[0].pack, all[1].pack);
}

TEST(Index, SortsByOffsetAndCollapsesEntriesThatAreTheSame) {
  Index index;
  index.add_pack({.pack = id_of(100), .blobs = {entry(2, 100), entry(1, 0), entry(2, 100)}});
  const std::vector<PackEntry> expected = {entry(1, 0), entry(2, 100)};
  EXPECT_EQ(index.pack_entries(id_of(100)), expected);
}

TEST(Index, SumsUpPacks) {
  Index index;
  PackEntry compressed = entry(2, 100, BlobKind::tree);
  compressed.plain_length = 500;
  index.add_pack({.pack = id_of(100), .blobs = {entry(1, 0), compressed}});
  index.add_pack({.pack = id_of(101), .blobs = {entry(3, 0)}});
  std::vector<PackSummary> seen;
  index.for_each_pack([&](const PackSummary& pack, const std::vector<PackEntry>& entries) {
    EXPECT_EQ(pack.blob_count, entries.size());
    EXPECT_EQ(entries, index.pack_entries(pack.id));
    seen.push_back(pack);
  });
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].size, 100U + 100 + 37 + 41 + 36);
  EXPECT_TRUE(seen[0].has_data && seen[0].has_trees);
  EXPECT_EQ(seen[1].size, 100U + 37 + 36);
  EXPECT_FALSE(seen[1].has_trees);
}

TEST(Index, FindsEachOfManyBlobs) {
  constexpr std::uint64_t kPacks = 300;
  constexpr std::uint64_t kBlobs = 500;
  Index index;
  for (std::uint64_t p = 0; p < kPacks; ++p) {
    IndexedPack pack{.pack = id_of(1'000'000 + p)};
    for (std::uint64_t b = 0; b < kBlobs; ++b) {
      pack.blobs.push_back(entry(p * kBlobs + b, static_cast<std::uint32_t>(b * 100)));
    }
    index.add_pack(pack);
  }
  ASSERT_EQ(index.blob_count(), kPacks * kBlobs);
  for (std::uint64_t n = 0; n < kPacks * kBlobs; ++n) {
    const auto found = index.find(data(n));
    ASSERT_TRUE(found) << n;
    ASSERT_EQ(found->pack, id_of(1'000'000 + n / kBlobs));
    ASSERT_EQ(found->offset, n % kBlobs * 100);
  }
  for (std::uint64_t n = 0; n < 100'000; ++n) ASSERT_FALSE(index.contains(data(5'000'000 + n)));
}

TEST(Index, CanBeReadWhileItGrows) {
  Index index;
  std::atomic<std::uint64_t> entered = 0;
  std::jthread writer([&] {
    for (std::uint64_t p = 0; p < 200; ++p) {
      IndexedPack pack{.pack = id_of(1'000'000 + p)};
      for (std::uint32_t b = 0; b < 20; ++b) pack.blobs.push_back(entry(p * 20 + b, b * 100));
      index.add_pack(pack);
      entered = p + 1;
    }
  });
  while (entered < 200) {
    const std::uint64_t known = entered;
    if (known != 0) {
      ASSERT_TRUE(index.contains(data(known * 20 - 1)));
    }
    ASSERT_FALSE(index.contains(data(99'999)));
  }
}

}  // namespace
}  // namespace medsave
