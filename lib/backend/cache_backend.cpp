#include "medsave/backend/cache_backend.hpp"

#include "cache_folder.hpp"
#include "open_files.hpp"

#include "medsave/backend/cache_directories.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/random.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"

#include <condition_variable>
#include <mutex>
#include <unordered_set>
#include <utility>

namespace medsave {
namespace {

// Larger packs are not cached as a whole but read in pieces: no program writes such large ones for
// trees.
constexpr std::uint64_t kMaxPack = std::uint64_t{256} << 20;

bool may_be_cached(FileKind kind) {
  return kind == FileKind::index || kind == FileKind::snapshot || kind == FileKind::pack;
}

class CachingBackend : public CacheBackend {
 public:
  CachingBackend(std::unique_ptr<Backend> inner, const std::string& base,
                 const std::string& repository_id, const Clock& clock)
      : inner_(std::move(inner)), folder_(base, repository_id, clock) {}

  [[nodiscard]] std::string location() const override { return inner_->location(); }
  [[nodiscard]] unsigned connections() const override { return inner_->connections(); }
  void create() override { inner_->create(); }
  void save(const FileRef& file, Buffer&& data) override;
  void barrier() override { inner_->barrier(); }
  void sync_found() override { inner_->sync_found(); }
  void load(const FileRef& file, std::uint64_t limit, Buffer& out) override;
  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override;
  void done_reading(const FileRef& file, std::uint64_t offset, std::size_t length) override {
    inner_->done_reading(file, offset, length);
  }
  void drop_from_memory(const FileRef& file) override { inner_->drop_from_memory(file); }
  std::optional<std::uint64_t> size(const FileRef& file) override { return inner_->size(file); }
  std::vector<ListedFile> list(FileKind kind) override;
  [[nodiscard]] bool list_proves_names() const override { return inner_->list_proves_names(); }
  void remove(const FileRef& file) override;
  void replace_config(Buffer data) override { inner_->replace_config(std::move(data)); }
  std::uint64_t remove_leftovers() override { return inner_->remove_leftovers(); }
  bool give_up_reserve() override { return inner_->give_up_reserve(); }
  void renew_reserve() override { inner_->renew_reserve(); }
  bool can_delete() override { return inner_->can_delete(); }
  bool retain(const FileRef& file) override { return inner_->retain(file); }
  [[nodiscard]] Traffic traffic() const override { return inner_->traffic(); }
  Opening load_opening() override { return inner_->load_opening(); }

  void forget(const FileRef& file) override;
  void keep_only(FileKind kind, const std::vector<ListedFile>& listed) override {
    if (folder_.usable() && may_be_cached(kind)) folder_.prune(kind, listed);
  }
  void note_tree_pack(const Id& pack) override;

 private:
  /// Whether reads and writes of this file should fill the cache.
  [[nodiscard]] bool is_wanted(const FileRef& file);
  bool read_local_range(const FileRef& file, std::uint64_t offset, std::size_t length, Buffer& out);
  void add_left_out(std::vector<ListedFile>& snapshots);
  void fetch_pack_once(const FileRef& file);

  std::unique_ptr<Backend> inner_;
  const CacheFolder folder_;
  OpenFiles pack_files_;
  std::mutex mutex_;  // guards tree_packs_, fetching_
  std::condition_variable fetched_;
  std::unordered_set<Id> tree_packs_;
  std::unordered_set<Id> fetching_;
};

bool CachingBackend::is_wanted(const FileRef& file) {
  if (!folder_.usable() || !may_be_cached(file.kind)) return false;
  if (file.kind != FileKind::pack) return true;
  const std::lock_guard lock(mutex_);
  return tree_packs_.contains(file.id);
}

void CachingBackend::save(const FileRef& file, Buffer&& data) {
  if (!is_wanted(file)) {
    inner_->save(file, std::move(data));
    return;
  }
  folder_.store(file, data.view());
  try {
    inner_->save(file, std::move(data));
  } catch (...) {
    folder_.remove(file);
    throw;
  }
}

void CachingBackend::load(const FileRef& file, std::uint64_t limit, Buffer& out) {
  const bool cached = is_wanted(file);
  if (cached && folder_.load(file, limit, out)) return;
  inner_->load(file, limit, out);
  if (cached) folder_.store(file, out.view());
}

/// False when the local copy is missing, or too short and therefore dropped.
bool CachingBackend::read_local_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                                      Buffer& out) {
  std::shared_ptr<const UniqueFd> fd = pack_files_.find(file.id);
  try {
    if (!fd) {
      if (!folder_.contains(file)) return false;
      fd = pack_files_.open(file.id, kCurrentDirectory, folder_.path_of(file));
    }
    out.clear();
    out.resize(length);
    if (pread_some(fd->get(), out.writable(), offset, describe(file)) == length) return true;
  } catch (const Error&) {
    // handled as if it were damaged
  }
  forget(file);
  return false;
}

/// Of several threads that want the same pack, one fetches and the others wait.
void CachingBackend::fetch_pack_once(const FileRef& file) {
  {
    std::unique_lock lock(mutex_);
    if (!fetching_.insert(file.id).second) {
      fetched_.wait(lock, [&] { return !fetching_.contains(file.id); });
      return;
    }
  }
  try {
    if (!folder_.contains(file)) {  // else another thread has fetched it meanwhile
      Buffer pack;
      inner_->load(file, kMaxPack, pack);
      folder_.store(file, pack.view());
    }
  } catch (const std::exception&) {
    // The failure shows again when the wanted piece is read from the repository.
  }
  const std::lock_guard lock(mutex_);
  fetching_.erase(file.id);
  fetched_.notify_all();
}

void CachingBackend::load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                                Buffer& out) {
  if (file.kind == FileKind::pack && is_wanted(file)) {
    if (read_local_range(file, offset, length, out)) return;
    fetch_pack_once(file);
    if (read_local_range(file, offset, length, out)) return;
    // The cache cannot store it: do not fetch the whole pack again for every piece.
    const std::lock_guard lock(mutex_);
    tree_packs_.erase(file.id);
  }
  inner_->load_range(file, offset, length, out);
}

std::vector<ListedFile> CachingBackend::list(FileKind kind) {
  std::vector<ListedFile> files = inner_->list(kind);
  if (kind == FileKind::snapshot) add_left_out(files);
  keep_only(kind, files);
  return files;
}

/// A snapshot that another computer removed is asked for only once: after that its copy is deleted.
void CachingBackend::add_left_out(std::vector<ListedFile>& snapshots) {
  if (!folder_.usable()) return;
  std::unordered_set<Id> listed;
  for (const ListedFile& file : snapshots) listed.insert(file.id);
  for (const Id& id : folder_.ids(FileKind::snapshot)) {
    if (listed.contains(id)) continue;
    const std::optional<std::uint64_t> size = inner_->size({.kind = FileKind::snapshot, .id = id});
    if (size) snapshots.push_back({.id = id, .size = *size});
  }
}

void CachingBackend::remove(const FileRef& file) {
  inner_->remove(file);
  forget(file);
}

void CachingBackend::forget(const FileRef& file) {
  if (file.kind == FileKind::pack) pack_files_.drop(file.id);
  if (folder_.usable() && may_be_cached(file.kind)) folder_.remove(file);
}

void CachingBackend::note_tree_pack(const Id& pack) {
  const std::lock_guard lock(mutex_);
  tree_packs_.insert(pack);
}

class TemporaryCache : public CachingBackend {
 public:
  TemporaryCache(std::unique_ptr<Backend> inner, const std::string& base, const std::string& name,
                 const Clock& clock)
      : CachingBackend(std::move(inner), base, name, clock), base_(base), name_(name) {}
  ~TemporaryCache() override {
    try {
      remove_cache_directory(base_, name_);
    } catch (...) {
      return;  // --cleanup-cache removes it
    }
  }

 private:
  const std::string base_;
  const std::string name_;
};

}  // namespace

std::unique_ptr<CacheBackend> make_cache_backend(std::unique_ptr<Backend> inner,
                                                 const std::string& base,
                                                 const std::string& repository_id,
                                                 const Clock& clock) {
  return std::make_unique<CachingBackend>(std::move(inner), base, repository_id, clock);
}

std::unique_ptr<CacheBackend> make_temporary_cache_backend(std::unique_ptr<Backend> inner,
                                                           const std::string& base,
                                                           const Clock& clock, Random& random) {
  Id name;
  random.fill(name.bytes());
  return std::make_unique<TemporaryCache>(std::move(inner), base, name.hex(), clock);
}

}  // namespace medsave
