#include "blob_sealer.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/key.hpp"
#include "medsave/crypto/sha256.hpp"

#include <limits>

namespace medsave {
namespace {

constexpr std::size_t kNonceSize = 16;
// zstd may add a little to what it cannot shrink.
constexpr std::size_t kMaxPlain = std::numeric_limits<std::uint32_t>::max() - (32U << 20U);

}  // namespace

PackEntry BlobSealer::seal_blob(const BlobRef& blob, ByteView plain) {
  if (plain.empty()) throw Error(Errc::internal, _("an empty blob cannot be stored"));
  if (plain.size() > kMaxPlain) {
    throw Error(Errc::unsupported,
                format_text(_("blob {} is too large ({} bytes) for the repository format"),
                            blob.id.short_hex(), plain.size()));
  }
  sealed_.clear();
  sealed_.resize(kNonceSize);
  const bool compressed = compress(blob.kind, plain);
  if (!compressed) sealed_.append(plain);
  seal_in_place(repository_.key(), sealed_, 0, system_random());
  PackEntry entry{.kind = blob.kind,
                  .id = blob.id,
                  .offset = 0,
                  .stored_length = static_cast<std::uint32_t>(sealed_.size()),
                  .plain_length = compressed ? static_cast<std::uint32_t>(plain.size()) : 0};
  if (verify_) verify(blob, entry);
  return entry;
}

/// Appends the frame to sealed_, unless the blob is to be stored as it is.
bool BlobSealer::compress(BlobKind kind, ByteView plain) {
  if (repository_.config().version < 2) return false;
  if (kind == BlobKind::data) return compressor_.compress(plain, sealed_);
  compressor_.compress_always(plain, sealed_);
  return true;
}

void BlobSealer::verify(const BlobRef& blob, const PackEntry& entry) {
  bool same = false;
  try {
    open_sealed(repository_.key(), sealed_.view(), opened_);
    if (entry.compressed()) {
      decompressor_.decompress_exactly(opened_.view(), entry.plain_length, plain_);
    }
    same = sha256(entry.compressed() ? plain_.view() : opened_.view()) == blob.id;
  } catch (const Error& e) {
    if (e.code() != Errc::corrupt) throw;
  }
  if (same) return;
  throw Error(Errc::internal,
              format_text(_("blob {} changed between reading and encrypting, so the backup was "
                            "stopped; this computer's memory or processor is faulty: test it"),
                          blob.id.short_hex()));
}

void BlobSealer::release_much() {
  constexpr std::size_t kWorthKeeping = std::size_t{4} << 20;  // most blobs are smaller
  for (Buffer* buffer : {&sealed_, &opened_, &plain_}) {
    if (buffer->capacity() > kWorthKeeping) *buffer = Buffer();
  }
}

std::unique_ptr<BlobSealer> SealerPool::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<BlobSealer> sealer = std::move(idle_.back());
      idle_.pop_back();
      return sealer;
    }
  }
  return std::make_unique<BlobSealer>(repository_, level_, verify_);
}

void SealerPool::give_back(std::unique_ptr<BlobSealer> sealer) noexcept {
  sealer->release_much();
  try {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(sealer));
  } catch (...) {  // no memory to remember it: it just ends
  }
}

}  // namespace medsave
