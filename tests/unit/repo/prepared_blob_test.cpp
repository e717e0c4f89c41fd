#include "medsave/repo/prepared_blob.hpp"

#include "stores.hpp"
#include "support/matchers.hpp"

#include "medsave/crypto/key.hpp"
#include "medsave/crypto/seal.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/repo/blob_writer.hpp"
#include "medsave/repo/index_load.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

namespace medsave {
namespace {

BlobRef ref_of(BlobKind kind, const Buffer& plain) {
  return {.kind = kind, .id = sha256(plain.view())};
}

/// A repository with a key of its own, and a writer for it.
struct Target {
  explicit Target(std::uint32_t version = 2, const BlobWriterOptions& options = {})
      : repository(test::create_in(store, version)), writer(*repository, index, options, {}) {}

  /// Reads `blob` back from what is stored, by means of the stored index alone.
  void expect_holds(const BlobRef& blob, const Buffer& plain) {
    const auto opened = test::open_in(store);
    const auto stored = load_index(*opened, {});
    Buffer read;
    ASSERT_NO_THROW(BlobReader(*opened, *stored).load(blob, read));
    EXPECT_TRUE(std::ranges::equal(read.view(), plain.view()));
  }
  Buffer sealed(const BlobRef& blob) {
    const BlobLocation at = index.find(blob).value();
    Buffer bytes;
    store.load_range({.kind = FileKind::pack, .id = at.pack}, at.offset, at.stored_length, bytes);
    return bytes;
  }

  MemBackend store;
  Index index;
  std::unique_ptr<Repository> repository;
  BlobWriter writer;
};

TEST(PreparedBlob, IsSealedIntoRepositoriesWithDifferentKeysAndVersions) {
  for (const bool verify : {true, false}) {
    BlobWriterOptions options;
    options.extra_verify = verify;
    Target first(2, options);
    Target second(2, options);
    Target old(1, options);
    BlobPreparer preparer(CompressionLevel::automatic);
    Buffer frame;
    unsigned seed = 1;
    for (const BlobKind kind : {BlobKind::data, BlobKind::tree}) {
      for (const bool compressible : {true, false}) {
        for (const std::size_t size : {1U, 3000U, 3'000'000U}) {
          const Buffer plain = test::content(seed++, size, compressible);
          const BlobRef blob = ref_of(kind, plain);
          const PreparedBlob prepared =
              preparer.prepare(blob, plain.view(), first.writer.least_gain(), frame);
          for (Target* target : {&first, &second, &old}) {
            const SavedBlob saved = target->writer.save_prepared(prepared);
            EXPECT_TRUE(saved.is_new);
            EXPECT_EQ(saved.id, blob.id);
            EXPECT_FALSE(target->writer.save_prepared(prepared).is_new);
            EXPECT_FALSE(target->writer.save(kind, plain.view()).is_new);
          }
        }
      }
    }
    for (Target* target : {&first, &second, &old}) target->writer.finish();
    seed = 1;
    for (const BlobKind kind : {BlobKind::data, BlobKind::tree}) {
      for (const bool compressible : {true, false}) {
        for (const std::size_t size : {1U, 3000U, 3'000'000U}) {
          const Buffer plain = test::content(seed++, size, compressible);
          const BlobRef blob = ref_of(kind, plain);
          for (Target* target : {&first, &second, &old}) target->expect_holds(blob, plain);
          const bool has_frame = kind == BlobKind::tree || (compressible && size > 1);
          EXPECT_EQ(first.index.find(blob)->plain_length, has_frame ? size : 0);
          EXPECT_EQ(second.index.find(blob)->plain_length, has_frame ? size : 0);
          EXPECT_EQ(old.index.find(blob)->plain_length, 0U);
          Buffer opened;
          open_sealed(first.repository->key(), first.sealed(blob).view(), opened);
          EXPECT_THAT(
              [&] { open_sealed(first.repository->key(), second.sealed(blob).view(), opened); },
              test::throws_errc(Errc::corrupt))
              << "each has its own key";
        }
      }
    }
  }
}

TEST(PreparedBlob, IsWhatSaveStores) {
  for (const std::uint32_t version : {1U, 2U}) {
    for (const CompressionLevel level : {CompressionLevel::automatic, CompressionLevel::off}) {
      BlobWriterOptions options;
      options.compression = level;
      Target saved(version, options);
      Target prepared(version, options);
      BlobPreparer preparer(level);
      Buffer frame;
      for (const BlobKind kind : {BlobKind::data, BlobKind::tree}) {
        const Buffer plain = test::content(1, 5000, true);
        const PreparedBlob blob = preparer.prepare(ref_of(kind, plain), plain.view(),
                                                   prepared.writer.least_gain(), frame);
        EXPECT_EQ(prepared.writer.save_prepared(blob).stored_length,
                  saved.writer.save(kind, plain.view()).stored_length);
      }
      saved.writer.finish();
      prepared.writer.finish();
      EXPECT_EQ(saved.writer.stats().plain_bytes, prepared.writer.stats().plain_bytes);
      EXPECT_EQ(saved.writer.stats().packed_bytes, prepared.writer.stats().packed_bytes);
    }
  }
}

TEST(PreparedBlob, BorrowsTheBytesAndTheFrame) {
  const Buffer plain = test::content(1, 5000, true);
  Buffer frame;
  const PreparedBlob blob =
      BlobPreparer(CompressionLevel::automatic)
          .prepare(ref_of(BlobKind::data, plain), plain.view(), LeastGain::anything, frame);
  EXPECT_EQ(blob.plain.data(), plain.data());
  EXPECT_EQ(blob.plain.size(), plain.size());
  EXPECT_EQ(blob.frame.data(), frame.data());
  EXPECT_EQ(blob.frame.size(), frame.size());
  Buffer unpacked;
  Decompressor().decompress_exactly(blob.frame, plain.size(), unpacked);
  EXPECT_TRUE(std::ranges::equal(unpacked.view(), plain.view()));
}

TEST(BlobPreparer, CompressesWhatTheRepositoriesAskFor) {
  Buffer little = test::content(1, 200'000, false);  // shrinks by an eighth
  for (std::byte& b : little.writable()) b &= std::byte{0x7F};
  const Buffer noise = test::content(2, 5000, false);
  BlobPreparer preparer(CompressionLevel::automatic);
  Buffer frame(ByteView(noise.view()));  // of the blob before
  const auto has_frame = [&](BlobKind kind, const Buffer& plain, std::optional<LeastGain> least) {
    const PreparedBlob blob = preparer.prepare(ref_of(kind, plain), plain.view(), least, frame);
    return !blob.frame.empty();
  };
  EXPECT_TRUE(has_frame(BlobKind::data, little, LeastGain::anything));
  EXPECT_FALSE(has_frame(BlobKind::data, little, LeastGain::a_sixth));
  EXPECT_FALSE(has_frame(BlobKind::data, noise, LeastGain::anything));
  EXPECT_TRUE(has_frame(BlobKind::data, noise, LeastGain::nothing));
  EXPECT_TRUE(has_frame(BlobKind::tree, noise, LeastGain::a_sixth));
  EXPECT_FALSE(has_frame(BlobKind::data, little, std::nullopt));
  EXPECT_FALSE(has_frame(BlobKind::tree, little, std::nullopt));
}

TEST(BlobPreparer, RefusesWhatNoPackCanHold) {
  BlobPreparer preparer(CompressionLevel::automatic);
  Buffer frame;
  const auto prepare = [&](ByteView plain) {
    preparer.prepare({.kind = BlobKind::tree, .id = {}}, plain, LeastGain::anything, frame);
  };
  EXPECT_THAT([&] { prepare({}); }, test::throws_errc(Errc::internal));
  const std::byte one{};
  const ByteView huge(&one, 0xFFFF'FFFFU);  // is not looked at
  EXPECT_THAT([&] { prepare(huge); }, test::throws_errc(Errc::unsupported));
  EXPECT_EQ(frame.capacity(), 0U);
  Target target;
  EXPECT_THAT([&] { target.writer.save_prepared({.ref = {}, .plain = huge}); },
              test::throws_errc(Errc::unsupported));
}

TEST(BlobWriter, LooksABlobUpBeforeItIsCompressed) {
  Target target;
  const Buffer plain = test::content(1, 5000, true);
  const BlobRef blob = ref_of(BlobKind::data, plain);
  EXPECT_TRUE(target.writer.save(blob, plain.view()).is_new);
  EXPECT_FALSE(target.writer.save(blob, {}).is_new) << "no bytes could be compressed";
  EXPECT_FALSE(target.writer.save_prepared({.ref = blob}).is_new);
  target.writer.finish();
  EXPECT_FALSE(target.writer.save(blob, {}).is_new) << "nor when it is in the index";
}

TEST(BlobWriter, SaysWhatItAsksOfCompression) {
  BlobWriterOptions always;
  always.always_compress = true;
  EXPECT_EQ(Target().writer.least_gain(), LeastGain::anything);
  EXPECT_EQ(Target(2, always).writer.least_gain(), LeastGain::nothing);
  EXPECT_EQ(Target(1, always).writer.least_gain(), std::nullopt);
  BlobWriterOptions sparing;
  sparing.spare_processor = true;
  Target target(2, sparing);
  EXPECT_EQ(target.writer.least_gain(), LeastGain::anything) << "how fast it is nobody knows yet";
  target.writer.save(BlobKind::data, test::content(1, 5000, false).view());
  target.writer.finish();
  EXPECT_EQ(target.writer.least_gain(), LeastGain::a_sixth) << "it waits for packs";
}

TEST(BlobWriter, FindsAFrameThatIsNotOfItsBlob) {
  const Buffer plain = test::content(1, 5000, true);
  const Buffer other = test::content(2, 5000, true);
  BlobPreparer preparer(CompressionLevel::automatic);
  Buffer frame;
  PreparedBlob blob =
      preparer.prepare(ref_of(BlobKind::data, plain), other.view(), LeastGain::anything, frame);
  blob.plain = plain.view();
  Target sound(1);
  sound.writer.save_prepared(blob);  // it needs no frame
  sound.writer.finish();
  sound.expect_holds(blob.ref, plain);
  Target target;
  const auto save = [&] {
    target.writer.save_prepared(blob);
    target.writer.finish();
  };
  EXPECT_THAT(save, test::throws_errc(Errc::internal));
  EXPECT_TRUE(target.store.list(FileKind::pack).empty());
  EXPECT_THAT([&] { target.writer.save_prepared(blob); }, test::throws_errc(Errc::internal))
      << "nobody may go on";
}

}  // namespace
}  // namespace medsave
