#include "blob_prefetcher.hpp"

#include "medsave/base/error.hpp"

#include <algorithm>
#include <utility>

namespace medsave {
namespace {

constexpr std::size_t kBytesAhead = 64ULL << 20;
constexpr std::size_t kPartsAhead = 1024;

}  // namespace

BlobPrefetcher::BlobPrefetcher(const BlobReader& reader, std::stop_token stop)
    : reader_(reader),
      outer_(std::move(stop)),
      budget_(kBytesAhead),
      work_(kPartsAhead),
      order_(kPartsAhead) {}

void BlobPrefetcher::run(const std::function<void(const std::stop_token&)>& produce,
                         const std::function<void(const Part&)>& consume) {
  TaskScope scope(outer_);
  stop_ = scope.token();
  scope.spawn("walk", 1, produce, [this] {
    work_.close();
    order_.close();
  });
  const unsigned threads = std::max(worker_count(), reader_.repository().backend().connections());
  scope.spawn("open", threads, [this](const std::stop_token& stop) { open_blobs(stop); });
  consume_all(consume, scope.token());
  scope.join();
}

bool BlobPrefetcher::add_entry(const std::string& path, const Node& node) {
  auto begin = std::make_shared<Slot>();
  begin->entry = std::make_unique<const Entry>(Entry{.path = path, .node = node});
  if (!order_.push(std::move(begin), stop_)) return false;
  if (node.type != NodeType::file) return true;
  for (const Id& id : node.content) {
    auto slot = std::make_shared<Slot>();
    slot->blob = id;
    slot->path = path;
    const auto location = reader_.index().find({.kind = BlobKind::data, .id = id});
    // Leases are taken in order, so that what must come out first never waits for the rest.
    slot->lease = budget_.take(location ? location->content_length() : 0, stop_);
    if (!work_.push(slot, stop_) || !order_.push(std::move(slot), stop_)) return false;
  }
  return true;
}

void BlobPrefetcher::open_blobs(const std::stop_token& stop) {
  while (const std::optional<SlotPointer> slot = work_.pop(stop)) {
    Buffer content;
    try {
      reader_.load({.kind = BlobKind::data, .id = (*slot)->blob}, content);
    } catch (const Error& e) {
      if ((*slot)->path.empty()) throw;
      throw e.with_context((*slot)->path);
    }
    {
      const std::lock_guard lock((*slot)->mutex);
      (*slot)->content = std::move(content);
      (*slot)->ready = true;
    }
    (*slot)->changed.notify_one();
  }
}

void BlobPrefetcher::consume_all(const std::function<void(const Part&)>& consume,
                                 const std::stop_token& stop) {
  while (const std::optional<SlotPointer> next = order_.pop(stop)) {
    Slot& slot = **next;
    if (slot.entry) {
      consume({.entry = slot.entry.get(), .content = {}});
      continue;
    }
    std::unique_lock lock(slot.mutex);
    if (!slot.changed.wait(lock, stop, [&] { return slot.ready; })) return;
    consume({.entry = nullptr, .content = slot.content.view()});
  }
}

}  // namespace medsave
