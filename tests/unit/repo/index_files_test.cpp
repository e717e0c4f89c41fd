#include "medsave/repo/index_files.hpp"

#include "stores.hpp"

#include "medsave/crypto/sha256.hpp"
#include "medsave/repo/index_load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace medsave {
namespace {

using testing::ElementsAre;

/// With `count` blobs of which no other pack has one.
IndexedPack pack_of(const std::string& name, std::size_t count) {
  IndexedPack pack{.pack = sha256(as_bytes(name))};
  std::uint32_t offset = 0;
  for (std::size_t i = 0; i < count; ++i, offset += 40) {
    pack.blobs.push_back(
        {.id = sha256(as_bytes(name + std::to_string(i))), .offset = offset, .stored_length = 40});
  }
  return pack;
}

TEST(IndexFiles, AreSavedAsSoonAsTheyAreFull) {
  MemBackend store;
  const auto repository = test::create_in(store);
  std::vector<std::size_t> told;
  std::vector<Id> files;
  IndexFileWriter writer(*repository, [&](const Id& file, const std::vector<IndexedPack>& packs) {
    told.push_back(packs.size());
    files.push_back(file);
  });
  writer.add(pack_of("a", kBlobsPerIndexFile - 1));
  EXPECT_THAT(told, ElementsAre());
  writer.add(pack_of("b", 2));
  EXPECT_THAT(told, ElementsAre(2U));
  writer.add(pack_of("c", 1));
  writer.finish();
  EXPECT_THAT(told, ElementsAre(2U, 1U));
  writer.finish();
  EXPECT_THAT(told, ElementsAre(2U, 1U));
  for (const Id& file : files) {
    EXPECT_TRUE(store.size({.kind = FileKind::index, .id = file})) << file.hex();
  }

  const auto index = load_index(*repository, {});
  EXPECT_EQ(index->blob_count(), kBlobsPerIndexFile + 2);
  EXPECT_EQ(index->pack_entries(sha256(as_bytes("c"))), pack_of("c", 1).blobs);
}

TEST(IndexFiles, NoneIsSavedOfNothing) {
  MemBackend store;
  const auto repository = test::create_in(store);
  save_index_files(*repository, {});
  EXPECT_TRUE(store.list(FileKind::index).empty());
}

}  // namespace
}  // namespace medsave
