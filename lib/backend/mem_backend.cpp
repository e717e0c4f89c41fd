#include "medsave/backend/mem_backend.hpp"

#include "medsave/backend/checks.hpp"

#include <algorithm>

namespace medsave {

void MemBackend::save(const FileRef& file, Buffer&& data) {
  const std::lock_guard lock(mutex_);
  if (file.kind == FileKind::config && files_.contains({file.kind, file.id})) {
    throw_present(file, location());
  }
  files_[{file.kind, file.id}] = std::move(data);
}

void MemBackend::load(const FileRef& file, std::uint64_t limit, Buffer& out) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find({file.kind, file.id});
  if (found == files_.end()) throw_missing(file, location());
  require_within(file, found->second.size(), limit);
  out.clear();
  out.append(found->second.view());
}

void MemBackend::load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                            Buffer& out) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find({file.kind, file.id});
  if (found == files_.end()) throw_missing(file, location());
  const ByteView all = found->second.view();
  const auto start = static_cast<std::size_t>(std::min<std::uint64_t>(offset, all.size()));
  const std::size_t got = std::min(length, all.size() - start);
  require_whole(file, offset, length, got);
  out.clear();
  out.append(all.subspan(start, got));
}

std::optional<std::uint64_t> MemBackend::size(const FileRef& file) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find({file.kind, file.id});
  if (found == files_.end()) return std::nullopt;
  return found->second.size();
}

std::vector<ListedFile> MemBackend::list(FileKind kind) {
  const std::lock_guard lock(mutex_);
  std::vector<ListedFile> files;
  for (const auto& [key, content] : files_) {
    if (key.first == kind) files.push_back({.id = key.second, .size = content.size()});
  }
  return files;
}

void MemBackend::remove(const FileRef& file) {
  const std::lock_guard lock(mutex_);
  files_.erase({file.kind, file.id});
}

void MemBackend::overwrite(const FileRef& file, Buffer data) {
  const std::lock_guard lock(mutex_);
  files_[{file.kind, file.id}] = std::move(data);
}

}  // namespace medsave
