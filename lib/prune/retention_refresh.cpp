#include "medsave/prune/retention_refresh.hpp"

#include "medsave/par/task_scope.hpp"
#include "medsave/prune/used_blobs.hpp"

#include <algorithm>
#include <atomic>
#include <unordered_set>

namespace medsave {
namespace {

/// Packs that hold at least one blob in use.
std::unordered_set<Id> needed_packs(const Index& index, const BlobMarks& used) {
  std::unordered_set<Id> packs;
  for (const PackSummary& pack : index.packs()) {
    const bool needed =
        std::ranges::any_of(index.pack_entries(pack.id), [&](const PackEntry& entry) {
          const auto number = index.blob_number({.kind = entry.kind, .id = entry.id});
          return number && used.contains(*number);
        });
    if (needed) packs.insert(pack.id);
  }
  return packs;
}

}  // namespace

std::uint64_t refresh_retention(const Repository& repository, const Index& index,
                                const std::vector<Id>& roots, Progress& progress,
                                const std::stop_token& stop) {
  const BlobMarks used = find_used_blobs(repository, index, roots, progress, stop);
  Backend& backend = repository.backend();
  std::vector<FileRef> files = {{.kind = FileKind::config}};
  for (const FileKind kind : {FileKind::key, FileKind::index, FileKind::snapshot}) {
    for (const ListedFile& file : backend.list(kind)) {
      files.push_back({.kind = kind, .id = file.id});
    }
  }
  for (const Id& pack : needed_packs(index, used)) {
    files.push_back({.kind = FileKind::pack, .id = pack});
  }

  progress.total_items.fetch_add(files.size());
  std::atomic<std::size_t> next = 0;
  std::atomic<std::uint64_t> extended = 0;
  TaskScope scope(stop);
  scope.spawn("extend retention", backend.connections(), [&](const std::stop_token& token) {
    for (std::size_t i = next.fetch_add(1); i < files.size(); i = next.fetch_add(1)) {
      check_stop(token);
      if (backend.retain(files[i])) extended.fetch_add(1);
      progress.done_items.fetch_add(1);
    }
  });
  scope.join();
  return extended;
}

}  // namespace medsave
