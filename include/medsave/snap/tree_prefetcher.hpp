#pragma once

#include "medsave/format/tree.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/repo/blob_reader.hpp"

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <stop_token>
#include <unordered_map>
#include <vector>

namespace medsave {

/// Loads trees on all cores before one walk needs them: the walk says which trees it will want
/// (prefetch) and takes each one in its own order (get). Used by one thread; memory is bounded by
/// the number of nodes waiting to be taken.
class TreePrefetcher {
 public:
  TreePrefetcher(const BlobReader& reader, const std::stop_token& stop);
  /// Stops loading.
  ~TreePrefetcher();
  TreePrefetcher(const TreePrefetcher&) = delete;
  TreePrefetcher& operator=(const TreePrefetcher&) = delete;

  /// These will be taken next, in this order, before whatever was announced earlier. Each must be
  /// taken as often as it was announced.
  void prefetch(const std::vector<Id>& trees);
  /// Announced or not. Throws as load_tree(), and Interrupted.
  std::shared_ptr<const Tree> get(const Id& id);

 private:
  enum class State { waiting, loading, ready };
  struct Entry {
    State state = State::waiting;
    std::size_t uses = 0;  // announced and not taken yet
    std::shared_ptr<const Tree> tree = {};
    std::exception_ptr error = {};  // an Error
  };

  void work(const std::stop_token& stop);
  /// With mutex_ held by `lock`, which is released meanwhile. Entries may move.
  void load(const Id& id, std::unique_lock<std::mutex>& lock);
  std::shared_ptr<const Tree> take(const Id& id);

  const BlobReader& reader_;
  std::mutex mutex_;  // guards the following
  std::condition_variable_any changed_;
  std::unordered_map<Id, Entry> entries_;
  std::vector<Id> stack_;        // next to load at its end
  std::size_t ready_nodes_ = 0;  // in trees that wait to be taken
  TaskScope scope_;              // last: its threads use all the above
};

}  // namespace medsave
