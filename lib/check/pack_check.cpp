#include "pack_check.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/key.hpp"
#include "medsave/crypto/seal.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/repo/blob_reader.hpp"

#include <algorithm>
#include <utility>

namespace medsave {
void PackCheck::Verdict::add(const std::string& fault) {
  faults = faults.empty() ? fault : with_semicolon(faults, fault);
}

void PackCheck::run(std::vector<PackSummary> packs, const std::stop_token& stop) {
  packs_ = std::move(packs);
  std::uint64_t total = 0;
  for (const PackSummary& pack : packs_) {
    total += pack.size;
    largest_ = std::max(largest_, static_cast<std::size_t>(pack.size));
  }
  progress_.total_items.fetch_add(packs_.size());
  progress_.total_bytes.fetch_add(total);
  progress_.totals_final = true;

  // Each buffer holds a whole pack, so there are only as many as cores or connections, whichever
  // are more.
  const unsigned buffers = std::max(worker_count(), repository_.backend().connections());
  BoundedQueue<Buffer> spare(buffers);
  Queue loaded(buffers);
  for (unsigned i = 0; i < buffers; ++i) spare.push(Buffer(), stop);
  TaskScope scope(stop);
  scope.spawn(
      "fetch packs", repository_.backend().connections(),
      [&](const std::stop_token& token) { fetch(spare, loaded, token); }, [&] { loaded.close(); });
  scope.spawn("verify packs", worker_count(),
              [&](const std::stop_token& token) { verify(spare, loaded, token); });
  scope.join();
}

std::optional<Error> PackCheck::load(const PackSummary& pack, ReadFrom from,
                                     Buffer& content) const {
  try {
    repository_.load_pack(pack.id, pack.size, from, content);
    return std::nullopt;
  } catch (const Error& e) {
    if (is_fatal(e)) throw;
    content.clear();
    return e;
  }
}

void PackCheck::fetch(BoundedQueue<Buffer>& spare, Queue& loaded, const std::stop_token& stop) {
  for (std::size_t i = next_.fetch_add(1); i < packs_.size(); i = next_.fetch_add(1)) {
    std::optional<Buffer> buffer = spare.pop(stop);
    if (!buffer) return;
    buffer->reserve(largest_);  // once: growing by doubling would take twice that
    LoadedPack pack = {.number = i, .content = std::move(*buffer), .failure = {}};
    pack.failure = load(packs_[i], ReadFrom::repository, pack.content);
    if (!loaded.push(std::move(pack), stop)) return;
  }
}

void PackCheck::verify(BoundedQueue<Buffer>& spare, Queue& loaded, const std::stop_token& stop) {
  Buffer plain;
  while (std::optional<LoadedPack> pack = loaded.pop(stop)) {
    examine(*pack, plain, stop);
    spare.push(std::move(pack->content), stop);
  }
}

void PackCheck::examine(LoadedPack& pack, Buffer& plain, const std::stop_token& stop) {
  const PackSummary& summary = packs_[pack.number];
  Verdict verdict;
  judge(summary, pack, plain, verdict, stop);
  packs_read_.fetch_add(1);
  bytes_read_.fetch_add(pack.content.size());
  progress_.done_items.fetch_add(1);
  progress_.done_bytes.fetch_add(summary.size);
  if (verdict.faults.empty()) return;

  // A second reading tells damage that stays from a cable, memory or disk that errs at times. What
  // the first one left in memory would only repeat it.
  Verdict second;
  pack.failure = load(summary, ReadFrom::medium, pack.content);
  judge(summary, pack, plain, second, stop);
  if (second.faults.empty()) {
    log_.broken_pack(FindingKind::pack_damaged, summary.id,
                     format_text(_("pack {} read badly the first time ({}) and well the second "
                                   "time: test this computer's memory, cables and disk"),
                                 summary.id.hex(), verdict.faults));
    return;
  }
  log_.suspect(second.bad_blobs);
  if (pack.failure && pack.failure->code() == Errc::permission) {
    log_.unread_pack(summary.id, *pack.failure);
    return;
  }
  log_.broken_pack(
      FindingKind::pack_damaged, summary.id,
      format_text(_("pack {} is damaged: {} ({} of its {} blobs unreadable)"), summary.id.hex(),
                  second.faults, second.bad_blobs.size(), summary.blob_count));
}

void PackCheck::judge(const PackSummary& pack, LoadedPack& loaded, Buffer& plain, Verdict& verdict,
                      const std::stop_token& stop) const {
  const std::vector<PackEntry> entries = index_.pack_entries(pack.id);
  if (loaded.failure) {
    verdict.add(loaded.failure->what());
    for (const PackEntry& entry : entries) {
      verdict.bad_blobs.push_back({.kind = entry.kind, .id = entry.id});
    }
    return;
  }
  const ByteView content = loaded.content.view();
  if (content.size() != pack.size) {
    verdict.add(format_text(_("it has {} bytes instead of {}"), content.size(), pack.size));
  }
  judge_blobs(entries, content, plain, verdict, stop);
  if (const auto fault = judge_header(entries, content, plain)) verdict.add(*fault);
  // The blobs' and the header's MACs cover every byte but the header's length, which is compared:
  // the hash could only confirm what is known, at the price of everything else together.
  if (!verdict.faults.empty() && sha256(content) != pack.id) {
    verdict.add(_("the content of the pack does not fit its name"));
  }
}

void PackCheck::judge_blobs(const std::vector<PackEntry>& entries, ByteView content, Buffer& plain,
                            Verdict& verdict, const std::stop_token& stop) const {
  std::uint64_t expected = 0;
  bool contiguous = true;
  for (const PackEntry& entry : entries) {
    check_stop(stop);
    contiguous = contiguous && entry.offset == expected;
    expected = std::uint64_t{entry.offset} + entry.stored_length;
    const BlobRef blob = {.kind = entry.kind, .id = entry.id};
    try {
      if (expected > content.size()) throw Error(Errc::corrupt, _("the file is too short"));
      open_blob(repository_, blob, content.subspan(entry.offset, entry.stored_length),
                entry.plain_length, plain);
    } catch (const Error& e) {
      // One blob as an example is enough to see what kind of damage it is.
      if (verdict.bad_blobs.empty()) {
        verdict.add(format_text(_("blob {} at byte {} ({})"), entry.id.short_hex(), entry.offset,
                                e.what()));
      }
      verdict.bad_blobs.push_back(blob);
    }
  }
  if (!contiguous) verdict.add(_("the index leaves gaps or overlaps between its blobs"));
}

std::optional<std::string> PackCheck::judge_header(const std::vector<PackEntry>& entries,
                                                   ByteView content, Buffer& plain) const {
  std::uint64_t blobs = 0;
  std::uint64_t header = kSealOverhead;
  for (const PackEntry& entry : entries) {
    blobs += entry.stored_length;
    header += pack_entry_size(entry.compressed());
  }
  if (content.size() != blobs + header + kPackLengthField) {
    return _("its length does not fit the index");
  }
  if (load_le32(content.data() + content.size() - kPackLengthField) != header) {
    return _("the length of its header is wrong");
  }
  try {
    open_sealed(repository_.key(),
                content.subspan(static_cast<std::size_t>(blobs), static_cast<std::size_t>(header)),
                plain);
    if (decode_pack_header(plain.view(), blobs) == entries) return std::nullopt;
    return _("its header contradicts the index");
  } catch (const Error& e) {
    return format_text(_("in its header {}"), e.what());
  }
}

}  // namespace medsave
