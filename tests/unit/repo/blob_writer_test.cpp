#include "medsave/repo/blob_writer.hpp"

#include "stores.hpp"
#include "support/matchers.hpp"

#include "medsave/crypto/sha256.hpp"
#include "medsave/repo/adopt.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/repo/index_load.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <semaphore>
#include <set>
#include <thread>

namespace medsave {
namespace {

constexpr std::uint64_t kSmallPack = 20'000;

BlobWriterOptions small_packs() {
  BlobWriterOptions options;
  options.pack_size = kSmallPack;
  return options;
}

struct Sample {
  BlobKind kind;
  Buffer plain;
  [[nodiscard]] BlobRef ref() const { return {.kind = kind, .id = sha256(plain.view())}; }
};

/// Blobs of all sorts: tiny, compressible or not, larger than a pack.
std::vector<Sample> samples() {
  std::vector<Sample> all;
  unsigned seed = 1;
  for (const BlobKind kind : {BlobKind::data, BlobKind::tree}) {
    for (const bool compressible : {true, false}) {
      for (const std::size_t size : {1U, 100U, 3000U, 3000U, 9000U, 9000U, 50'000U}) {
        all.push_back({.kind = kind, .plain = test::content(seed++, size, compressible)});
      }
    }
  }
  return all;
}

void expect_readable(MemBackend& store, const std::vector<Sample>& blobs) {
  const auto repository = test::open_in(store);
  const auto index = load_index(*repository, {});
  const BlobReader reader(*repository, *index);
  Buffer plain;
  for (const Sample& blob : blobs) {
    ASSERT_NO_THROW(reader.load(blob.ref(), plain));
    EXPECT_TRUE(std::ranges::equal(plain.view(), blob.plain.view()));
  }
}

/// What every state of a repository must fulfil: each indexed pack is there, whole, and reads.
void expect_consistent(MemBackend& store) {
  const auto repository = test::open_in(store);
  const auto index = load_index(*repository, {});
  const BlobReader reader(*repository, *index);
  Buffer plain;
  index->for_each_pack([&](const PackSummary& pack, const std::vector<PackEntry>& entries) {
    EXPECT_EQ(store.size({.kind = FileKind::pack, .id = pack.id}), pack.size);
    for (const PackEntry& e : entries) {
      EXPECT_NO_THROW(reader.load({.kind = e.kind, .id = e.id}, plain));
    }
  });
}

TEST(BlobWriter, StoresBlobsThatCanBeReadAgain) {
  for (const std::uint32_t version : {1U, 2U}) {
    for (const CompressionLevel level :
         {CompressionLevel::automatic, CompressionLevel::off, CompressionLevel::max}) {
      MemBackend store;
      const auto repository = test::create_in(store, version);
      Index index;
      BlobWriterOptions options = small_packs();
      options.compression = level;
      const std::vector<Sample> blobs = samples();
      {
        BlobWriter writer(*repository, index, options, {});
        for (const Sample& blob : blobs) {
          EXPECT_TRUE(writer.save(blob.kind, blob.plain.view()).is_new);
        }
        writer.finish();
      }
      expect_readable(store, blobs);
      expect_consistent(store);
      index.for_each_pack([&](const PackSummary& pack, const std::vector<PackEntry>& entries) {
        EXPECT_FALSE(pack.has_data && pack.has_trees);
        for (const PackEntry& e : entries) {
          EXPECT_TRUE(version == 2 || !e.compressed());
          EXPECT_TRUE(version == 1 || e.kind == BlobKind::data || e.compressed());
        }
      });
    }
  }
}

TEST(BlobWriter, StoresRawWhatDoesNotShrink) {
  MemBackend store;
  const auto repository = test::create_in(store);
  Index index;
  BlobWriter writer(*repository, index, {}, {});
  const Buffer noise = test::content(1, 5000, false);
  const Buffer text = test::content(2, 5000, true);
  const SavedBlob raw = writer.save(BlobKind::data, noise.view());
  const SavedBlob packed = writer.save(BlobKind::data, text.view());
  writer.finish();
  EXPECT_FALSE(index.pack_entries(index.find({.id = raw.id})->pack).empty());
  EXPECT_EQ(index.find({.id = raw.id})->plain_length, 0U);
  EXPECT_EQ(raw.stored_length, 5000U + 32 + 37);
  EXPECT_EQ(index.find({.id = packed.id})->plain_length, 5000U);
  EXPECT_LT(packed.stored_length, 5000U);
}

/// A blob that compression makes smaller by some percent.
Buffer small_gain(unsigned seed) {
  Buffer bytes = test::content(seed, 200'000, false);
  for (std::byte& b : bytes.writable()) b &= std::byte{0x7F};
  return bytes;
}

/// Writes blobs to a repository whose medium takes a pack only when it is let.
class SparingWriter {
 public:
  explicit SparingWriter(bool spare_processor)
      : repository_(test::create_in(store_, 2, [this](test::Call call, const FileRef& file) {
          if (call != test::Call::save || file.kind != FileKind::pack) return;
          in_hand_.release();
          may_go_on_.acquire();
        })) {
    BlobWriterOptions options;
    options.pack_size = 1'000'000;
    options.extra_verify = false;  // or blobs would wait to be verified
    options.spare_processor = spare_processor;
    writer_ = std::make_unique<BlobWriter>(*repository_, index_, options, std::stop_token());
  }
  ~SparingWriter() {
    may_go_on_.release(1000);
    writer_->finish();
  }
  SparingWriter(const SparingWriter&) = delete;
  SparingWriter& operator=(const SparingWriter&) = delete;

  bool compresses(const Buffer& plain) {
    return writer_->save(BlobKind::data, plain.view()).stored_length < plain.size();
  }
  /// Returns when the medium has a pack in hand, and keeps it there.
  void begin_pack() {
    EXPECT_FALSE(compresses(test::content(1, 1'000'000, false)));
    in_hand_.acquire();
  }
  void end_pack() { may_go_on_.release(1000); }

 private:
  std::counting_semaphore<> in_hand_{0};
  std::counting_semaphore<> may_go_on_{0};
  MemBackend store_;
  std::unique_ptr<Repository> repository_;
  Index index_;
  std::unique_ptr<BlobWriter> writer_;
};

TEST(BlobWriter, SparesTheProcessorWhileTheMediumWaits) {
  SparingWriter writer(true);
  EXPECT_TRUE(writer.compresses(small_gain(10))) << "how fast the medium is nobody knows yet";
  writer.begin_pack();
  EXPECT_TRUE(writer.compresses(small_gain(11))) << "there is time until it has stored the pack";
  writer.end_pack();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  unsigned seed = 12;
  while (writer.compresses(small_gain(seed++))) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(writer.compresses(test::content(2, 200'000, true)));
}

TEST(BlobWriter, CompressesAllItCanUnlessAskedToSpareTheProcessor) {
  SparingWriter writer(false);
  writer.begin_pack();
  writer.end_pack();
  for (unsigned seed = 10; seed < 30; ++seed) {
    EXPECT_TRUE(writer.compresses(small_gain(seed)));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

TEST(BlobWriter, StoresNothingTwice) {
  MemBackend store;
  const auto repository = test::create_in(store);
  const Buffer bytes = test::content(1, 5000, true);
  {
    Index index;
    BlobWriter writer(*repository, index, {}, {});
    const BlobRef blob{.kind = BlobKind::data, .id = sha256(bytes.view())};
    EXPECT_FALSE(writer.knows(blob));
    EXPECT_TRUE(writer.save(BlobKind::data, bytes.view()).is_new);
    EXPECT_TRUE(writer.knows(blob));
    EXPECT_FALSE(writer.save(BlobKind::data, bytes.view()).is_new);
    EXPECT_TRUE(writer.save(BlobKind::tree, bytes.view()).is_new) << "another kind";
    writer.finish();
    EXPECT_EQ(writer.stats().data_blobs, 1U);
    EXPECT_EQ(writer.stats().tree_blobs, 1U);
  }
  const auto index = load_index(*repository, {});
  BlobWriter writer(*repository, *index, {}, {});
  EXPECT_FALSE(writer.save(BlobKind::data, bytes.view()).is_new);
  writer.finish();
  EXPECT_EQ(store.list(FileKind::pack).size(), 2U);
  EXPECT_EQ(store.list(FileKind::index).size(), 1U);
}

TEST(BlobWriter, StoresEachBlobOnceForManyThreads) {
  MemBackend store;
  const auto repository = test::create_in(store);
  std::vector<Sample> blobs;
  for (unsigned i = 0; i < 300; ++i) {
    blobs.push_back({.kind = i % 10 == 0 ? BlobKind::tree : BlobKind::data,
                     .plain = test::content(i + 1, 500 + i * 7, i % 3 != 0)});
  }
  Index index;
  BlobWriterOptions options = small_packs();
  options.index_interval = std::chrono::seconds(0);
  BlobWriter writer(*repository, index, options, {});
  std::atomic<unsigned> stored = 0;
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (std::size_t i = 0; i < blobs.size(); ++i) {
          const Sample& blob = blobs[(i + t * 7) % blobs.size()];
          if (writer.save(blob.ref(), blob.plain.view()).is_new) ++stored;
          EXPECT_TRUE(writer.knows(blob.ref()));
        }
      });
    }
  }
  writer.finish();
  EXPECT_EQ(stored, blobs.size());
  EXPECT_EQ(index.blob_count(), blobs.size());
  EXPECT_GT(store.list(FileKind::index).size(), 2U);
  LoadIndexReport report;
  EXPECT_EQ(load_index(*repository, {}, &report)->blob_count(), blobs.size());
  EXPECT_TRUE(report.duplicate_packs.empty());
  expect_readable(store, blobs);
}

TEST(BlobWriter, MergesUnfinishedPacksThatFitIntoOne) {
  MemBackend store;
  const auto repository = test::create_in(store);
  Index index;
  BlobWriter writer(*repository, index, {}, {});
  for (unsigned i = 0; i < 50; ++i) {
    writer.save(BlobKind::data, test::content(i + 1, 100, false).view());
  }
  writer.finish();
  EXPECT_EQ(store.list(FileKind::pack).size(), 1U);
}

TEST(BlobWriter, SpreadsSuccessiveBlobsOverTwoPacks) {
  MemBackend store;
  const auto repository = test::create_in(store);
  Index index;
  BlobWriter writer(*repository, index, small_packs(), {});
  std::vector<Id> ids;
  for (unsigned i = 0; i < 100; ++i) {
    ids.push_back(writer.save(BlobKind::data, test::content(i + 1, 1000, false).view()).id);
  }
  writer.finish();
  unsigned changes = 0;
  for (std::size_t i = 1; i < ids.size(); ++i) {
    if (index.find({.id = ids[i]})->pack != index.find({.id = ids[i - 1]})->pack) ++changes;
  }
  EXPECT_GT(changes, 20U) << "about half of 99 are to be expected";
}

TEST(BlobWriter, GivesALargeBlobAPackOfItsOwn) {
  MemBackend store;
  const auto repository = test::create_in(store);
  Index index;
  BlobWriter writer(*repository, index, small_packs(), {});
  writer.save(BlobKind::data, test::content(1, 100, false).view());
  const Id large = writer.save(BlobKind::data, test::content(2, kSmallPack, false).view()).id;
  writer.finish();
  EXPECT_EQ(index.pack_entries(index.find({.id = large})->pack).size(), 1U);
}

TEST(BlobWriter, CountsWhatItStores) {
  MemBackend store;
  const auto repository = test::create_in(store);
  Index index;
  Progress progress;
  BlobWriterOptions options = small_packs();
  options.progress = &progress;
  BlobWriter writer(*repository, index, options, {});
  std::uint64_t stored = 0;
  for (unsigned i = 0; i < 60; ++i) {
    stored += writer.save(BlobKind::data, test::content(i + 1, 1000, false).view()).stored_length;
  }
  writer.finish();
  EXPECT_EQ(writer.stats().plain_bytes, 60'000U);
  std::uint64_t files = 0;
  std::uint64_t full_packs = 0;
  for (const ListedFile& file : store.list(FileKind::pack)) {
    files += file.size - 36;
    std::uint64_t blobs = 0;
    for (const PackEntry& entry : index.pack_entries(file.id)) blobs += entry.stored_length;
    if (blobs >= kSmallPack) ++full_packs;
  }
  EXPECT_EQ(files, stored);
  EXPECT_EQ(progress.new_bytes, 60'000U);
  EXPECT_EQ(progress.packed_bytes, stored);
  EXPECT_EQ(progress.sent_bytes, stored);
  EXPECT_EQ(progress.queued_bytes, 0U);
  EXPECT_GE(full_packs, 1U);
  EXPECT_EQ(writer.stats().packed_bytes, stored + 36 * full_packs);
}

TEST(BlobWriter, SaysWhichPacksItStored) {
  MemBackend store;
  const auto repository = test::create_in(store);
  {
    Index index;
    BlobWriter other(*repository, index, {}, {});
    other.save(BlobKind::data, test::content(1000, 5000, false).view());
    other.finish();
  }
  Index index;
  BlobWriter writer(*repository, index, small_packs(), {});
  EXPECT_TRUE(writer.stored_packs().empty());
  for (unsigned i = 0; i < 100; ++i) {
    writer.save(BlobKind::data, test::content(i + 1, 5000, false).view());
    for (const Id& pack : writer.stored_packs()) {
      EXPECT_TRUE(store.size({.kind = FileKind::pack, .id = pack}).has_value());
    }
  }
  writer.finish();
  const std::vector<Id> packs = writer.stored_packs();
  EXPECT_GT(packs.size(), 10U);
  std::set<Id> indexed;
  index.for_each_pack(
      [&](const PackSummary& pack, const std::vector<PackEntry>&) { indexed.insert(pack.id); });
  EXPECT_EQ(std::set<Id>(packs.begin(), packs.end()), indexed) << "and not those of another writer";
  EXPECT_EQ(packs.size(), indexed.size()) << "each once";
}

TEST(BlobWriter, SaysNothingAboutAPackThatWasNotStored) {
  MemBackend store;
  test::create_in(store);
  const auto repository = test::open_in(store, [](test::Call call, const FileRef& file) {
    if (call == test::Call::save && file.kind == FileKind::pack) {
      throw Error(Errc::no_space, "full");
    }
  });
  Index index;
  BlobWriter writer(*repository, index, {}, {});
  writer.save(BlobKind::data, as_bytes("some text"));
  EXPECT_THAT([&] { writer.finish(); }, test::throws_errc(Errc::no_space));
  EXPECT_TRUE(writer.stored_packs().empty());
}

TEST(BlobWriter, FinishesOnceHoweverOftenAsked) {
  MemBackend store;
  const auto repository = test::create_in(store);
  Index index;
  BlobWriter writer(*repository, index, {}, {});
  writer.finish();
  EXPECT_TRUE(store.list(FileKind::index).empty());
  writer.save(BlobKind::data, as_bytes("some text"));
  writer.finish();
  writer.finish();
  EXPECT_EQ(store.list(FileKind::index).size(), 1U);
}

TEST(BlobWriter, KeepsWhatWasSavedBeforeAnInterruption) {
  MemBackend store;
  const auto repository = test::create_in(store);
  Index index;
  std::stop_source stop;
  BlobWriter writer(*repository, index, small_packs(), stop.get_token());
  std::vector<Sample> blobs = samples();
  for (const Sample& blob : blobs) writer.save(blob.kind, blob.plain.view());
  stop.request_stop();
  EXPECT_THROW(writer.save(BlobKind::data, as_bytes("late")), Interrupted);
  writer.finish();
  expect_readable(store, blobs);
}

TEST(BlobWriter, KeepsAPackThatWasFilledDuringAnInterruption) {
  MemBackend store;
  std::stop_source stop;
  std::atomic<bool> storing = false;
  const auto hook = [&](test::Call call, const FileRef& file) {
    if (call != test::Call::save || file.kind != FileKind::pack) return;
    storing = true;
    while (!stop.stop_requested()) std::this_thread::yield();
  };
  test::create_in(store);
  const auto repository = test::open_in(store, hook);
  Index index;
  BlobWriter writer(*repository, index, small_packs(), stop.get_token());
  std::jthread interrupter([&] {
    while (!storing) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    stop.request_stop();
  });
  std::vector<Sample> blobs;
  try {
    for (unsigned i = 0;; ++i) {
      blobs.push_back({.kind = BlobKind::data, .plain = test::content(i + 1, kSmallPack, false)});
      writer.save(blobs.back().ref(), blobs.back().plain.view());
    }
  } catch (const Interrupted&) {
    if (!writer.knows(blobs.back().ref())) blobs.pop_back();
  }
  writer.finish();
  expect_readable(store, blobs);
}

TEST(BlobWriter, StopsForGoodWhenABlobDoesNotSurviveEncryption) {
  MemBackend store;
  const auto repository = test::create_in(store);
  Index index;
  BlobWriter writer(*repository, index, {}, {});
  const BlobRef wrong{.kind = BlobKind::data, .id = sha256(as_bytes("before a bit flipped"))};
  const auto save_some = [&] {  // the verification lags behind
    for (unsigned i = 0; i < 100; ++i) {
      writer.save(BlobKind::data, test::content(i + 1, 5000, false).view());
    }
  };
  const auto save_wrong = [&] { writer.save(wrong, as_bytes("after a bit flipped")); };
  EXPECT_THAT(([&] { save_wrong(), save_some(); }), test::throws_errc(Errc::internal));
  EXPECT_THAT([&] { writer.save(BlobKind::data, as_bytes("x")); },
              test::throws_errc(Errc::internal));
  EXPECT_THAT([&] { writer.finish(); }, test::throws_errc(Errc::internal));
  EXPECT_TRUE(store.list(FileKind::index).empty());
}

TEST(BlobWriter, VerifiesTheLastBlobsToo) {
  MemBackend store;
  const auto repository = test::create_in(store);
  Index index;
  BlobWriter writer(*repository, index, {}, {});
  const BlobRef wrong{.kind = BlobKind::data, .id = sha256(as_bytes("before a bit flipped"))};
  writer.save(wrong, as_bytes("after a bit flipped"));
  EXPECT_THAT([&] { writer.finish(); }, test::throws_errc(Errc::internal));
  EXPECT_TRUE(store.list(FileKind::pack).empty());
}

TEST(BlobWriter, HashesBlobsOfVeryDifferentLengthsSideBySide) {
  MemBackend store;
  const auto repository = test::create_in(store);
  Index index;
  std::vector<Sample> blobs;
  {
    BlobWriter writer(*repository, index, small_packs(), {});
    const std::size_t lengths[] = {1, 3'000'000, 63, 64, 65, 500'000, 5'000'000, 700, 2'000'000};
    for (unsigned i = 0; i < 36; ++i) {
      blobs.push_back({.kind = i % 5 == 0 ? BlobKind::tree : BlobKind::data,
                       .plain = test::content(i + 1, lengths[i % 9] + i, i % 2 == 0)});
      EXPECT_EQ(writer.save(blobs.back().kind, blobs.back().plain.view()).id,
                blobs.back().ref().id);
    }
    writer.finish();
  }
  expect_readable(store, blobs);
}

TEST(BlobWriter, RefusesAnEmptyBlob) {
  MemBackend store;
  const auto repository = test::create_in(store);
  Index index;
  BlobWriter writer(*repository, index, {}, {});
  EXPECT_THAT([&] { writer.save(BlobKind::data, {}); }, test::throws_errc(Errc::internal));
}

TEST(BlobWriter, TellsSaversWhatTheStoringThreadsMet) {
  MemBackend store;
  test::create_in(store);
  const auto repository = test::open_in(store, [](test::Call call, const FileRef& file) {
    if (call == test::Call::save && file.kind == FileKind::pack) {
      throw Error(Errc::no_space, "full");
    }
  });
  Index index;
  BlobWriter writer(*repository, index, small_packs(), {});
  const auto fill = [&] {
    for (unsigned i = 0; i < 1000; ++i) {
      writer.save(BlobKind::data, test::content(i + 1, 5000, false).view());
    }
  };
  EXPECT_THAT(fill, test::throws_errc(Errc::no_space));
  EXPECT_THAT([&] { writer.finish(); }, test::throws_errc(Errc::no_space));
}

void write_samples(const Repository& repository) {
  BlobWriterOptions options = small_packs();
  options.index_interval = std::chrono::seconds(0);
  const auto index = load_index(repository, {});
  adopt_unindexed_packs(repository, *index, test::alone, {});
  BlobWriter writer(repository, *index, options, {});
  for (const Sample& blob : samples()) writer.save(blob.kind, blob.plain.view());
  writer.finish();
}

TEST(BlobWriter, LeavesASoundRepositoryWhateverCallFails) {
  for (unsigned n = 1;; ++n) {
    SCOPED_TRACE(n);
    MemBackend store;
    test::create_in(store);
    test::FailAt fail(n);
    try {
      write_samples(*test::open_in(store, fail.hook()));
      expect_readable(store, samples());
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Errc::io);
    }
    expect_consistent(store);
    if (!fail.fired()) break;
    write_samples(*test::open_in(store));
    expect_readable(store, samples());
  }
}

TEST(BlobWriter, NeverIndexesAPackThatAPowerCutCanTake) {
  for (unsigned n = 1;; ++n) {
    SCOPED_TRACE(n);
    test::LazyMedium store;
    test::create_in(store);
    test::FailAt fail(n, true);
    try {
      write_samples(*test::open_in(store, fail.hook()));
    } catch (const Error&) {  // that was the power cut
    }
    store.lose_power();
    expect_consistent(store);
    if (!fail.fired()) break;
  }
}

/// A run that is killed when all its packs are stored but none is indexed.
void be_killed(const Repository& repository, const std::vector<Sample>& blobs) {
  Index index;
  BlobWriter writer(repository, index, small_packs(), {});
  for (const Sample& blob : blobs) writer.save(blob.kind, blob.plain.view());
  for (std::size_t packs = 0;
       packs == 0 || packs != repository.backend().list(FileKind::pack).size();
       std::this_thread::sleep_for(std::chrono::milliseconds(20))) {
    packs = repository.backend().list(FileKind::pack).size();
  }
}

TEST(AdoptUnindexedPacks, SavesTheWorkOfAKilledRun) {
  MemBackend store;
  const auto repository = test::create_in(store);
  be_killed(*repository, samples());
  ASSERT_TRUE(store.list(FileKind::index).empty());
  const auto index = load_index(*repository, {});
  EXPECT_EQ(adopt_unindexed_packs(*repository, *index, test::alone, {}).adopted.size(),
            store.list(FileKind::pack).size());
  EXPECT_GT(index->blob_count(), 0U);
  EXPECT_EQ(adopt_unindexed_packs(*repository, *index, test::alone, {}).adopted.size(), 0U);
  EXPECT_EQ(load_index(*repository, {})->blob_count(), index->blob_count());
  expect_consistent(store);
}

TEST(AdoptUnindexedPacks, LeavesThoseAloneThatMayBeAnotherRuns) {
  MemBackend store;
  const auto repository = test::create_in(store);
  be_killed(*repository, samples());
  Index index;
  EXPECT_EQ(adopt_unindexed_packs(*repository, index, [] { return false; }, {}).adopted.size(), 0U);
  EXPECT_EQ(index.blob_count(), 0U);
  EXPECT_TRUE(store.list(FileKind::index).empty());
}

TEST(AdoptUnindexedPacks, LeavesUnusablePacksAlone) {
  MemBackend store;
  const auto repository = test::create_in(store);
  be_killed(*repository, samples());
  const std::vector<ListedFile> packs = store.list(FileKind::pack);
  ASSERT_GE(packs.size(), 2U);
  test::damage(store, {.kind = FileKind::pack, .id = packs[0].id});
  Buffer noise = test::content(1, 500, false);
  const FileRef foreign{.kind = FileKind::pack, .id = sha256(noise.view())};
  store.save(foreign, std::move(noise));
  store.save({.kind = FileKind::pack, .id = sha256({})}, Buffer());
  Index index;
  EXPECT_EQ(adopt_unindexed_packs(*repository, index, test::alone, {}).adopted.size(),
            packs.size() - 1);
  EXPECT_FALSE(index.contains_pack(packs[0].id));
  EXPECT_EQ(store.list(FileKind::pack).size(), packs.size() + 2);
}

TEST(AdoptUnindexedPacks, LeavesPacksWithNothingNewAlone) {
  MemBackend store;
  const auto repository = test::create_in(store);
  be_killed(*repository, samples());
  write_samples(*repository);
  for (const ListedFile& file : store.list(FileKind::index)) {
    store.remove({.kind = FileKind::index, .id = file.id});
  }
  Index index;
  const std::size_t first =
      adopt_unindexed_packs(*repository, index, test::alone, {}).adopted.size();
  be_killed(*repository, samples());
  EXPECT_GT(first, 0U);
  EXPECT_EQ(adopt_unindexed_packs(*repository, index, test::alone, {}).adopted.size(), 0U);
}

}  // namespace
}  // namespace medsave
