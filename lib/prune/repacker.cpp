#include "repacker.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/repo/pack_range.hpp"

#include <algorithm>

namespace medsave {
namespace {

// Needed blobs this close to each other are read with one request.
constexpr PackRangeLimits kOneRequest = {.gap = 256ULL << 10U, .length = 8ULL << 20U};

}  // namespace

/// One call of repack(): threads that each take the next pack.
class Repacker::Run {
 public:
  Run(Repacker& owner, const std::vector<Id>& packs, BlobWriter& writer, Progress& progress)
      : owner_(owner),
        packs_(packs),
        writer_(writer),
        reader_(owner.repository_, owner.index_),
        progress_(progress) {}

  void work(const std::stop_token& stop) {
    Buffer bytes;
    Buffer plain;
    for (std::size_t n = next_++; n < packs_.size(); n = next_++) {
      copy_pack(packs_[n], bytes, plain, stop);
      ++progress_.done_items;
    }
  }

 private:
  void copy_pack(const Id& pack, Buffer& bytes, Buffer& plain, const std::stop_token& stop) {
    std::vector<PackEntry> wanted = owner_.index_.pack_entries(pack);
    std::erase_if(wanted, [&](const PackEntry& entry) {
      const auto number = owner_.index_.blob_number({.kind = entry.kind, .id = entry.id});
      return !number || !owner_.used_.contains(*number) || !owner_.safe_.mark(*number);
    });
    for (auto first = wanted.cbegin(); first != wanted.cend();) {
      check_stop(stop);
      PackRange range(first->offset, first->stored_length);
      auto end = std::next(first);
      while (end != wanted.cend() && range.add(end->offset, end->stored_length, kOneRequest)) ++end;
      // Where the bytes cannot be had, each blob comes from wherever it can be found.
      const bool read = range.load(owner_.repository_, pack, bytes);
      for (auto entry = first; entry != end; ++entry) {
        check_stop(stop);
        const ByteView sealed =
            read ? range.blob(bytes, entry->offset, entry->stored_length) : ByteView();
        copy_blob(*entry, sealed, plain);
        progress_.done_bytes += entry->stored_length;
      }
      first = end;
    }
  }

  void copy_blob(const PackEntry& entry, ByteView sealed, Buffer& plain) {
    const BlobRef blob{.kind = entry.kind, .id = entry.id};
    if (!verify(blob, entry, sealed, plain)) {
      reader_.load(blob, plain);
      writer_.save_again(blob, plain.view());
    } else if (shall_compress(entry)) {
      writer_.save_again(blob, plain.view());
    } else {
      writer_.save_sealed_again(entry, sealed);
    }
  }

  bool verify(const BlobRef& blob, const PackEntry& entry, ByteView sealed, Buffer& plain) {
    if (sealed.empty()) return false;
    try {
      open_blob(owner_.repository_, blob, sealed, entry.plain_length, plain);
    } catch (const Error& e) {
      if (e.code() != Errc::corrupt) throw;
      return false;
    }
    return true;
  }

  [[nodiscard]] bool shall_compress(const PackEntry& entry) const {
    if (entry.compressed() || owner_.repository_.config().version < 2) return false;
    return entry.kind == BlobKind::tree || owner_.compress_data_;
  }

  Repacker& owner_;
  const std::vector<Id>& packs_;
  BlobWriter& writer_;
  const BlobReader reader_;
  Progress& progress_;
  std::atomic<std::size_t> next_ = 0;
};

Repacker::Repacker(const Repository& repository, Index& index, const BlobMarks& used, bool compress)
    : repository_(repository), index_(index), used_(used), compress_data_(compress), safe_(index) {}

void Repacker::keep(const Id& pack) {
  for (const PackEntry& entry : index_.pack_entries(pack)) {
    const auto number = index_.blob_number({.kind = entry.kind, .id = entry.id});
    if (number && used_.contains(*number)) safe_.mark(*number);
  }
}

void Repacker::repack(const std::vector<Id>& packs, const BlobWriterOptions& options,
                      Progress& progress, const std::stop_token& stop) {
  BlobWriterOptions chosen = options;
  // What does not shrink would be found uncompressed, and repacked, for ever.
  chosen.always_compress = compress_data_;
  chosen.progress = &progress;
  BlobWriter writer(repository_, index_, chosen, stop);
  Run run(*this, packs, writer, progress);
  const unsigned wanted = std::max(worker_count(), repository_.backend().connections());
  TaskScope scope(stop);
  scope.spawn("repack", static_cast<unsigned>(std::min<std::size_t>(wanted, packs.size())),
              [&](const std::stop_token& token) { run.work(token); });
  scope.join();
  progress.all_read = true;
  writer.finish();
  progress.all_read = false;
}

void Repacker::require_complete() const {
  if (safe_.count() == used_.count()) return;
  throw Error(Errc::internal,
              _("not every needed blob has been stored again, so nothing was removed; please "
                "report this"));
}

}  // namespace medsave
