#include "medsave/repo/blob_reader.hpp"

#include "stores.hpp"
#include "support/matchers.hpp"
#include "support/temp_dir.hpp"

#include "medsave/backend/cache_backend.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/repo/blob_writer.hpp"
#include "medsave/repo/index_load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace medsave {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

/// A store with one tree blob; the same one in two packs if `twice`.
struct OneBlob {
  explicit OneBlob(bool twice = false) {
    const auto repository = test::create_in(store);
    for (int i = 0; i < (twice ? 2 : 1); ++i) {
      Index empty;
      BlobWriter writer(*repository, empty, {}, {});
      writer.save(blob, as_bytes(text));
      writer.finish();
    }
  }

  MemBackend store;
  std::string text = std::string(3000, 't');
  BlobRef blob = {.kind = BlobKind::tree, .id = sha256(as_bytes(text))};
};

TEST(BlobReader, ReadsTheOtherCopyWhenOneIsDamaged) {
  OneBlob one(true);
  const auto repository = test::open_in(one.store);
  const auto index = load_index(*repository, {});
  const BlobReader reader(*repository, *index);
  const std::vector<BlobLocation> copies = index->find_all(one.blob);
  ASSERT_EQ(copies.size(), 2U);
  Buffer plain;
  for (const BlobLocation& copy : copies) {
    Buffer intact;
    const FileRef pack{.kind = FileKind::pack, .id = copy.pack};
    one.store.load(pack, 1 << 20, intact);
    one.store.remove(pack);
    reader.load(one.blob, plain);
    EXPECT_EQ(as_text(plain.view()), one.text);
    one.store.save(pack, std::move(intact));
  }
}

TEST(BlobReader, NamesPackAndBlobWhenNoCopyIsSound) {
  OneBlob one;
  const auto repository = test::open_in(one.store);
  const auto index = load_index(*repository, {});
  const BlobReader reader(*repository, *index);
  const Id pack = index->find(one.blob)->pack;
  Buffer damaged;
  one.store.load({.kind = FileKind::pack, .id = pack}, 1 << 20, damaged);
  damaged.data()[20] ^= std::byte{1};
  one.store.overwrite({.kind = FileKind::pack, .id = pack}, std::move(damaged));
  Buffer plain;
  const auto load = [&] { reader.load(one.blob, plain); };
  EXPECT_THAT(load, test::throws_errc(Errc::corrupt));
  EXPECT_THAT(load, ThrowsMessage<Error>(HasSubstr(pack.short_hex())));
  EXPECT_THAT(load, ThrowsMessage<Error>(HasSubstr(one.blob.id.short_hex())));
}

TEST(BlobReader, OfSeveralFailuresTellsTheOneThatMayPass) {
  for (const std::size_t unreadable : {0U, 1U}) {
    OneBlob one(true);
    std::optional<Id> pack;
    const auto repository = test::open_in(one.store, [&](test::Call call, const FileRef& file) {
      if (call == test::Call::load_range && file.id == pack) throw Error(Errc::io, "injected");
    });
    const auto index = load_index(*repository, {});
    const std::vector<BlobLocation> copies = index->find_all(one.blob);
    ASSERT_EQ(copies.size(), 2U);
    pack = copies[unreadable].pack;
    const FileRef rotten{.kind = FileKind::pack, .id = copies[1 - unreadable].pack};
    Buffer content;
    one.store.load(rotten, 1 << 20, content);
    content.data()[20] ^= std::byte{1};
    one.store.overwrite(rotten, std::move(content));
    Buffer plain;
    EXPECT_THAT([&] { BlobReader(*repository, *index).load(one.blob, plain); },
                test::throws_errc(Errc::io));
  }
}

TEST(BlobReader, SaysWhenNoIndexListsABlob) {
  OneBlob one;
  const auto repository = test::open_in(one.store);
  const auto index = load_index(*repository, {});
  Buffer plain;
  EXPECT_THAT(
      [&] {
        BlobReader(*repository, *index).load({.kind = BlobKind::data, .id = one.blob.id}, plain);
      },
      test::throws_errc(Errc::not_found));
}

TEST(BlobReader, RefusesABlobThatIsAnother) {
  OneBlob one;
  const auto repository = test::open_in(one.store);
  const auto index = load_index(*repository, {});
  const BlobLocation at = *index->find(one.blob);
  Buffer sealed;
  one.store.load_range({.kind = FileKind::pack, .id = at.pack}, at.offset, at.stored_length,
                       sealed);
  Buffer plain;
  open_blob(*repository, one.blob, sealed.view(), at.plain_length, plain);
  EXPECT_EQ(as_text(plain.view()), one.text);
  const BlobRef other{.kind = BlobKind::tree, .id = sha256(as_bytes("another"))};
  EXPECT_THAT([&] { open_blob(*repository, other, sealed.view(), at.plain_length, plain); },
              test::throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { open_blob(*repository, one.blob, sealed.view(), 2999, plain); },
              test::throws_errc(Errc::corrupt));
}

TEST(BlobReader, GoesPastADamagedCache) {
  OneBlob one;
  const test::TempDir cache;
  const auto repository = test::open_in(one.store);
  repository->use_cache(cache.path());
  const auto index = load_index(*repository, {});
  const BlobReader reader(*repository, *index);
  Buffer plain;
  reader.load(one.blob, plain);
  unsigned cached = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(cache.path())) {
    if (file.path().filename() != index->find(one.blob)->pack.hex()) continue;
    const auto size = std::filesystem::file_size(file.path());
    std::filesystem::remove(file.path());
    std::FILE* fake = std::fopen(file.path().c_str(), "w");
    ASSERT_NE(fake, nullptr);
    for (std::uintmax_t i = 0; i < size; ++i) std::fputc('x', fake);
    std::fclose(fake);
    ++cached;
  }
  EXPECT_EQ(cached, 1U);
  reader.load(one.blob, plain);
  EXPECT_EQ(as_text(plain.view()), one.text);
}

/// Flips a bit in what is read of packs, `times` times.
class FlippingStore : public MemBackend {
 public:
  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override {
    MemBackend::load_range(file, offset, length, out);
    if (file.kind != FileKind::pack) return;
    ++readings;
    if (times-- > 0) out.data()[0] ^= std::byte{1};
  }
  int times = 0;
  unsigned readings = 0;
};

TEST(BlobReader, ReadsADamagedCopyOnceMore) {
  FlippingStore store;
  const auto writing = test::create_in(store);
  const std::string text(3000, 't');
  const BlobRef blob = {.kind = BlobKind::data, .id = sha256(as_bytes(text))};
  {
    Index empty;
    BlobWriter writer(*writing, empty, {}, {});
    writer.save(blob, as_bytes(text));
    writer.finish();
  }
  const auto repository = test::open_in(store);
  const auto index = load_index(*repository, {});
  const BlobLocation at = *index->find(blob);
  Buffer plain;
  store.times = 1;
  store.readings = 0;
  load_copy(*repository, blob, at, plain);
  EXPECT_EQ(as_text(plain.view()), text);
  EXPECT_EQ(store.readings, 2U);
  store.times = 2;
  EXPECT_THAT([&] { load_copy(*repository, blob, at, plain); }, test::throws_errc(Errc::corrupt));
  EXPECT_EQ(store.readings, 4U);
}

}  // namespace
}  // namespace medsave
