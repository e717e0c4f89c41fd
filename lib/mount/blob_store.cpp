#include "blob_store.hpp"

#include "medsave/repo/pack_range.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

namespace medsave {
namespace {

// A reader may have to wait for one request.
constexpr PackRangeLimits kOneRequest = {.gap = 16U << 10, .length = 1U << 20};
// What is left of a batch fits into that length, whatever lies in between.
constexpr PackRangeLimits kRestOfBatch = {.gap = kOneRequest.length, .length = kOneRequest.length};
constexpr std::size_t kMostWaiting = 64;  // batches; beyond that the oldest is dropped
constexpr unsigned kMostThreads = 4;

}  // namespace

BlobStore::BlobStore(const BlobReader& reader, std::size_t capacity)
    : reader_(reader), blobs_(capacity), scope_(std::stop_token()) {
  scope_.spawn("prefetch", std::clamp(worker_count(), 2U, kMostThreads),
               [this](const std::stop_token& stop) { work(stop); });
}

BlobPointer BlobStore::get(const Id& id) {
  return blobs_.get(id, [&]() -> FlightCache<Id, Buffer>::Loaded {
    auto plain = std::make_shared<Buffer>();
    reader_.load({.kind = BlobKind::data, .id = id}, *plain);
    const std::size_t bytes = plain->capacity();
    return {.value = std::move(plain), .weight = bytes};
  });
}

std::vector<BlobStore::Batch> BlobStore::make_batches(const std::vector<Id>& ids) const {
  Batch pieces;
  for (std::size_t turn = 0; turn < ids.size(); ++turn) {
    if (blobs_.contains(ids[turn])) continue;
    const auto at = reader_.index().find({.kind = BlobKind::data, .id = ids[turn]});
    if (at) pieces.push_back({.id = ids[turn], .at = *at, .turn = turn});
  }
  std::ranges::sort(pieces, {}, [](const Piece& piece) {
    return std::tuple(piece.at.pack, piece.at.offset, piece.turn);
  });
  std::vector<Batch> out;
  std::optional<PackRange> range;  // of the last batch
  for (Piece& piece : pieces) {
    const BlobLocation& at = piece.at;
    const bool joins = range && out.back().front().at.pack == at.pack &&
                       range->add(at.offset, at.stored_length, kOneRequest);
    if (!joins) {
      range.emplace(at.offset, at.stored_length);
      out.emplace_back();
    }
    out.back().push_back(std::move(piece));
  }
  std::ranges::sort(
      out, {}, [](const Batch& batch) { return std::ranges::min(batch, {}, &Piece::turn).turn; });
  return out;
}

void BlobStore::prefetch(const std::vector<Id>& ids) {
  std::vector<Batch> batches = make_batches(ids);
  if (batches.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    for (Batch& batch : batches) waiting_.push_back(std::move(batch));
    while (waiting_.size() > kMostWaiting) waiting_.pop_front();
  }
  changed_.notify_all();
}

void BlobStore::work(const std::stop_token& stop) {
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [&] { return !waiting_.empty(); });
    if (stop.stop_requested()) return;
    Batch batch = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    load(std::move(batch));
  }
}

void BlobStore::load(Batch batch) noexcept {
  // Leaves out blobs that a reader or another batch has loaded.
  std::erase_if(batch, [&](const Piece& piece) { return !blobs_.claim(piece.id); });
  if (batch.empty()) return;
  const BlobLocation& first = batch.front().at;
  PackRange range(first.offset, first.stored_length);
  for (const Piece& piece : batch) range.add(piece.at.offset, piece.at.stored_length, kRestOfBatch);
  std::size_t done = 0;
  try {
    Buffer sealed;
    const bool loaded = range.load(reader_.repository(), first.pack, sealed);
    for (; loaded && done < batch.size(); ++done) {
      const Piece& piece = batch[done];
      auto plain = std::make_shared<Buffer>();
      open_blob(reader_.repository(), {.kind = BlobKind::data, .id = piece.id},
                range.blob(sealed, piece.at.offset, piece.at.stored_length), piece.at.plain_length,
                *plain);
      const std::size_t bytes = plain->capacity();
      blobs_.fulfil(piece.id, {.value = std::move(plain), .weight = bytes});
    }
  } catch (...) {  // whoever wants the rest tries every copy, and hears what is wrong
  }
  for (; done < batch.size(); ++done) blobs_.abandon(batch[done].id);
}

}  // namespace medsave
