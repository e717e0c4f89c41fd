#include "medsave/maintain/pack_repair.hpp"

#include "index_swap.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/repo/index_files.hpp"
#include "medsave/repo/index_load.hpp"
#include "medsave/repo/list_again.hpp"
#include "medsave/repo/pack_header_load.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace medsave {
namespace {

constexpr std::uint64_t kMaxPack = 8ULL << 30U;  // bytes; one blob may have 4 GiB

using BlobKey = std::pair<BlobKind, Id>;

class PackRepair {
 public:
  PackRepair(const Repository& repository, const PackRepairRequest& request,
             const PackRepairEvents& events, Progress& progress)
      : repository_(repository),
        request_(request),
        events_(events),
        progress_(progress),
        damaged_(request.packs.begin(), request.packs.end()) {}

  PackRepairReport run(const std::stop_token& stop) {
    index_ = load_index(repository_, stop, &loaded_);
    if (!loaded_.problems.empty()) {
      throw Error(Errc::corrupt, with_sentence(loaded_.problems.front().message,
                                               _("Do that first, nothing was changed")));
    }
    // An index file that this run has not seen would go on listing the packs that it deletes.
    if (!request_.dry_run) require_complete_index(repository_, *index_, stop);
    const std::vector<ListedFile> files = find_files();
    progress_.total_items += files.size();
    progress_.totals_final = true;
    if (!request_.dry_run) {
      writer_ = std::make_unique<BlobWriter>(repository_, *index_, request_.writer, stop);
    }
    stage(_("salvaging intact data from specified pack files"));
    for (const ListedFile& file : files) {
      check_stop(stop);
      salvage(file);
      ++progress_.done_items;
    }
    count_lost_blobs(stop);
    if (!request_.dry_run) replace(files, stop);
    return report_;
  }

 private:
  void stage(const std::string& text) const {
    if (events_.stage) events_.stage(text);
  }
  void warn(const std::string& text) const {
    if (events_.warning) events_.warning(text);
  }

  std::vector<ListedFile> find_files() {
    std::unordered_map<Id, std::uint64_t> listed;
    for (const ListedFile& file : repository_.backend().list(FileKind::pack)) {
      listed.emplace(file.id, file.size);
    }
    std::vector<ListedFile> files;
    for (const Id& id : damaged_) {
      const auto file = listed.find(id);
      if (file == listed.end()) {
        throw Error(Errc::not_found, format_text(_("there is no pack file {}; if the index lists "
                                                   "it, \"medsave repair index\" takes it out"),
                                                 id.hex()));
      }
      files.push_back({.id = id, .size = file->second});
    }
    return files;
  }

  void salvage(const ListedFile& file) {
    load(file);
    std::uint64_t saved = 0;
    for (const PackEntry& entry : entries_of(file)) {
      const BlobKey key(entry.kind, entry.id);
      if (saved_.contains(key)) continue;
      if (const auto failure = save(file, entry)) {
        lost_.insert(key);
        warn(format_text(_("pack {}: blob {} cannot be read: {}"), file.id.short_hex(),
                         entry.id.hex(), *failure));
      } else {
        ++saved;
        saved_.insert(key);
      }
    }
    report_.saved_blobs += saved;
    if (saved == 0) {
      warn(format_text(_("nothing of pack {} can be saved"), file.id.hex()));
    }
  }

  /// The whole file into content_, and a copy of it to where the user wants it.
  void load(const ListedFile& file) {
    const FileRef ref{.kind = FileKind::pack, .id = file.id};
    loaded_whole_ = true;
    try {
      repository_.backend().load(ref, kMaxPack, content_);
    } catch (const Error& e) {
      if (e.code() != Errc::io && e.code() != Errc::corrupt) throw;
      loaded_whole_ = false;
      undeletable_.insert(file.id);
      warn(format_text(_("pack {} cannot be copied, so its file will not be deleted: {}"),
                       file.id.hex(), e.what()));
      return;
    }
    if (sha256(content_.view()) != file.id) read_again(file);
    if (!request_.dry_run && events_.keep_copy) events_.keep_copy(file.id, content_.view());
  }

  /// Damage on the way looks like damage of the file: that is deleted only if two readings agree.
  /// What the first one left in memory or in the cache would only agree with itself.
  void read_again(const ListedFile& file) {
    Buffer second;
    try {
      repository_.load_pack(file.id, kMaxPack, ReadFrom::medium, second);
    } catch (const Error& e) {
      if (e.code() != Errc::io && e.code() != Errc::corrupt) throw;
    }
    const bool agrees = std::ranges::equal(second.view(), content_.view());
    if (sha256(second.view()) == file.id) {
      content_ = std::move(second);  // the file is whole
    } else if (!agrees || content_.size() != file.size) {
      undeletable_.insert(file.id);
      warn(format_text(_("pack {} is read differently each time, so its file will not be deleted: "
                         "the medium, the server or the way to it is failing"),
                       file.id.hex()));
    }
  }

  /// What the pack holds, as its header and the index tell.
  std::vector<PackEntry> entries_of(const ListedFile& file) const {
    std::vector<PackEntry> entries = index_->pack_entries(file.id);
    try {
      for (const PackEntry& entry : load_pack_header(repository_, file)) {
        if (std::find(entries.begin(), entries.end(), entry) == entries.end()) {
          entries.push_back(entry);
        }
      }
    } catch (const Error& e) {
      if (is_fatal(e)) throw;
      warn(e.what());
    }
    return entries;
  }

  /// What is wrong with the blob, or nullopt when it has been stored again.
  std::optional<std::string> save(const ListedFile& file, const PackEntry& entry) {
    ByteView sealed;
    try {
      sealed = read(file, entry);
      open_blob(repository_, {.kind = entry.kind, .id = entry.id}, sealed, entry.plain_length,
                plain_);
    } catch (const Error& e) {
      if (is_fatal(e)) throw;
      if (e.code() != Errc::corrupt) undeletable_.insert(file.id);  // it may be read another time
      return e.what();
    }
    if (writer_) writer_->save_sealed_again(entry, sealed);
    return std::nullopt;
  }

  ByteView read(const ListedFile& file, const PackEntry& entry) {
    const std::uint64_t end = std::uint64_t{entry.offset} + entry.stored_length;
    if (end > file.size) throw Error(Errc::corrupt, _("the file is too short"));
    if (loaded_whole_ && end <= content_.size()) {
      return content_.view().subspan(entry.offset, entry.stored_length);
    }
    repository_.backend().load_range({.kind = FileKind::pack, .id = file.id}, entry.offset,
                                     entry.stored_length, sealed_);
    return sealed_.view();
  }

  void count_lost_blobs(const std::stop_token& stop) {
    for (const BlobKey& blob : lost_) {
      check_stop(stop);
      if (saved_.contains(blob)) continue;
      if (!has_good_copy({.kind = blob.first, .id = blob.second})) ++report_.lost_blobs;
    }
  }

  /// Whether another pack has the blob. The index only says that it should.
  bool has_good_copy(const BlobRef& blob) {
    for (const BlobLocation& at : index_->find_all(blob)) {
      if (damaged_.contains(at.pack)) continue;
      const FileRef pack{.kind = FileKind::pack, .id = at.pack};
      repository_.forget_cached(pack);
      try {
        repository_.backend().load_range(pack, at.offset, at.stored_length, sealed_);
        open_blob(repository_, blob, sealed_.view(), at.plain_length, plain_);
        return true;
      } catch (const Error& e) {
        if (is_fatal(e)) throw;
        warn(format_text(_("pack {}: blob {} cannot be read: {}"), at.pack.short_hex(),
                         blob.id.hex(), e.what()));
      }
    }
    return false;
  }

  void replace(const std::vector<ListedFile>& files, const std::stop_token& stop) {
    writer_->finish();
    stage(_("rebuilding index"));
    std::vector<Id> old;
    std::unordered_set<Id> listed;
    std::vector<const IndexFileContent*> replaced;
    const std::unordered_set<Id> differing = differing_packs(*index_);
    for (const IndexFileContent& file : loaded_.contents) {
      const bool touched = std::any_of(file.packs.begin(), file.packs.end(), [&](const Id& id) {
        return damaged_.contains(id) || differing.contains(id);
      });
      if (touched) {
        replaced.push_back(&file);
        old.push_back(file.index);
      } else {
        listed.insert(file.packs.begin(), file.packs.end());
      }
    }
    std::vector<IndexedPack> packs;
    for (const IndexFileContent* file : replaced) {
      for (const Id& id : file->packs) {
        // Packs that stay are listed again, since they may be whole.
        const bool goes = damaged_.contains(id) && !undeletable_.contains(id);
        if (goes || !listed.insert(id).second) continue;
        packs.push_back({.pack = id, .blobs = index_->pack_entries(id)});
      }
    }
    swap_index_files(repository_, std::move(packs), old);
    stage(_("removing salvaged pack files"));
    std::vector<Id> removed;
    for (const ListedFile& file : files) {
      if (undeletable_.contains(file.id)) continue;
      repository_.backend().remove({.kind = FileKind::pack, .id = file.id});
      removed.push_back(file.id);
    }
    repository_.backend().barrier();
    require_deleted(repository_, FileKind::pack, removed, stop);
    report_.removed_packs = removed.size();
  }

  const Repository& repository_;
  const PackRepairRequest& request_;
  const PackRepairEvents& events_;
  Progress& progress_;
  const std::set<Id> damaged_;
  LoadIndexReport loaded_;
  std::unique_ptr<Index> index_;
  std::unique_ptr<BlobWriter> writer_;  // none in a dry run
  Buffer content_;                      // of the pack in hand
  bool loaded_whole_ = false;
  Buffer sealed_;
  Buffer plain_;
  std::set<BlobKey> saved_;
  std::set<BlobKey> lost_;
  std::set<Id> undeletable_;
  PackRepairReport report_;
};

}  // namespace

PackRepairReport repair_packs(const Repository& repository, const PackRepairRequest& request,
                              const PackRepairEvents& events, Progress& progress,
                              const std::stop_token& stop) {
  return PackRepair(repository, request, events, progress).run(stop);
}

}  // namespace medsave
