#include "blob_transfer.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/key.hpp"
#include "medsave/crypto/seal.hpp"
#include "medsave/crypto/sha256.hpp"

#include <cstring>

namespace medsave {

BlobTransfer::BlobTransfer(const CopySource& source, const Repository& target, BlobWriter& writer,
                           bool keep_frames, bool verify)
    : source_(source),
      target_(target),
      writer_(writer),
      reader_(source.repository, source.index),
      keep_frames_(keep_frames && target.config().version >= 2),
      verify_(verify) {}

bool BlobTransfer::transfer(const PackEntry& entry, ByteView sealed) {
  if (!open(entry, sealed)) return false;
  if (entry.compressed() && keep_frames_) {
    store_frame(entry);
  } else {
    writer_.save({.kind = entry.kind, .id = entry.id}, plain_.view());
  }
  return true;
}

std::optional<Error> BlobTransfer::transfer_any_copy(const BlobRef& blob) {
  try {
    reader_.load(blob, plain_);
  } catch (const Error& e) {
    if (is_fatal(e)) throw;
    return e;
  }
  writer_.save(blob, plain_.view());
  return std::nullopt;
}

bool BlobTransfer::open(const PackEntry& entry, ByteView sealed) {
  try {
    if (entry.compressed()) {
      open_sealed(source_.repository.key(), sealed, frame_);
      decompressor_.decompress_exactly(frame_.view(), entry.plain_length, plain_);
    } else {
      open_sealed(source_.repository.key(), sealed, plain_);
    }
  } catch (const Error& e) {
    if (e.code() != Errc::corrupt) throw;
    return false;
  }
  return sha256(plain_.view()) == entry.id;
}

void BlobTransfer::store_frame(const PackEntry& entry) {
  sealed_.clear();
  seal(target_.key(), frame_.view(), sealed_, target_.random());
  if (verify_) {
    open_sealed(target_.key(), sealed_.view(), again_);
    if (again_.size() != frame_.size() ||
        std::memcmp(again_.data(), frame_.data(), frame_.size()) != 0) {
      throw Error(Errc::internal,
                  format_text(_("blob {} did not survive encryption, so it was not stored; this "
                                "computer's memory or processor is faulty: test it"),
                              entry.id.short_hex()));
    }
  }
  writer_.save_sealed_again({.kind = entry.kind,
                             .id = entry.id,
                             .stored_length = static_cast<std::uint32_t>(sealed_.size()),
                             .plain_length = entry.plain_length},
                            sealed_.view());
}

}  // namespace medsave
