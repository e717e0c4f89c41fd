#pragma once

#include "fan_out.hpp"
#include "previous_nodes.hpp"
#include "reporter.hpp"
#include "tree_draft.hpp"
#include "work_queue.hpp"

#include "medsave/base/bytes.hpp"
#include "medsave/chunk/chunker.hpp"
#include "medsave/format/node.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace medsave {

/// A file whose chunks several threads may store at the same time. Whoever releases it last
/// completes it.
class LargeFile {
 public:
  LargeFile(TreeDraftPtr draft, std::size_t slot, Node node, PreviousNodes previous)
      : draft_(std::move(draft)),
        slot_(slot),
        node_(std::move(node)),
        previous_(std::move(previous)) {}

  std::string path = {};           // for messages; set before it is shared
  std::string snapshot_path = {};  // if the reporter wants items or has an observer
  Reporter::Instant begun = {};

 private:
  friend class FileSaver;
  const TreeDraftPtr draft_;
  const std::size_t slot_;
  std::mutex mutex_;  // guards everything below
  Node node_;
  const PreviousNodes previous_;
  std::size_t open_ = 1;  // chunks not stored yet, and the reader
  StoredBytes stored_;
  bool failed_ = false;
};

/// Buffers of chunks under way, kept for the next ones.
class BufferPool {
 public:
  explicit BufferPool(std::size_t kept) : kept_(kept) {}
  Buffer take();
  void give(Buffer buffer);

 private:
  const std::size_t kept_;
  std::mutex mutex_;  // guards free_
  std::vector<Buffer> free_;
};

/// Reads files and stores their content. Thread-safe.
class FileSaver {
 public:
  struct Parts {
    FanOut& sink;
    TreeAssembler& assembler;
    Reporter& reporter;
    WorkQueue& queue;
    const Chunker& chunker;
    bool with_atime = false;
  };
  /// What one thread reuses from batch to batch.
  struct Scratch {
    Buffer bytes = {};
  };

  FileSaver(const Parts& parts, std::size_t kept_buffers) : parts_(parts), pool_(kept_buffers) {}

  void run(FileBatch batch, Scratch& scratch, const std::stop_token& stop);
  void run(ChunkTask task);

  /// Reads up to out.size() bytes, fewer only at the end; nullopt when that failed, which has
  /// been reported.
  using Read = std::function<std::optional<std::size_t>(MutableByteView out)>;
  /// Cuts what `read` delivers and stores it as the content of `file`.
  void save_stream(const std::shared_ptr<LargeFile>& file, const Read& read,
                   const std::stop_token& stop);

 private:
  struct SmallFile;

  void save_small(FileBatch& batch, Scratch& scratch, const std::stop_token& stop);
  void save_large(FileBatch& batch, const std::stop_token& stop);
  SmallFile read_small(const SourceDir& dir, FileItem& item, Buffer& bytes);
  std::shared_ptr<LargeFile> open_large(FileBatch& batch, UniqueFd& fd, FileInfo& info);
  void store_small(const FileBatch& batch, SmallFile& file, ByteView content);
  SavedBlob save_chunk(ByteView chunk);
  void store_chunk(LargeFile& file, std::size_t index, ByteView chunk);
  void release(LargeFile& file);
  void complete(LargeFile& file);

  const Parts parts_;
  BufferPool pool_;
};

}  // namespace medsave
