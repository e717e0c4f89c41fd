#include "structure_check.hpp"

#include "pack_probe.hpp"

#include "medsave/backend/file_layout.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/key_file.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/repo/index_load.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace medsave {
namespace {

std::vector<BlobRef> blobs_of(const Index& index, const Id& pack) {
  std::vector<BlobRef> blobs;
  for (const PackEntry& entry : index.pack_entries(pack)) {
    blobs.push_back({.kind = entry.kind, .id = entry.id});
  }
  return blobs;
}

class PackListChecker {
 public:
  PackListChecker(const Repository& repository, const Index& index, DamageLog& log)
      : backend_(repository.backend()), index_(index), log_(log) {
    for (const ListedFile& file : backend_.list(FileKind::pack)) {
      sizes_.emplace(file.id, file.size);
    }
  }

  PackListCheck run(const std::stop_token& stop) {
    std::vector<PackSummary> packs = index_.packs();
    std::ranges::sort(packs, {}, &PackSummary::id);
    for (std::size_t i = 0; i < packs.size(); ++i) {
      check_stop(stop);
      if (i != 0 && packs[i].id == packs[i - 1].id) {
        contradiction(packs[i].id);
      } else {
        examine(packs[i]);
      }
    }
    if (!backend_.list_proves_names()) look_for_files(stop);
    tell_of_mixed();
    for (const auto& file : sizes_) result_.unindexed.push_back(file.first);
    std::ranges::sort(result_.unindexed);
    return std::move(result_);
  }

 private:
  void contradiction(const Id& pack) {
    result_.suggest_repair_index = true;
    std::erase_if(result_.intact, [&](const PackSummary& known) { return known.id == pack; });
    log_.suspect(blobs_of(index_, pack));
    log_.broken_pack(
        FindingKind::pack_duplicate, pack,
        format_text(_("pack {} is described differently by several index files"), pack.hex()));
  }

  void examine(const PackSummary& pack) {
    const auto file = sizes_.find(pack.id);
    if (file == sizes_.end()) {
      damaged(pack, FindingKind::pack_missing,
              format_text(_("pack {} is missing, with {} blobs"), pack.id.hex(), pack.blob_count));
      return;
    }
    const std::uint64_t size = file->second;
    sizes_.erase(file);
    if (size != pack.size) {
      damaged(pack, FindingKind::pack_size,
              format_text(_("pack {} has {} bytes instead of {}: it is damaged or cut off"),
                          pack.id.hex(), size, pack.size));
      return;
    }
    if (pack.has_data && pack.has_trees) mixed_.push_back(pack.id);
    result_.intact.push_back(pack);
  }

  /// Takes out of the intact packs what cannot be opened by its name.
  void look_for_files(const std::stop_token& stop) {
    std::unordered_set<Id> unreachable;
    for (const UnreachablePack& found : probe_packs(backend_, result_.intact, stop)) {
      const PackSummary& pack = found.pack;
      unreachable.insert(pack.id);
      if (found.failure && found.failure->code() == Errc::permission) {
        log_.suspect(blobs_of(index_, pack.id));
        log_.unread_pack(pack.id, *found.failure);
        continue;
      }
      damaged(pack, FindingKind::pack_missing,
              found.failure ? format_text(_("pack {}: {}"), pack.id.hex(), found.failure->what())
                            : missing_file(pack.id));
    }
    std::erase_if(result_.intact,
                  [&](const PackSummary& pack) { return unreachable.contains(pack.id); });
  }

  static std::string missing_file(const Id& pack) {
    static const FileLayout kNames("");
    const FileRef file = {.kind = FileKind::pack, .id = pack};
    return format_text(
        _("pack {} is missing: {} is in the server's list, but cannot be found there"), pack.hex(),
        kNames.path_of(file).substr(1));
  }

  void tell_of_mixed() {
    if (mixed_.empty()) return;
    result_.suggest_prune = true;
    const unsigned long count = mixed_.size();
    log_.hint(FindingKind::pack_mixed, std::move(mixed_),
              format_text(n_("{} pack mixes folder lists and file contents, as old versions wrote; "
                             "harmless, prune separates them",
                             "{} packs mix folder lists and file contents, as old versions wrote; "
                             "harmless, prune separates them",
                             count),
                          count));
  }

  void damaged(const PackSummary& pack, FindingKind kind, const std::string& message) {
    log_.suspect(blobs_of(index_, pack.id));
    log_.broken_pack(kind, pack.id, message);
  }

  Backend& backend_;
  const Index& index_;
  DamageLog& log_;
  std::unordered_map<Id, std::uint64_t> sizes_;  // of the packs in the repository
  std::vector<Id> mixed_;
  PackListCheck result_;
};

}  // namespace

std::vector<Id> check_keys(const Repository& repository, DamageLog& log,
                           const std::stop_token& stop) {
  std::vector<Id> damaged;
  Buffer content;
  for (const ListedFile& file : repository.backend().list(FileKind::key)) {
    check_stop(stop);
    try {
      repository.load_raw({.kind = FileKind::key, .id = file.id}, content);
      decode_key_file(as_text(content.view()));
    } catch (const Error& e) {
      if (is_fatal(e)) throw;
      log.note_reason(e);
      log.error(FindingKind::key_unreadable, file.id,
                e.code() == Errc::corrupt ? format_text(_("key {} is damaged"), file.id.hex())
                                          : format_text(_("key {}: {}"), file.id.hex(), e.what()));
      if (e.code() == Errc::corrupt) damaged.push_back(file.id);
    }
  }
  return damaged;
}

PackListCheck check_pack_list(const Repository& repository, const Index& index,
                              const LoadIndexReport& loading, DamageLog& log,
                              const std::stop_token& stop) {
  for (const IndexProblem& problem : loading.problems) {
    log.note_reason(Error(problem.code, problem.message));
    log.error(FindingKind::index_unreadable, problem.index, problem.message);
  }
  if (const unsigned long count = loading.duplicate_packs.size(); count != 0) {
    log.hint(
        FindingKind::pack_duplicate,
        {loading.duplicate_packs.begin(), loading.duplicate_packs.end()},
        format_text(n_("{} pack is listed in several index files, as an interrupted run leaves "
                       "them; harmless, \"medsave repair index\" tidies it",
                       "{} packs are listed in several index files, as an interrupted run "
                       "leaves them; harmless, \"medsave repair index\" tidies it",
                       count),
                    count));
  }
  PackListCheck result = PackListChecker(repository, index, log).run(stop);
  result.suggest_repair_index |= !loading.problems.empty() || !loading.duplicate_packs.empty();
  return result;
}

}  // namespace medsave
