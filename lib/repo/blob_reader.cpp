#include "medsave/repo/blob_reader.hpp"

#include "medsave/backend/cache_backend.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/seal.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/format/compression.hpp"

#include <utility>

namespace medsave {
namespace {

struct Scratch {
  Decompressor decompressor;
  Buffer sealed;
  Buffer compressed;

  static Scratch& of_this_thread() {
    thread_local Scratch scratch;
    return scratch;
  }
};

void read_copy(const Repository& repository, const BlobRef& blob, const BlobLocation& at,
               Buffer& plain) {
  Buffer& sealed = Scratch::of_this_thread().sealed;
  const FileRef pack{.kind = FileKind::pack, .id = at.pack};
  repository.backend().load_range(pack, at.offset, at.stored_length, sealed);
  try {
    open_blob(repository, blob, sealed.view(), at.plain_length, plain);
  } catch (const Error& e) {
    throw damaged_at(at, e);
  }
}

/// The failure, unless the copy could be loaded.
std::optional<Error> try_copy(const Repository& repository, const BlobRef& blob,
                              const BlobLocation& at, Buffer& plain) {
  try {
    load_copy(repository, blob, at, plain);
    return std::nullopt;
  } catch (const Error& e) {
    if (is_fatal(e)) throw;
    return e;
  }
}

/// Whether another reading will not help.
bool is_lost(const Error& failure) {
  return failure.code() == Errc::corrupt || failure.code() == Errc::not_found;
}

}  // namespace

void decode_blob(const Repository& repository, ByteView sealed, std::uint32_t plain_length,
                 Buffer& plain) {
  if (plain_length == 0) {
    open_sealed(repository.key(), sealed, plain);
    return;
  }
  Scratch& scratch = Scratch::of_this_thread();
  open_sealed(repository.key(), sealed, scratch.compressed);
  scratch.decompressor.decompress_exactly(scratch.compressed.view(), plain_length, plain);
}

void open_blob(const Repository& repository, const BlobRef& blob, ByteView sealed,
               std::uint32_t plain_length, Buffer& plain) {
  decode_blob(repository, sealed, plain_length, plain);
  if (sha256(plain.view()) != blob.id) {
    throw Error(Errc::corrupt, _("its content does not fit its name"));
  }
}

Error damaged_at(const BlobLocation& at, const Error& why) {
  if (why.code() != Errc::corrupt) return why;
  return {Errc::corrupt,
          format_text(_("{} is damaged at byte {} ({})"),
                      describe({.kind = FileKind::pack, .id = at.pack}), at.offset, why.what())};
}

void load_copy(const Repository& repository, const BlobRef& blob, const BlobLocation& at,
               Buffer& plain) {
  CacheBackend* cache = repository.cache();
  if (cache != nullptr && blob.kind == BlobKind::tree) cache->note_tree_pack(at.pack);
  try {
    read_copy(repository, blob, at, plain);
    return;
  } catch (const Error& e) {
    if (e.code() != Errc::corrupt) throw;
  }
  repository.forget_cached({.kind = FileKind::pack, .id = at.pack});
  read_copy(repository, blob, at, plain);
}

void BlobReader::load(const BlobRef& blob, Buffer& plain) const {
  const std::optional<BlobLocation> first = index_.find(blob);
  if (!first) {
    throw Error(
        Errc::not_found,
        format_text(_("no index file lists blob {}; run \"medsave check\" to see what is affected"),
                    blob.id.short_hex()));
  }
  std::optional<Error> failure = try_copy(repository_, blob, *first, plain);
  if (!failure) return;
  for (const BlobLocation& at : index_.find_all(blob)) {
    if (at.pack == first->pack && at.offset == first->offset) continue;
    std::optional<Error> other = try_copy(repository_, blob, at, plain);
    if (!other) return;
    // What may pass must not be hidden by a copy that is lost: nobody may give the blob up then.
    if (is_lost(*failure)) failure = std::move(other);
  }
  if (failure->code() == Errc::permission) {  // no damage, of which check would tell more
    throw Error(failure->code(), format_text(_("blob {} cannot be read: {}"), blob.id.short_hex(),
                                             without_stop(failure->what())));
  }
  const bool found_out = is_lost(*failure);
  throw Error(failure->code(),
              format_text(found_out ? _("blob {} cannot be read, since {}; run \"medsave check "
                                        "--read-data\" to see what is affected")
                                    : _("blob {} cannot be read: {}; run \"medsave check "
                                        "--read-data\" to see what is affected"),
                          blob.id.short_hex(), without_stop(failure->what())));
}

}  // namespace medsave
