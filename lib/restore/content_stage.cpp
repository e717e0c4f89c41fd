#include "content_stage.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/key.hpp"
#include "medsave/par/task_scope.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace medsave {
namespace {

// Long enough that a request's latency does not count, short enough for the caches and for the
// memory of all ranges in flight; reading the gap for nothing is cheaper than another request.
constexpr PackRangeLimits kOneRequest = {.gap = 256ULL << 10, .length = 4ULL << 20};

std::size_t buffers_in_flight(const RestoreContext& context) {
  return std::size_t{2} * worker_count() + context.reader.repository().backend().connections();
}

/// The entry that a use means, found by offset and blob tag. If contradictory index files list two
/// such blobs, it is the one that the plan used.
const PackEntry* find_entry(const Index& index, const std::vector<PackEntry>& entries,
                            const BlobUse& use) {
  auto entry = std::ranges::lower_bound(entries, use.pack_offset, {}, &PackEntry::offset);
  const PackEntry* found = nullptr;
  for (; entry != entries.end() && entry->offset == use.pack_offset; ++entry) {
    if (entry->kind != BlobKind::data || blob_tag(entry->id) != use.blob_tag) continue;
    if (found == nullptr) {
      found = &*entry;
      continue;
    }
    const auto planned = index.find({.kind = BlobKind::data, .id = entry->id});
    if (planned && planned->stored_length == entry->stored_length &&
        planned->plain_length == entry->plain_length) {
      found = &*entry;
    }
  }
  return found;
}

bool same_blob(const BlobUse& a, const BlobUse& b) {
  return a.pack == b.pack && a.pack_offset == b.pack_offset && a.blob_tag == b.blob_tag;
}

}  // namespace

ContentStage::ContentStage(const RestoreContext& context, FileWriter& writer)
    : context_(context),
      writer_(writer),
      spare_(buffers_in_flight(context)),
      loaded_(buffers_in_flight(context)) {}

void ContentStage::run(const std::stop_token& stop) {
  std::ranges::sort(context_.deferred.uses);
  for (std::size_t i = 0; i < buffers_in_flight(context_); ++i) spare_.push(Buffer(), stop);
  TaskScope scope(stop);
  scope.spawn(
      "fetch", context_.reader.repository().backend().connections(),
      [this](const std::stop_token& token) { fetch(token); }, [this] { loaded_.close(); });
  scope.spawn("open", worker_count(), [this](const std::stop_token& token) { open_ranges(token); });
  scope.join();
}

std::pair<std::size_t, std::size_t> ContentStage::next_pack() {
  const std::vector<BlobUse>& uses = context_.deferred.uses;
  const std::lock_guard lock(mutex_);
  const std::size_t begin = next_use_;
  if (begin == uses.size()) return {begin, begin};
  const auto end = std::ranges::upper_bound(uses.begin() + static_cast<std::ptrdiff_t>(begin),
                                            uses.end(), uses[begin].pack, {}, &BlobUse::pack);
  next_use_ = static_cast<std::size_t>(end - uses.begin());
  return {begin, next_use_};
}

void ContentStage::fetch(const std::stop_token& stop) {
  const std::vector<BlobUse>& uses = context_.deferred.uses;
  for (auto part = next_pack(); part.first != part.second; part = next_pack()) {
    const std::uint32_t pack = uses[part.first].pack;
    const std::vector<PackEntry> entries =
        context_.reader.index().pack_entries(context_.deferred.packs[pack]);
    std::optional<Range> range;
    for (std::size_t use = part.first; use < part.second;) {
      std::size_t next = use + 1;
      while (next < part.second && same_blob(uses[use], uses[next])) ++next;
      const PackEntry* entry = find_entry(context_.reader.index(), entries, uses[use]);
      if (entry == nullptr) throw Error(Errc::internal, "a planned blob left the index");
      if (range && !range->part.add(entry->offset, entry->stored_length, kOneRequest)) {
        if (!submit(std::move(*range), stop)) return;
        range.reset();
      }
      if (!range) {
        range.emplace(Range{.pack = pack, .part = {entry->offset, entry->stored_length}});
      }
      range->blobs.push_back({.entry = *entry, .first_use = use, .use_count = next - use});
      use = next;
    }
    if (range && !submit(std::move(*range), stop)) return;
  }
}

bool ContentStage::submit(Range range, const std::stop_token& stop) {
  std::optional<Buffer> buffer = spare_.pop(stop);
  if (!buffer) return false;
  range.content = std::move(*buffer);
  for (const RangeBlob& blob : range.blobs) {
    context_.log.progress().awaited_bytes += blob.use_count * blob.entry.content_length();
  }
  const Repository& repository = context_.reader.repository();
  const Id& pack = context_.deferred.packs[range.pack];
  // If not, other parts of the pack, or other packs, may have the blobs: decode() tries.
  range.loaded = range.part.load(repository, pack, range.content);
  if (range.loaded) {
    // What is restored goes to that memory, which is still in the processor's caches.
    repository.backend().done_reading({.kind = FileKind::pack, .id = pack}, range.part.offset(),
                                      range.part.length());
  }
  return loaded_.push(std::move(range), stop);
}

/// Hashes two blobs side by side at any time (see Sha256Job).
void ContentStage::open_ranges(const std::stop_token& stop) {
  Decoded hashing;
  Decoded next;
  bool busy = false;  // there is something in `hashing`
  while (std::optional<Range> range = loaded_.pop(stop)) {
    for (const RangeBlob& blob : range->blobs) {
      check_stop(stop);
      if (!decode(*range, blob, next)) continue;
      if (busy) Sha256Job::advance_both(hashing.job, next.job);
      if (busy && !hashing.job.done()) {
        verify(next);
        continue;
      }
      if (busy) verify(hashing);
      std::swap(hashing, next);
      busy = true;
    }
    spare_.push(std::move(range->content), stop);
  }
  if (busy && !stop.stop_requested()) verify(hashing);
}

/// False when the blob was written or given up already.
bool ContentStage::decode(const Range& range, const RangeBlob& blob, Decoded& decoded) {
  decoded.blob = blob;
  try {
    if (range.loaded) {
      const ByteView sealed =
          range.part.blob(range.content, blob.entry.offset, blob.entry.stored_length);
      decode_blob(context_.reader.repository(), sealed, blob.entry.plain_length, decoded.plain);
      decoded.job = Sha256Job(decoded.plain.view());
      return true;
    }
  } catch (const Error&) {
    // try_copies() tells what is wrong if no copy is right.
  }
  try_copies(decoded);
  return false;
}

void ContentStage::verify(Decoded& decoded) {
  if (decoded.job.finish() == decoded.blob.entry.id) {
    write(decoded);
  } else {
    try_copies(decoded);
  }
}

/// Reads a blob again that came damaged with its range: alone, and from its other copies.
void ContentStage::try_copies(Decoded& decoded) {
  const PackEntry& entry = decoded.blob.entry;
  try {
    context_.reader.load({.kind = BlobKind::data, .id = entry.id}, decoded.plain);
  } catch (const Error& e) {
    if (is_fatal(e)) throw;
    give_up(decoded.blob, e.what());
    return;
  }
  // The places of all pieces were planned with the length this entry gives.
  if (decoded.plain.size() == entry.content_length()) {
    write(decoded);
  } else {
    give_up(decoded.blob,
            format_text(_("the index gives a wrong length for blob {}"), entry.id.hex()));
  }
}

void ContentStage::arrived(const RangeBlob& blob) {
  context_.log.progress().awaited_bytes -= blob.use_count * blob.entry.content_length();
}

void ContentStage::give_up(const RangeBlob& blob, const std::string& reason) {
  arrived(blob);
  const std::vector<BlobUse>& uses = context_.deferred.uses;
  for (std::size_t i = blob.first_use; i < blob.first_use + blob.use_count; ++i) {
    writer_.give_up(uses[i].file, uses[i].file_offset, blob.entry.content_length(), reason);
  }
}

void ContentStage::write(const Decoded& decoded) {
  const std::vector<BlobUse>& uses = context_.deferred.uses;
  const RangeBlob& blob = decoded.blob;
  arrived(blob);
  for (std::size_t i = blob.first_use; i < blob.first_use + blob.use_count; ++i) {
    writer_.write(uses[i].file, uses[i].file_offset, decoded.plain.view());
  }
}

}  // namespace medsave
