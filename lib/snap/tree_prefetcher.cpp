#include "medsave/snap/tree_prefetcher.hpp"

#include "medsave/base/error.hpp"
#include "medsave/snap/tree_walker.hpp"

#include <ranges>

namespace medsave {
namespace {

// Some 15 MiB of ordinary nodes. An empty tree counts as one.
constexpr std::size_t kNodesAhead = 32768;

std::size_t weight(const std::shared_ptr<const Tree>& tree) { return tree ? tree->size() + 1 : 1; }

}  // namespace

TreePrefetcher::TreePrefetcher(const BlobReader& reader, const std::stop_token& stop)
    : reader_(reader), scope_(stop) {
  scope_.spawn("load trees", worker_count(), [this](const std::stop_token& token) { work(token); });
}

TreePrefetcher::~TreePrefetcher() = default;

void TreePrefetcher::prefetch(const std::vector<Id>& trees) {
  if (trees.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    for (const Id& id : std::ranges::reverse_view(trees)) {
      if (entries_[id].uses++ == 0) stack_.push_back(id);
    }
  }
  changed_.notify_all();
}

std::shared_ptr<const Tree> TreePrefetcher::get(const Id& id) {
  std::unique_lock lock(mutex_);
  const auto known = entries_.find(id);
  if (known == entries_.end()) {
    lock.unlock();
    check_stop(scope_.token());
    return std::make_shared<const Tree>(load_tree(reader_, id));
  }
  if (known->second.state == State::waiting) load(id, lock);
  const bool ready =
      changed_.wait(lock, scope_.token(), [&] { return entries_.at(id).state == State::ready; });
  if (!ready) {
    lock.unlock();
    scope_.join();
    throw Interrupted();
  }
  return take(id);
}

std::shared_ptr<const Tree> TreePrefetcher::take(const Id& id) {
  const auto at = entries_.find(id);
  const std::shared_ptr<const Tree> tree = at->second.tree;
  const std::exception_ptr error = at->second.error;
  if (--at->second.uses == 0) {
    entries_.erase(at);
    ready_nodes_ -= weight(tree);
    changed_.notify_all();
  }
  if (error) std::rethrow_exception(error);
  return tree;
}

void TreePrefetcher::load(const Id& id, std::unique_lock<std::mutex>& lock) {
  entries_.at(id).state = State::loading;
  lock.unlock();
  std::shared_ptr<const Tree> tree;
  std::exception_ptr error;
  try {
    tree = std::make_shared<const Tree>(load_tree(reader_, id));
  } catch (const Error&) {
    error = std::current_exception();
  }
  lock.lock();
  Entry& entry = entries_.at(id);
  entry.state = State::ready;
  ready_nodes_ += weight(tree);
  entry.tree = std::move(tree);
  entry.error = std::move(error);
}

void TreePrefetcher::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const auto may_load = [&] { return !stack_.empty() && ready_nodes_ < kNodesAhead; };
  while (changed_.wait(lock, stop, may_load) && !stop.stop_requested()) {
    const Id id = stack_.back();
    stack_.pop_back();
    const auto entry = entries_.find(id);
    // The walk may have loaded it itself meanwhile.
    if (entry == entries_.end() || entry->second.state != State::waiting) continue;
    load(id, lock);
    changed_.notify_all();
  }
}

}  // namespace medsave
