#pragma once

#include "file_writer.hpp"
#include "restore_context.hpp"

#include "medsave/crypto/sha256.hpp"
#include "medsave/par/bounded_queue.hpp"
#include "medsave/repo/pack_range.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

namespace medsave {

/// Second stage: reads every needed range of every pack once, opens its blobs on all cores and
/// hands each to all files that use it.
class ContentStage {
 public:
  ContentStage(const RestoreContext& context, FileWriter& writer);
  void run(const std::stop_token& stop);

 private:
  /// One blob inside a range and its uses.
  struct RangeBlob {
    PackEntry entry = {};
    std::size_t first_use = 0;  // in DeferredWork::uses
    std::size_t use_count = 0;
  };
  /// Neighbouring blobs of one pack, read together.
  struct Range {
    std::uint32_t pack = 0;  // in DeferredWork::packs
    PackRange part;
    bool loaded = false;  // false: reading failed, every blob is tried alone
    Buffer content = {};
    std::vector<RangeBlob> blobs = {};
  };

  /// A blob whose hash is not known to be right yet.
  struct Decoded {
    RangeBlob blob = {};
    Buffer plain = {};
    Sha256Job job;
  };

  void fetch(const std::stop_token& stop);
  /// Uses of the next pack: half-open indexes into DeferredWork::uses; empty at the end.
  std::pair<std::size_t, std::size_t> next_pack();
  bool submit(Range range, const std::stop_token& stop);
  void open_ranges(const std::stop_token& stop);
  bool decode(const Range& range, const RangeBlob& blob, Decoded& decoded);
  void verify(Decoded& decoded);
  void try_copies(Decoded& decoded);
  void write(const Decoded& decoded);
  void give_up(const RangeBlob& blob, const std::string& reason);
  /// Nothing of it is on its way any more.
  void arrived(const RangeBlob& blob);

  const RestoreContext& context_;
  FileWriter& writer_;
  BoundedQueue<Buffer> spare_;  // its buffers bound the memory: one per range in flight
  BoundedQueue<Range> loaded_;
  std::mutex mutex_;  // guards next_use_
  std::size_t next_use_ = 0;
};

}  // namespace medsave
