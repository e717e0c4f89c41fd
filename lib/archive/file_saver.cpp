#include "file_saver.hpp"

#include "node_builder.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/sys/file_io.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace medsave {
namespace {

constexpr std::size_t kReadSize = 512 * 1024;           // bytes asked for at a time in large files
constexpr std::size_t kChunkBuffer = 4 * kReadSize;     // holds most chunks
constexpr std::size_t kLargestKept = 2 * kChunkBuffer;  // rare larger buffers are freed at once
constexpr int kAttempts = 3;  // to read a small file while nobody writes to it

/// Holes read as zeros, and those are cut at the minimum: such a chunk's id is known.
bool is_zero_chunk(ByteView chunk) {
  return chunk.size() == kMinChunk && chunk.front() == std::byte{0} &&
         std::memcmp(chunk.data(), chunk.data() + 1, chunk.size() - 1) == 0;
}

const Id& zero_chunk_id() {
  static const Id kId = [] {
    Buffer zeros(kMinChunk);
    std::ranges::fill(zeros.writable(), std::byte{0});
    return sha256(zeros.view());
  }();
  return kId;
}

bool same_content_state(const FileInfo& a, const FileInfo& b) {
  return a.size == b.size && a.mtime == b.mtime;
}

/// Throws when a file ended before the size that it claims: a failing file system may report an
/// early end. Sizes in /sys mean nothing.
void require_whole(const FileInfo& info, std::uint64_t bytes_read) {
  constexpr std::uint64_t kNominal = 4096;
  if (bytes_read >= info.size || (info.size == kNominal && info.allocated == 0)) return;
  throw Error(Errc::io, format_text(_("only {} of its {} bytes can be read, although it does not "
                                      "change"),
                                    bytes_read, info.size));
}

void require_regular(const FileInfo& info) {
  if (!info.is_regular()) {
    throw Error(Errc::unsupported, _("it was replaced by something that is no file"));
  }
}

/// Appends a file's content to `bytes`, one byte more than kMinChunk at most.
std::size_t append_content(int fd, std::uint64_t expected, Buffer& bytes, const std::string& name) {
  const std::size_t start = bytes.size();
  std::size_t size = 0;
  // One byte more than expected, so that the end of the file shows in the same call.
  std::size_t room = static_cast<std::size_t>(std::min<std::uint64_t>(expected, kMinChunk)) + 1;
  while (room != 0) {
    bytes.resize(start + size + room);
    const std::size_t got =
        pread_some(fd, bytes.writable().subspan(start + size, room), size, name);
    size += got;
    if (got < room) break;
    room = kMinChunk + 1 - size;
  }
  bytes.resize(start + size);
  return size;
}

}  // namespace

Buffer BufferPool::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      Buffer buffer = std::move(free_.back());
      free_.pop_back();
      return buffer;
    }
  }
  Buffer buffer;
  buffer.reserve(kChunkBuffer);
  return buffer;
}

void BufferPool::give(Buffer buffer) {
  if (buffer.capacity() > kLargestKept) return;
  buffer.clear();
  const std::lock_guard lock(mutex_);
  if (free_.size() < kept_) free_.push_back(std::move(buffer));
}

/// A file that was read with its batch, and is to be stored.
struct FileSaver::SmallFile {
  enum class State { read, failed, too_large };
  State state = State::failed;
  FileItem* item = nullptr;
  Node node = {};
  std::size_t offset = 0;  // of its content in the batch's bytes
  std::size_t size = 0;
  Reporter::Instant begun = {};
};

void FileSaver::run(FileBatch batch, Scratch& scratch, const std::stop_token& stop) {
  if (batch.large) {
    save_large(batch, stop);
  } else {
    save_small(batch, scratch, stop);
  }
}

void FileSaver::run(ChunkTask task) {
  store_chunk(*task.file, task.index, task.bytes.view());
  pool_.give(std::move(task.bytes));
}

FileSaver::SmallFile FileSaver::read_small(const SourceDir& dir, FileItem& item, Buffer& bytes) {
  SmallFile file{.item = &item, .offset = bytes.size()};
  if (parts_.reporter.wants_items()) file.begun = std::chrono::steady_clock::now();
  const auto path = [&] { return SourceTree::path_of(dir, item.entry); };
  if (parts_.reporter.tracks_current()) parts_.reporter.progress().begin_item(path());
  try {
    const std::string& name = item.entry.source_name(dir);
    const UniqueFd fd = open_file_at(dir.handle(), name);
    FileInfo before = fstat_fd(fd.get());
    for (int attempt = 1;; ++attempt) {
      require_regular(before);
      bytes.resize(file.offset);
      file.size = append_content(fd.get(), before.size, bytes, name);
      if (file.size > kMinChunk) {
        bytes.resize(file.offset);
        file.state = SmallFile::State::too_large;
        return file;
      }
      const FileInfo after = fstat_fd(fd.get());
      if (same_content_state(before, after)) {
        require_whole(before, file.size);
        break;
      }
      if (attempt == kAttempts) {
        parts_.reporter.changed_while_read(path());
        break;
      }
      before = after;
    }
    file.node = make_node(item.entry.name, before, parts_.with_atime);
    const NoticeSink problem = [&](const std::string& message) {
      parts_.reporter.problem(path(), message);
    };
    set_extended_attributes(
        file.node, [&](const NoticeSink& sink) { return read_xattrs_fd(fd.get(), sink); }, problem);
    file.state = SmallFile::State::read;
  } catch (const Error& error) {
    bytes.resize(file.offset);
    parts_.reporter.problem(path(), error.what());
  }
  return file;
}

void FileSaver::store_small(const FileBatch& batch, SmallFile& file, ByteView content) {
  StoredBytes stored;
  if (!content.empty()) {
    const SavedBlob blob = save_chunk(content);
    stored.add(blob, content.size());
    file.node.content.push_back(blob.id);
  }
  file.node.size = content.size();
  parts_.reporter.progress().done_bytes += content.size();
  std::string snapshot_path;
  const auto& observe = parts_.reporter.content();
  if (parts_.reporter.wants_items() || observe) {
    snapshot_path = batch.dir->snapshot_path + "/" + file.node.name;
  }
  if (observe) observe({.path = snapshot_path, .offset = 0, .bytes = content});
  parts_.reporter.item(snapshot_path, file.node, file.item->previous, stored, file.begun);
  batch.draft->slot(file.item->slot) = std::move(file.node);
}

void FileSaver::save_small(FileBatch& batch, Scratch& scratch, const std::stop_token& stop) {
  std::vector<SmallFile> files;
  files.reserve(batch.files.size());
  scratch.bytes.clear();
  for (FileItem& item : batch.files) {
    check_stop(stop);
    files.push_back(read_small(*batch.dir, item, scratch.bytes));
  }
  parts_.queue.reading_done();

  std::size_t decided = 0;
  std::vector<FileBatch> grown;
  for (SmallFile& file : files) {
    check_stop(stop);
    if (parts_.reporter.tracks_current()) {
      parts_.reporter.progress().end_item(SourceTree::path_of(*batch.dir, file.item->entry));
    }
    if (file.state == SmallFile::State::too_large) {
      FileBatch& own = grown.emplace_back();
      own.dir = batch.dir;
      own.draft = batch.draft;
      own.large = true;
      own.files.push_back(std::move(*file.item));
      continue;
    }
    if (file.state == SmallFile::State::read) {
      store_small(batch, file, scratch.bytes.view().subspan(file.offset, file.size));
    }
    ++decided;
  }
  parts_.queue.push(std::move(grown), {});
  if (decided != 0) parts_.assembler.finish(std::move(batch.draft), decided);
}

std::shared_ptr<LargeFile> FileSaver::open_large(FileBatch& batch, UniqueFd& fd, FileInfo& info) {
  FileItem& item = batch.files.front();
  std::string path = SourceTree::path_of(*batch.dir, item.entry);
  try {
    fd = open_file_at(batch.dir->handle(), item.entry.source_name(*batch.dir));
    info = fstat_fd(fd.get());
    require_regular(info);
    Node node = make_node(item.entry.name, info, parts_.with_atime);
    const NoticeSink problem = [&](const std::string& message) {
      parts_.reporter.problem(path, message);
    };
    set_extended_attributes(
        node, [&](const NoticeSink& sink) { return read_xattrs_fd(fd.get(), sink); }, problem);
    auto file = std::make_shared<LargeFile>(batch.draft, item.slot, std::move(node),
                                            std::move(item.previous));
    if (parts_.reporter.wants_items() || parts_.reporter.content()) {
      file->snapshot_path = batch.dir->snapshot_path + "/" + item.entry.name;
      file->begun = std::chrono::steady_clock::now();
    }
    file->path = std::move(path);
    return file;
  } catch (const Error& error) {
    parts_.reporter.problem(path, error.what());
    return nullptr;
  }
}

void FileSaver::save_large(FileBatch& batch, const std::stop_token& stop) {
  UniqueFd fd;
  FileInfo before;
  const std::shared_ptr<LargeFile> file = open_large(batch, fd, before);
  if (file == nullptr) {
    parts_.queue.reading_done();
    parts_.assembler.finish(std::move(batch.draft), 1);
    return;
  }
  if (parts_.reporter.tracks_current()) parts_.reporter.progress().begin_item(file->path);
  std::uint64_t read_so_far = 0;
  const auto read = [&](MutableByteView out) -> std::optional<std::size_t> {
    try {
      const std::size_t got = read_some(fd.get(), out, file->path);
      read_so_far += got;
      if (got == out.size()) return got;
      if (same_content_state(before, fstat_fd(fd.get()))) {
        require_whole(before, read_so_far);
      } else {
        parts_.reporter.changed_while_read(file->path);
      }
      return got;
    } catch (const Error& error) {
      parts_.reporter.problem(file->path, error.what());
      return std::nullopt;
    }
  };
  save_stream(file, read, stop);
  parts_.queue.reading_done();
}

void FileSaver::save_stream(const std::shared_ptr<LargeFile>& file, const Read& read,
                            const std::stop_token& stop) {
  Buffer buffer = pool_.take();
  std::size_t scanned = 0;
  bool at_end = false;
  std::size_t chunks = 0;
  std::uint64_t offset = 0;
  const auto& observe = parts_.reporter.content();
  while (!at_end || !buffer.empty()) {
    check_stop(stop);
    const std::size_t cut = parts_.chunker.next_cut(buffer.view(), at_end, scanned);
    if (cut == 0 && !at_end) {
      const std::size_t filled = buffer.size();
      buffer.resize(filled + kReadSize);
      const std::optional<std::size_t> got = read(buffer.writable().subspan(filled));
      if (!got) {
        const std::lock_guard lock(file->mutex_);
        file->failed_ = true;
        break;
      }
      at_end = *got < kReadSize;
      buffer.resize(filled + *got);
      if (observe && *got != 0) {
        const ByteView bytes = buffer.view().subspan(filled);
        observe({.path = file->snapshot_path, .offset = offset, .bytes = bytes});
        offset += *got;
      }
      continue;
    }
    const std::size_t index = chunks++;
    {
      const std::lock_guard lock(file->mutex_);
      file->node_.content.emplace_back();
      ++file->open_;
    }
    // What was read beyond the cut begins the next chunk.
    Buffer next = pool_.take();
    next.append(buffer.view().subspan(cut));
    buffer.resize(cut);
    ChunkTask task{.file = file, .index = index, .bytes = std::move(buffer)};
    if (!parts_.queue.try_push(task)) run(std::move(task));
    buffer = std::move(next);
    scanned = 0;
  }
  pool_.give(std::move(buffer));
  release(*file);
}

SavedBlob FileSaver::save_chunk(ByteView chunk) {
  if (is_zero_chunk(chunk)) {
    return parts_.sink.save(BlobRef{.kind = BlobKind::data, .id = zero_chunk_id()}, chunk);
  }
  return parts_.sink.save(BlobKind::data, chunk);
}

void FileSaver::store_chunk(LargeFile& file, std::size_t index, ByteView chunk) {
  const SavedBlob blob = save_chunk(chunk);
  parts_.reporter.progress().done_bytes += chunk.size();
  {
    const std::lock_guard lock(file.mutex_);
    file.node_.content[index] = blob.id;
    file.node_.size += chunk.size();
    file.stored_.add(blob, chunk.size());
  }
  release(file);
}

void FileSaver::release(LargeFile& file) {
  {
    const std::lock_guard lock(file.mutex_);
    if (--file.open_ != 0) return;
  }
  complete(file);
}

void FileSaver::complete(LargeFile& file) {
  Reporter& reporter = parts_.reporter;
  if (reporter.tracks_current()) reporter.progress().end_item(file.path);
  if (!file.failed_) {
    reporter.item(file.snapshot_path, file.node_, file.previous_, file.stored_, file.begun);
    file.draft_->slot(file.slot_) = std::move(file.node_);
  }
  parts_.assembler.finish(file.draft_, 1);
}

}  // namespace medsave
