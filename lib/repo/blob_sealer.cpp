#include "blob_sealer.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/key.hpp"
#include "medsave/crypto/seal.hpp"

#include <cstdint>

namespace medsave {
namespace {

// Sealed blobs that wait to be hashed. There should always be one, to be hashed side by side with
// the next plaintext.
constexpr std::size_t kMostWaiting = 4;
constexpr std::size_t kMostWaitingBytes = std::size_t{2} << 20;
constexpr std::size_t kWorthKeeping = std::size_t{2} << 20;  // bytes; most blobs are smaller
constexpr std::size_t kMostSpare = 3;                        // buffers

[[noreturn]] void throw_changed(const Id& blob) {
  throw Error(Errc::internal,
              format_text(_("blob {} changed between reading and encrypting, so the backup was "
                            "stopped; this computer's memory or processor is faulty: test it"),
                          blob.short_hex()));
}

}  // namespace

Id BlobSealer::hash(ByteView plain) {
  Sha256Job job(plain);
  while (!waiting_.empty() && !job.done()) {
    Sha256Job::advance_both(job, waiting_.front().job);
    if (waiting_.front().job.done()) commit_first();
  }
  packs_.hash_alongside(job);
  return job.finish();
}

PackEntry BlobSealer::seal(const PreparedBlob& blob) {
  check_blob_size(blob.ref, blob.plain);
  const bool compressed = !blob.frame.empty() && repository_.config().version >= 2;
  const ByteView content = compressed ? blob.frame : blob.plain;
  const PackEntry entry{
      .kind = blob.ref.kind,
      .id = blob.ref.id,
      .offset = 0,
      .stored_length = static_cast<std::uint32_t>(content.size() + kSealOverhead),
      .plain_length = compressed ? static_cast<std::uint32_t>(blob.plain.size()) : 0};
  OpenPacks::Reservation reservation = packs_.reserve(entry);
  seal_to(repository_.key(), content, reservation.bytes, repository_.random());
  if (verify_) {
    // Overwrites `frame_`: the compressed form that prepare() put there is sealed by now.
    Buffer opened = open_again(entry, reservation.bytes);
    const ByteView message = opened.view();
    waiting_.push_back({.entry = entry,
                        .reservation = std::move(reservation),
                        .opened = std::move(opened),
                        .job = Sha256Job(message)});
    while (too_many_wait()) verify_first();
  } else {
    packs_.commit(entry.kind, reservation);
  }
  if (frame_.capacity() > kWorthKeeping) frame_ = Buffer();
  return entry;
}

void BlobSealer::finish() {
  while (!waiting_.empty()) verify_first();
}

Buffer BlobSealer::open_again(const PackEntry& entry, ByteView sealed) {
  Buffer opened = take_buffer();
  try {
    if (entry.compressed()) {
      open_sealed(repository_.key(), sealed, frame_);
      decompressor_.decompress_exactly(frame_.view(), entry.plain_length, opened);
    } else {
      open_sealed(repository_.key(), sealed, opened);
    }
  } catch (const Error& e) {
    if (e.code() == Errc::corrupt) throw_changed(entry.id);
    throw;
  }
  return opened;
}

bool BlobSealer::too_many_wait() const {
  std::size_t bytes = 0;
  for (const Sealed& blob : waiting_) bytes += blob.opened.size();
  return waiting_.size() > kMostWaiting || (waiting_.size() > 1 && bytes > kMostWaitingBytes);
}

/// Verifies and commits the first blob that waits; the second one is hashed side by side with it.
void BlobSealer::verify_first() {
  if (waiting_.size() > 1) Sha256Job::advance_both(waiting_[0].job, waiting_[1].job);
  commit_first();
}

void BlobSealer::commit_first() {
  Sealed blob = std::move(waiting_.front());
  waiting_.pop_front();
  packs_.hash_alongside(blob.job);
  if (blob.job.finish() != blob.entry.id) throw_changed(blob.entry.id);
  packs_.commit(blob.entry.kind, blob.reservation);
  give_back(std::move(blob.opened));
}

Buffer BlobSealer::take_buffer() {
  if (spare_.empty()) return {};
  Buffer buffer = std::move(spare_.back());
  spare_.pop_back();
  return buffer;
}

void BlobSealer::give_back(Buffer buffer) {
  if (buffer.capacity() > kWorthKeeping || spare_.size() >= kMostSpare) return;
  buffer.clear();
  spare_.push_back(std::move(buffer));
}

void SealerPool::finish() {
  const std::lock_guard lock(mutex_);
  for (const std::unique_ptr<BlobSealer>& sealer : idle_) sealer->finish();
}

std::unique_ptr<BlobSealer> SealerPool::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<BlobSealer> sealer = std::move(idle_.front());
      idle_.pop_front();
      return sealer;
    }
  }
  return std::make_unique<BlobSealer>(repository_, level_, verify_, packs_);
}

void SealerPool::give_back(std::unique_ptr<BlobSealer> sealer) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(sealer));
  } catch (...) {  // no memory to keep it in the pool: the sealer is destroyed
  }
}

}  // namespace medsave
