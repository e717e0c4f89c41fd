#include "blob_store.hpp"

#include "unit/repo/stores.hpp"

#include "medsave/crypto/sha256.hpp"
#include "medsave/repo/blob_writer.hpp"
#include "medsave/repo/index_files.hpp"
#include "medsave/repo/index_load.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace medsave {
namespace {

class BlobStoreTest : public testing::Test {
 protected:
  BlobStoreTest() : repository_(test::create_in(store_)) {
    Index empty;
    BlobWriter writer(*repository_, empty, {}, {});
    for (unsigned i = 0; i < 3; ++i) {
      const Buffer content = test::content(i, 3000, false);
      texts_.emplace_back(as_text(content.view()));
      ids_.push_back(writer.save(BlobKind::data, content.view()).id);
    }
    writer.finish();
  }

  MemBackend store_;
  const std::unique_ptr<Repository> repository_;
  std::vector<std::string> texts_;
  std::vector<Id> ids_;
};

TEST_F(BlobStoreTest, HasWhatItLoadsAheadInAnyOrder) {
  const auto index = load_index(*repository_, {});
  const BlobReader reader(*repository_, *index);
  BlobStore store(reader, 1U << 20U);
  store.prefetch({ids_[2], ids_[0], ids_[0], ids_[1]});
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    EXPECT_EQ(as_text(store.get(ids_[i])->view()), texts_[i]);
  }
}

TEST_F(BlobStoreTest, BearsAnIndexThatListsABlobInsideAnother) {
  const Id false_blob = sha256(as_bytes("not there"));
  {
    const auto index = load_index(*repository_, {});
    const Id pack = index->find({.kind = BlobKind::data, .id = ids_[0]})->pack;
    std::vector<PackEntry> blobs = index->pack_entries(pack);
    blobs.push_back({.id = false_blob, .offset = blobs.back().offset + 10, .stored_length = 40});
    save_index_files(*repository_, {{.pack = pack, .blobs = blobs}});
  }
  const auto index = load_index(*repository_, {});
  const BlobReader reader(*repository_, *index);
  ASSERT_TRUE(index->contains({.kind = BlobKind::data, .id = false_blob}));
  BlobStore store(reader, 1U << 20U);
  std::vector<Id> wanted = ids_;
  wanted.push_back(false_blob);
  store.prefetch(wanted);
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    EXPECT_EQ(as_text(store.get(ids_[i])->view()), texts_[i]);
  }
  EXPECT_THROW(store.get(false_blob), Error);
}

}  // namespace
}  // namespace medsave
