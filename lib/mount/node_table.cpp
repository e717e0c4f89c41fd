#include "node_table.hpp"

#include "inode_numbers.hpp"

#include <utility>

namespace medsave {
namespace {

bool same(const Place& a, const Place& b) {
  if ((a.layout == nullptr) != (b.layout == nullptr)) return false;
  if (a.layout) return a.layout->inode == b.layout->inode && a.layout->path == b.layout->path;
  return a.tree == b.tree && a.entry == b.entry && a.parent == b.parent;
}

}  // namespace

NodeTable::NodeTable(LayoutPointer root) {
  known_[kRootInode] = {.place = {.layout = std::move(root), .parent = kRootInode}, .lookups = 1};
}

std::uint64_t NodeTable::enter(std::uint64_t inode, Place place) {
  const std::lock_guard lock(mutex_);
  for (;; ++inode) {
    if (inode <= kRootInode) continue;
    const auto [at, is_new] = known_.try_emplace(inode);
    if (!is_new && !same(at->second.place, place)) continue;
    at->second.place = std::move(place);  // a folder of the layout may have become newer
    ++at->second.lookups;
    return inode;
  }
}

void NodeTable::forget(std::uint64_t number, std::uint64_t count) {
  const std::lock_guard lock(mutex_);
  const auto at = known_.find(number);
  if (number == kRootInode || at == known_.end()) return;
  if (count < at->second.lookups) {
    at->second.lookups -= count;
  } else {
    known_.erase(at);
  }
}

std::optional<Place> NodeTable::find(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto at = known_.find(number);
  if (at == known_.end()) return std::nullopt;
  return at->second.place;
}

std::size_t NodeTable::size() const {
  const std::lock_guard lock(mutex_);
  return known_.size();
}

}  // namespace medsave
