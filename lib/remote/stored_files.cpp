#include "stored_files.hpp"

#include "medsave/base/text.hpp"

namespace medsave {

void require_kept(const std::string& name, std::uint64_t stored,
                  std::optional<std::uint64_t> there) {
  if (there == stored) return;
  throw Error(
      Errc::unreachable,
      format_text(_("the server has lost {} since it was stored a moment ago; was it restarted? "
                    "Nothing that needs the file is stored. Run the command again."),
                  name));
}

bool needs_others(FileKind kind) { return kind == FileKind::index || kind == FileKind::snapshot; }

void StoredFiles::note(const FileRef& file, std::uint64_t size) {
  if (file.kind == FileKind::lock || file.kind == FileKind::config) return;
  const std::lock_guard lock(mutex_);
  stored_[file.kind][file.id] = size;
}

void StoredFiles::forget(const FileRef& file) {
  const std::lock_guard lock(mutex_);
  if (const auto kind = stored_.find(file.kind); kind != stored_.end()) kind->second.erase(file.id);
}

void StoredFiles::doubt() {
  const std::lock_guard lock(mutex_);
  if (!stored_.empty()) ++doubts_;  // a restart does not affect later files
}

void StoredFiles::confirm(Backend& server) {
  const std::lock_guard one_at_a_time(confirm_mutex_);
  std::uint64_t doubts = 0;
  {
    const std::lock_guard lock(mutex_);
    if (failure_) throw Error(*failure_);
    if (doubts_ == confirmed_) return;
    doubts = doubts_;
  }
  try {
    ask(server);
  } catch (const Error& e) {
    const std::lock_guard lock(mutex_);
    if (is_fatal(e)) failure_ = e;
    throw;
  }
  const std::lock_guard lock(mutex_);
  confirmed_ = doubts;
}

/// A list may be some seconds old: what it lacks is asked for by its name.
void StoredFiles::ask(Backend& server) {
  for (const FileKind kind : kinds()) {
    for (const ListedFile& file : not_listed(kind, server.list(kind))) {
      const FileRef ref = {.kind = kind, .id = file.id};
      require_kept(describe(ref), file.size, server.size(ref));
    }
  }
}

std::vector<FileKind> StoredFiles::kinds() {
  const std::lock_guard lock(mutex_);
  std::vector<FileKind> all;
  for (const auto& [kind, files] : stored_) {
    if (!files.empty()) all.push_back(kind);
  }
  return all;
}

std::vector<ListedFile> StoredFiles::not_listed(FileKind kind,
                                                const std::vector<ListedFile>& listed) {
  const std::lock_guard lock(mutex_);
  Sizes missing = stored_[kind];
  for (const ListedFile& file : listed) {
    const auto found = missing.find(file.id);
    if (found != missing.end() && found->second == file.size) missing.erase(found);
  }
  std::vector<ListedFile> files;
  for (const auto& [id, size] : missing) files.push_back({.id = id, .size = size});
  return files;
}

}  // namespace medsave
