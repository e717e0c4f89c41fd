#include "content_reader.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>
#include <utility>

namespace medsave {
namespace {

constexpr std::size_t kBlobsRemembered = 256U << 10;  // in lists of opened files, 40 bytes each
constexpr std::size_t kWeightOfFile = 8;              // of a file besides its list, in blobs
constexpr std::uint64_t kBytesAhead = 4U << 20;
constexpr std::uint32_t kSoonAfter = 16;   // entries; so close to the last file is still in order
constexpr std::uint32_t kFewAhead = 4;     // files, doubled with each one read in order
constexpr std::uint32_t kManyAhead = 256;  // files
constexpr std::size_t kVisits = 16;        // folders read at a time

}  // namespace

ContentReader::ContentReader(const Index& index, BlobStore& blobs)
    : index_(index), blobs_(blobs), contents_(kBlobsRemembered) {}

FlightCache<std::uint64_t, ContentReader::Content>::Loaded ContentReader::open(
    const Node& node) const {
  auto content = std::make_shared<Content>();
  content->blobs = node.content;
  content->ends.reserve(node.content.size());
  std::uint64_t end = 0;
  for (const Id& id : node.content) {
    const auto at = index_.find({.kind = BlobKind::data, .id = id});
    if (!at) {
      throw Error(
          Errc::not_found,
          format_text(
              _("no index file lists blob {}; run \"medsave check\" to see what is affected"),
              id.short_hex()));
    }
    end += at->content_length();
    content->ends.push_back(end);
  }
  return {.value = std::move(content), .weight = node.content.size() + kWeightOfFile};
}

std::vector<ContentPiece> ContentReader::read(std::uint64_t file, const Id& tree,
                                              const Folder& folder, std::uint32_t entry,
                                              std::uint64_t offset, std::size_t size) {
  const Node& node = folder.nodes.at(entry);
  if (offset >= node.size || size == 0) return {};
  const auto content = contents_.get(file, [&] { return open(node); });
  if (offset == 0) prefetch_in_folder(tree, folder, entry);

  const std::uint64_t wanted = std::min<std::uint64_t>(offset + size, node.size);
  const auto& ends = content->ends;
  auto blob = static_cast<std::size_t>(std::ranges::upper_bound(ends, offset) - ends.begin());
  prefetch_in_file(*content, blob, offset, wanted);
  std::vector<ContentPiece> out;
  for (std::uint64_t at = offset; at < wanted; ++blob) {
    if (blob == ends.size()) {
      throw Error(Errc::corrupt,
                  format_text(_("its stored content ends after {} of {} bytes"), at, node.size));
    }
    const std::uint64_t start = blob == 0 ? 0 : ends[blob - 1];
    BlobPointer plain = blobs_.get(content->blobs[blob]);
    const auto from = static_cast<std::size_t>(at - start);
    const auto count = static_cast<std::size_t>(std::min(ends[blob], wanted) - at);
    if (plain->size() != ends[blob] - start) {
      throw Error(Errc::corrupt, format_text(_("blob {} is not as long as the index says"),
                                             content->blobs[blob].short_hex()));
    }
    const ByteView bytes = plain->view().subspan(from, count);
    out.push_back({.blob = std::move(plain), .bytes = bytes});
    at += count;
  }
  return out;
}

void ContentReader::prefetch_in_file(const Content& content, std::size_t blob, std::uint64_t offset,
                                     std::uint64_t end) {
  // The kernel asks for several parts at a time, and they may arrive in any order.
  const std::uint64_t expected = content.next.load();
  const bool onward =
      expected != 0 && offset <= expected + kBytesAhead && end + kBytesAhead > expected;
  content.next = end;
  if (!onward || blob + 1 >= content.blobs.size()) return;
  std::size_t until = blob + 1;
  while (until < content.blobs.size() && content.ends[until - 1] < end + kBytesAhead) ++until;
  const std::size_t asked = content.prefetched.load();
  const std::size_t from = asked > blob && asked <= until ? asked : blob + 1;
  if (from >= until) return;
  content.prefetched = until;
  blobs_.prefetch({content.blobs.begin() + static_cast<std::ptrdiff_t>(from),
                   content.blobs.begin() + static_cast<std::ptrdiff_t>(until)});
}

ContentReader::Visit& ContentReader::visit_of(const Id& tree) {
  const auto found = std::ranges::find(visits_, tree, &Visit::tree);
  if (found != visits_.end()) {
    visits_.splice(visits_.begin(), visits_, found);
  } else {
    visits_.push_front({.tree = tree});
    if (visits_.size() > kVisits) visits_.pop_back();
  }
  return visits_.front();
}

void ContentReader::prefetch_in_folder(const Id& tree, const Folder& folder, std::uint32_t entry) {
  std::vector<Id> wanted;
  {
    const std::lock_guard lock(mutex_);
    Visit& visit = visit_of(tree);
    const bool in_order = entry >= visit.last && entry - visit.last <= kSoonAfter;
    visit.in_order = in_order ? visit.in_order + 1 : 0;
    visit.last = entry;
    if (!in_order) visit.prefetched = entry + 1;
    if (visit.in_order < 2) return;
    const std::uint32_t window = std::min(kFewAhead << std::min(visit.in_order, 8U), kManyAhead);
    visit.prefetched = std::max(visit.prefetched, entry + 1);
    // Loads ahead only when half of the window is used up: few large reads instead of many small
    // ones.
    if (visit.prefetched > entry + window / 2) return;
    std::uint64_t bytes = 0;
    std::uint32_t& next = visit.prefetched;
    for (; next < folder.nodes.size() && next <= entry + window && bytes < kBytesAhead; ++next) {
      const Node& node = folder.nodes[next];
      if (node.type != NodeType::file || node.content.empty()) continue;
      wanted.push_back(node.content.front());
      bytes += std::max<std::uint64_t>(node.size / node.content.size(), 1);
    }
  }
  if (!wanted.empty()) blobs_.prefetch(wanted);
}

}  // namespace medsave
