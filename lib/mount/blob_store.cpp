#include "blob_store.hpp"

#include "medsave/base/error.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace medsave {
namespace {

constexpr std::size_t kLargestRead = 1U << 20;  // bytes; a reader may have to wait for one
constexpr std::size_t kLargestGap = 16U << 10;  // bytes; a smaller gap is read too
constexpr std::size_t kMostWaiting = 64;        // batches; beyond that the oldest is dropped
constexpr unsigned kMostThreads = 4;

std::uint64_t end_of(const BlobLocation& at) { return std::uint64_t{at.offset} + at.stored_length; }

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
  for (Piece& piece : pieces) {
    const Piece* const last = out.empty() ? nullptr : &out.back().back();
    const bool joins = last != nullptr && last->at.pack == piece.at.pack &&
                       piece.at.offset <= end_of(last->at) + kLargestGap &&
                       end_of(piece.at) - out.back().front().at.offset <= kLargestRead;
    if (!joins) out.emplace_back();
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
  std::size_t done = 0;
  try {
    Buffer sealed;
    const std::uint64_t start = batch.front().at.offset;
    reader_.repository().backend().load_range(
        {.kind = FileKind::pack, .id = batch.front().at.pack}, start,
        static_cast<std::size_t>(end_of(batch.back().at) - start), sealed);
    for (; done < batch.size(); ++done) {
      const Piece& piece = batch[done];
      auto plain = std::make_shared<Buffer>();
      open_blob(reader_.repository(), {.kind = BlobKind::data, .id = piece.id},
                sealed.view().subspan(static_cast<std::size_t>(piece.at.offset - start),
                                      piece.at.stored_length),
                piece.at.plain_length, *plain);
      const std::size_t bytes = plain->capacity();
      blobs_.fulfil(piece.id, {.value = std::move(plain), .weight = bytes});
    }
  } catch (...) {  // whoever wants the rest tries every copy, and hears what is wrong
    for (; done < batch.size(); ++done) blobs_.abandon(batch[done].id);
  }
}

}  // namespace medsave
