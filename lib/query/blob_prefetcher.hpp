#pragma once

#include "medsave/format/node.hpp"
#include "medsave/par/bounded_queue.hpp"
#include "medsave/par/byte_budget.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/repo/blob_reader.hpp"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

namespace medsave {

/// Reads and opens blobs on all cores and hands them over in order.
class BlobPrefetcher {
 public:
  struct Entry {
    std::string path = {};
    Node node = {};
  };
  /// An entry begins, or a piece of the last one's content.
  struct Part {
    const Entry* entry = nullptr;
    ByteView content = {};
  };

  BlobPrefetcher(const BlobReader& reader, std::stop_token stop);

  /// Runs `produce` on a thread of its own and `consume`, for each part in order, on this one.
  /// Throws the first failure of any. Once only.
  void run(const std::function<void(const std::stop_token&)>& produce,
           const std::function<void(const Part&)>& consume);

  /// For `produce`: the entry, then its content. False when the run was stopped.
  bool add_entry(const std::string& path, const Node& node);

 private:
  /// An entry, or the place of one blob in the order.
  struct Slot {
    std::unique_ptr<const Entry> entry = {};
    Id blob = {};
    std::string path = {};  // of the entry, for messages
    ByteBudget::Lease lease = {};
    std::mutex mutex = {};  // guards the following
    std::condition_variable_any changed = {};
    bool ready = false;
    Buffer content = {};
  };
  using SlotPointer = std::shared_ptr<Slot>;

  void open_blobs(const std::stop_token& stop);
  void consume_all(const std::function<void(const Part&)>& consume, const std::stop_token& stop);

  const BlobReader& reader_;
  const std::stop_token outer_;
  std::stop_token stop_;  // of the run
  ByteBudget budget_;
  BoundedQueue<SlotPointer> work_;
  BoundedQueue<SlotPointer> order_;
};

}  // namespace medsave
