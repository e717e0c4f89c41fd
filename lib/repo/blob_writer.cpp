#include "medsave/repo/blob_writer.hpp"

#include "blob_sealer.hpp"
#include "pack_builder.hpp"
#include "pack_store.hpp"

#include "medsave/base/error.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/par/task_scope.hpp"

#include <array>
#include <mutex>
#include <unordered_set>
#include <utility>

namespace medsave {
namespace {

constexpr std::size_t kOpenPacks = 2;  // of each kind; repository format, "How packs are filled"

struct BlobRefHash {
  std::size_t operator()(const BlobRef& blob) const noexcept { return std::hash<Id>()(blob.id); }
};

/// Blobs that somebody has undertaken to store and the index does not know yet. Thread-safe.
class Claims {
 public:
  /// False when the blob is claimed already.
  bool claim(const BlobRef& blob) {
    const std::lock_guard lock(mutex_);
    return claimed_.insert(blob).second;
  }
  void release(const BlobRef& blob) {
    const std::lock_guard lock(mutex_);
    claimed_.erase(blob);
  }
  void release(const std::vector<PackEntry>& blobs) {
    const std::lock_guard lock(mutex_);
    for (const PackEntry& blob : blobs) claimed_.erase({.kind = blob.kind, .id = blob.id});
  }
  bool holds(const BlobRef& blob) {
    const std::lock_guard lock(mutex_);
    return claimed_.contains(blob);
  }

 private:
  std::mutex mutex_;  // guards claimed_
  std::unordered_set<BlobRef, BlobRefHash> claimed_;
};

struct OpenPack {
  explicit OpenPack(std::uint64_t target) : builder(target) {}
  std::mutex mutex;  // guards builder
  PackBuilder builder;
};

std::uint32_t entry_size(const PackEntry& entry) {
  return entry.compressed() ? kPackEntrySizeCompressed : kPackEntrySize;
}

}  // namespace

struct BlobWriter::State {
  State(const Repository& the_repository, Index& the_index, const BlobWriterOptions& the_options,
        std::stop_token the_stop)
      : repository(the_repository),
        index(the_index),
        options(the_options),
        stop(std::move(the_stop)),
        sealers(repository, options.compression, options.extra_verify),
        store(repository, options.index_interval, [this](const IndexedPack& pack) {
          // In this order: a blob is always seen in one of the two.
          index.add_pack(pack);
          claims.release(pack.blobs);
        }) {}

  SavedBlob save_new(const BlobRef& blob, ByteView plain);
  void place(const PackEntry& entry, ByteView sealed);
  FinishedPack complete(PackBuilder builder);
  void finish();
  void count(const PackEntry& entry, std::size_t plain_bytes);

  using Set = std::array<OpenPack, kOpenPacks>;

  const Repository& repository;
  Index& index;
  const BlobWriterOptions options;
  const std::stop_token stop;
  std::atomic<std::uint64_t> data_blobs = 0;
  std::atomic<std::uint64_t> tree_blobs = 0;
  std::atomic<std::uint64_t> plain_bytes = 0;
  std::atomic<std::uint64_t> packed_bytes = 0;
  Claims claims;
  SealerPool sealers;
  Set data_packs = {OpenPack(options.pack_size), OpenPack(options.pack_size)};
  Set tree_packs = {OpenPack(options.pack_size), OpenPack(options.pack_size)};
  PackStore store;  // last: its threads use index and claims
};

SavedBlob BlobWriter::State::save_new(const BlobRef& blob, ByteView plain) {
  SealerPool::Loan sealer(sealers);
  const PackEntry entry = sealer->seal_blob(blob, plain);
  place(entry, sealer->sealed());
  count(entry, plain.size());
  return {.id = blob.id, .is_new = true, .stored_length = entry.stored_length + entry_size(entry)};
}

void BlobWriter::State::place(const PackEntry& entry, ByteView sealed) {
  PackBuilder finished(options.pack_size);
  if (sealed.size() >= options.pack_size) {
    finished.add(entry, sealed);
  } else {
    Set& set = entry.kind == BlobKind::data ? data_packs : tree_packs;
    OpenPack& pack = set[system_random().below(kOpenPacks)];
    const std::lock_guard lock(pack.mutex);
    pack.builder.add(entry, sealed);
    if (!pack.builder.full()) return;
    finished = std::exchange(pack.builder, PackBuilder(options.pack_size));
  }
  packed_bytes += kPackTrailer;
  store.add(complete(std::move(finished)), stop);
}

FinishedPack BlobWriter::State::complete(PackBuilder builder) {
  builder.complete(repository.key(), system_random());
  return {.bytes = std::move(builder.bytes()), .entries = std::move(builder.entries())};
}

void BlobWriter::State::finish() {
  for (Set* set : {&data_packs, &tree_packs}) {
    PackBuilder& first = (*set)[0].builder;
    PackBuilder& second = (*set)[1].builder;
    if (first.has_room_for(second)) first.merge(std::move(second));
    for (OpenPack& pack : *set) {
      if (pack.builder.empty()) continue;
      store.add_last(complete(std::exchange(pack.builder, PackBuilder(options.pack_size))));
    }
  }
  store.finish();
}

void BlobWriter::State::count(const PackEntry& entry, std::size_t bytes) {
  ++(entry.kind == BlobKind::data ? data_blobs : tree_blobs);
  plain_bytes += bytes;
  packed_bytes += entry.stored_length + entry_size(entry);
}

BlobWriter::BlobWriter(const Repository& repository, Index& index, const BlobWriterOptions& options,
                       std::stop_token stop)
    : state_(std::make_unique<State>(repository, index, options, std::move(stop))) {}

BlobWriter::~BlobWriter() = default;

SavedBlob BlobWriter::save(BlobKind kind, ByteView plain) {
  return save(BlobRef{.kind = kind, .id = sha256(plain)}, plain);
}

SavedBlob BlobWriter::save(const BlobRef& blob, ByteView plain) {
  State& state = *state_;
  check_stop(state.stop);
  state.store.check();
  const SavedBlob known{.id = blob.id};
  if (state.index.contains(blob) || !state.claims.claim(blob)) return known;
  // The pack of a claim that ended meanwhile is in the index by now.
  if (state.index.contains(blob)) {
    state.claims.release(blob);
    return known;
  }
  try {
    return state.save_new(blob, plain);
  } catch (const Interrupted&) {  // the blob is in a pack, which finish() stores
    throw;
  } catch (...) {
    // Others were told that this blob is taken care of, so nobody may go on.
    state.store.fail(std::current_exception());
    throw;
  }
}

SavedBlob BlobWriter::save_again(const BlobRef& blob, ByteView plain) {
  check_stop(state_->stop);
  state_->store.check();
  return state_->save_new(blob, plain);
}

void BlobWriter::save_sealed_again(const PackEntry& entry, ByteView sealed) {
  check_stop(state_->stop);
  state_->store.check();
  state_->place(entry, sealed);
  state_->count(entry, entry.compressed() ? entry.plain_length : sealed.size() - kSealOverhead);
}

bool BlobWriter::knows(const BlobRef& blob) const {
  return state_->claims.holds(blob) || state_->index.contains(blob);
}

void BlobWriter::finish() {
  state_->store.check();
  try {
    state_->finish();
  } catch (...) {  // a second call must not pass for success
    state_->store.fail(std::current_exception());
    throw;
  }
}

BlobWriterStats BlobWriter::stats() const {
  return {.data_blobs = state_->data_blobs,
          .tree_blobs = state_->tree_blobs,
          .plain_bytes = state_->plain_bytes,
          .packed_bytes = state_->packed_bytes};
}

}  // namespace medsave
