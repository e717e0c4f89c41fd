#include "medsave/repo/blob_writer.hpp"

#include "blob_sealer.hpp"
#include "open_packs.hpp"
#include "pack_store.hpp"

#include "medsave/base/error.hpp"
#include "medsave/par/task_scope.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <utility>

namespace medsave {
namespace {

struct BlobRefHash {
  std::size_t operator()(const BlobRef& blob) const noexcept { return std::hash<Id>()(blob.id); }
};

/// Blobs that a caller is storing and that the index does not know yet. Thread-safe.
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

std::uint64_t packed_size(const std::vector<PackEntry>& entries) {
  std::uint64_t sum = 0;
  for (const PackEntry& entry : entries)
    sum += entry.stored_length + pack_entry_size(entry.compressed());
  return sum;
}

}  // namespace

struct BlobWriter::State final : BlobSealer::Packs {
  State(const Repository& the_repository, Index& the_index, const BlobWriterOptions& the_options,
        std::stop_token the_stop)
      : repository(the_repository),
        index(the_index),
        options(the_options),
        stop(std::move(the_stop)),
        sealers(repository, options.compression, options.extra_verify, *this),
        store(repository, options.index_interval, [this](const IndexedPack& pack, Buffer memory) {
          // In this order: at any time a blob is in the index or claimed.
          index.add_pack(pack);
          claims.release(pack.blobs);
          packs_of(pack.blobs.front().kind).stored(std::move(memory));
          if (options.progress == nullptr) return;
          options.progress->sent_bytes += packed_size(pack.blobs);
          options.progress->queued_bytes -= packed_size(pack.blobs);
        }) {}

  /// Whether the caller is to store the blob: it is in no pack, and no other caller is storing it.
  bool claim(const BlobRef& blob);
  SavedBlob save(BlobSealer& sealer, const BlobRef& blob, ByteView plain);
  SavedBlob save_new(BlobSealer& sealer, const PreparedBlob& blob);
  /// Runs `work`; when it fails, every later call fails too: other callers were told that
  /// the blobs claimed here will be stored.
  template <typename Work>
  auto or_fail(const Work& work);
  OpenPacks& packs_of(BlobKind kind) { return kind == BlobKind::data ? data_packs : tree_packs; }
  OpenPacks::Reservation reserve(const PackEntry& entry) override {
    return packs_of(entry.kind).reserve(entry);
  }
  void commit(BlobKind kind, const OpenPacks::Reservation& reservation) override;
  void hash_alongside(Sha256Job& job) override { data_packs.hash_alongside(job); }
  [[nodiscard]] std::optional<LeastGain> least_gain() const override {
    if (repository.config().version < 2) return std::nullopt;
    if (options.always_compress) return LeastGain::nothing;
    return options.spare_processor && store.target_waits() ? LeastGain::a_sixth
                                                           : LeastGain::anything;
  }
  void finish();
  void queue(const FinishedPack& pack) const {
    if (options.progress != nullptr) options.progress->queued_bytes += packed_size(pack.entries);
  }
  void count(const PackEntry& entry, std::size_t plain_bytes);

  const Repository& repository;
  Index& index;
  const BlobWriterOptions options;
  const std::stop_token stop;
  bool finishing = false;  // finish() was called, which an interruption does not stop
  std::atomic<std::uint64_t> data_blobs = 0;
  std::atomic<std::uint64_t> tree_blobs = 0;
  std::atomic<std::uint64_t> plain_bytes = 0;
  std::atomic<std::uint64_t> packed_bytes = 0;
  Claims claims;
  SealerPool sealers;
  OpenPacks data_packs = {repository, options.pack_size};
  OpenPacks tree_packs = {repository, options.pack_size};
  PackStore store;  // last: its threads use index and claims
};

template <typename Work>
auto BlobWriter::State::or_fail(const Work& work) {
  try {
    return work();
  } catch (const Interrupted&) {  // what was sealed is kept, and finish() stores it
    throw;
  } catch (...) {
    store.fail(std::current_exception());
    throw;
  }
}

bool BlobWriter::State::claim(const BlobRef& blob) {
  if (index.contains(blob) || !claims.claim(blob)) return false;
  // Another caller may have stored it, and released its claim, between the two look-ups above.
  if (!index.contains(blob)) return true;
  claims.release(blob);
  return false;
}

SavedBlob BlobWriter::State::save(BlobSealer& sealer, const BlobRef& blob, ByteView plain) {
  if (!claim(blob)) return {.id = blob.id};
  return save_new(sealer, sealer.prepare(blob, plain));
}

SavedBlob BlobWriter::State::save_new(BlobSealer& sealer, const PreparedBlob& blob) {
  const PackEntry entry = sealer.seal(blob);
  count(entry, blob.plain.size());
  return {.id = blob.ref.id,
          .is_new = true,
          .stored_length = entry.stored_length + pack_entry_size(entry.compressed())};
}

void BlobWriter::State::commit(BlobKind kind, const OpenPacks::Reservation& reservation) {
  std::optional<FinishedPack> finished = packs_of(kind).commit(reservation);
  if (!finished) return;
  packed_bytes += kPackTrailer;
  queue(*finished);
  store.add(std::move(*finished), finishing ? std::stop_token() : stop);
}

void BlobWriter::State::finish() {
  finishing = true;
  sealers.finish();
  for (OpenPacks* packs : {&data_packs, &tree_packs}) {
    for (FinishedPack& pack : packs->finish()) {
      queue(pack);
      store.add_last(std::move(pack));
    }
  }
  store.finish();
}

void BlobWriter::State::count(const PackEntry& entry, std::size_t bytes) {
  ++(entry.kind == BlobKind::data ? data_blobs : tree_blobs);
  plain_bytes += bytes;
  packed_bytes += entry.stored_length + pack_entry_size(entry.compressed());
  if (options.progress == nullptr) return;
  options.progress->new_bytes += bytes;
  options.progress->packed_bytes += entry.stored_length + pack_entry_size(entry.compressed());
}

BlobWriter::BlobWriter(const Repository& repository, Index& index, const BlobWriterOptions& options,
                       std::stop_token stop)
    : state_(std::make_unique<State>(repository, index, options, std::move(stop))) {}

BlobWriter::~BlobWriter() = default;

SavedBlob BlobWriter::save(BlobKind kind, ByteView plain) {
  check_stop(state_->stop);
  state_->store.check();
  return state_->or_fail([&] {
    SealerPool::Lease sealer(state_->sealers);
    const Id id = sealer->hash(plain);
    return state_->save(*sealer, {.kind = kind, .id = id}, plain);
  });
}

SavedBlob BlobWriter::save(const BlobRef& blob, ByteView plain) {
  check_stop(state_->stop);
  state_->store.check();
  return state_->or_fail([&] {
    SealerPool::Lease sealer(state_->sealers);
    return state_->save(*sealer, blob, plain);
  });
}

SavedBlob BlobWriter::save_prepared(const PreparedBlob& blob) {
  check_stop(state_->stop);
  state_->store.check();
  return state_->or_fail([&]() -> SavedBlob {
    if (!state_->claim(blob.ref)) return {.id = blob.ref.id};
    SealerPool::Lease sealer(state_->sealers);
    return state_->save_new(*sealer, blob);
  });
}

std::optional<LeastGain> BlobWriter::least_gain() const { return state_->least_gain(); }

SavedBlob BlobWriter::save_again(const BlobRef& blob, ByteView plain) {
  check_stop(state_->stop);
  state_->store.check();
  return state_->or_fail([&] {
    SealerPool::Lease sealer(state_->sealers);
    return state_->save_new(*sealer, sealer->prepare(blob, plain));
  });
}

void BlobWriter::save_sealed_again(const PackEntry& entry, ByteView sealed) {
  check_stop(state_->stop);
  state_->store.check();
  const OpenPacks::Reservation reservation = state_->reserve(entry);
  std::ranges::copy(sealed, reservation.bytes.begin());
  state_->commit(entry.kind, reservation);
  state_->count(entry, entry.content_length());
}

bool BlobWriter::knows(const BlobRef& blob) const {
  return state_->claims.holds(blob) || state_->index.contains(blob);
}

void BlobWriter::finish() {
  state_->store.check();
  try {
    state_->finish();
  } catch (...) {  // a second call must fail as well
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

std::vector<Id> BlobWriter::stored_packs() const { return state_->store.stored(); }

}  // namespace medsave
