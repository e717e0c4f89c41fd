#include "medsave/maintain/index_repair.hpp"

#include "index_swap.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/repo/index_files.hpp"
#include "medsave/repo/index_load.hpp"
#include "medsave/repo/list_again.hpp"
#include "medsave/repo/pack_header_load.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace medsave {
namespace {

bool may_pass(const Error& error) {
  return error.code() != Errc::corrupt && error.code() != Errc::not_found;
}

class IndexRepair {
 public:
  IndexRepair(const Repository& repository, const IndexRepairRequest& request,
              const IndexRepairEvents& events, Progress& progress)
      : repository_(repository), request_(request), events_(events), progress_(progress) {}

  IndexRepairReport run(const std::stop_token& stop) {
    stage(_("loading indexes..."));
    index_ = load_index(repository_, stop, &loaded_);
    for (const IndexProblem& problem : loaded_.problems) {
      change(format_text(_("replacing index file {}, which cannot be used"), problem.index.hex()));
    }
    stage(_("getting pack files to read..."));
    compare();
    if (!to_read_.empty()) stage(_("reading pack files"));
    for (const Id& id : report_.missing) doubt(id);
    read_headers(stop);
    while (look_where_else()) read_headers(stop);
    for (std::vector<Id>* ids : {&report_.reread, &report_.damaged, &report_.unread}) {
      std::sort(ids->begin(), ids->end());
    }
    choose_replaced_files();
    count_lost_blobs();
    report_.replaced_files = old_.size();
    if (!report_.changed() || request_.dry_run) return std::move(report_);
    stage(_("rebuilding index"));
    check_stop(stop);
    require_missing();
    swap_index_files(repository_, packs_to_list(), old_);
    return std::move(report_);
  }

 private:
  void stage(const std::string& text) const {
    if (events_.stage) events_.stage(text);
  }
  void change(const std::string& text) const {
    if (events_.change) events_.change(text);
  }
  void warn(const std::string& text) const {
    if (events_.warning) events_.warning(text);
  }

  /// Lists the packs again and asks for each missing one before the index drops it.
  void require_missing() const {
    if (report_.missing.empty()) return;
    require_same_list(repository_, FileKind::pack, listed_packs());
    for (const Id& id : report_.missing) {
      if (!repository_.backend().size({.kind = FileKind::pack, .id = id})) continue;
      throw Error(Errc::io,
                  format_text(_("pack {} is there, but the repository's list of packs lacks it, so "
                                "that list cannot be relied on; nothing was changed. Look at the "
                                "medium or the server, then try again."),
                              id.hex()));
    }
  }

  /// Asks for a pack's size before the index takes over the listed one.
  void require_listed_size(const ListedFile& file) const {
    if (repository_.backend().size({.kind = FileKind::pack, .id = file.id}) == file.size) return;
    throw Error(Errc::io,
                format_text(_("the repository's list of packs gives pack {} a size that it does "
                              "not have, so that list cannot be relied on; nothing was changed. "
                              "Look at the medium or the server, then try again."),
                            file.id.hex()));
  }

  [[nodiscard]] std::vector<Id> listed_packs() const {
    std::vector<Id> ids;
    for (const auto& file : listed_) ids.push_back(file.first);
    return ids;
  }

  /// Which packs the index describes rightly, which are to be read, which are gone.
  void compare() {
    for (const ListedFile& file : repository_.backend().list(FileKind::pack)) {
      listed_.emplace(file.id, file.size);
    }
    std::unordered_map<Id, PackSummary> described;
    std::unordered_set<Id> ambiguous;
    for (const PackSummary& pack : index_->packs()) {
      if (!described.emplace(pack.id, pack).second) ambiguous.insert(pack.id);
    }
    for (const auto& [id, pack] : described) {
      const auto file = listed_.find(id);
      if (file == listed_.end()) {
        report_.missing.push_back(id);
      } else if (request_.read_all_packs) {
        to_read_.push_back({.id = id, .size = file->second});
      } else if (ambiguous.contains(id) || file->second != pack.size) {
        require_listed_size({.id = id, .size = file->second});
        report_.reread.push_back(id);
        to_read_.push_back({.id = id, .size = file->second});
      } else {
        good_.insert(id);
      }
    }
    for (const auto& [id, size] : listed_) {
      if (described.contains(id)) continue;
      report_.added.push_back(id);
      to_read_.push_back({.id = id, .size = size});
    }
    for (std::vector<Id>* ids : {&report_.missing, &report_.reread, &report_.added}) {
      std::sort(ids->begin(), ids->end());
    }
    std::sort(to_read_.begin(), to_read_.end(),
              [](const ListedFile& a, const ListedFile& b) { return a.id < b.id; });
    announce();
  }

  void announce() const {
    for (const Id& id : report_.missing) {
      change(format_text(_("removing not found pack file {}"), id.hex()));
    }
    for (const Id& id : report_.reread) {
      change(format_text(_("reindexing pack file {}, which does not have the size or the content "
                           "that the index tells"),
                         id.hex()));
    }
    for (const Id& id : report_.added) {
      change(format_text(_("adding pack file to index {}"), id.hex()));
    }
  }

  void read_headers(const std::stop_token& stop) {
    if (to_read_.empty()) return;
    progress_.total_items += to_read_.size();
    progress_.totals_final = true;
    next_ = 0;
    const unsigned wanted = std::max(worker_count(), repository_.backend().connections());
    TaskScope scope(stop);
    scope.spawn("read pack headers",
                static_cast<unsigned>(std::min<std::size_t>(wanted, to_read_.size())),
                [this](const std::stop_token& token) { read_some_headers(token); });
    scope.join();
    std::erase_if(report_.added, [&](const Id& id) { return useless_.contains(id); });
    std::sort(read_.begin(), read_.end(),
              [](const IndexedPack& a, const IndexedPack& b) { return a.pack < b.pack; });
    for (const ListedFile& file : to_read_) doubt(file.id);
  }

  /// Notes what the index names in a pack and the pack, as it was read, does not have.
  void doubt(const Id& pack) {
    std::set<BlobRef> there;
    const auto read = std::ranges::lower_bound(read_, pack, {}, &IndexedPack::pack);
    if (read != read_.end() && read->pack == pack) {
      for (const PackEntry& entry : read->blobs) there.insert({.kind = entry.kind, .id = entry.id});
    }
    for (const PackEntry& entry : index_->pack_entries(pack)) {
      const BlobRef blob{.kind = entry.kind, .id = entry.id};
      if (!there.contains(blob)) doubtful_.insert(blob);
    }
  }

  /// The index has been wrong about these blobs, so that other packs in which it names them are
  /// read as well. False when there are no more.
  bool look_where_else() {
    to_read_.clear();
    for (const BlobRef& blob : doubtful_) {
      for (const BlobLocation& at : index_->find_all(blob)) {
        if (good_.erase(at.pack) == 0) continue;
        to_read_.push_back({.id = at.pack, .size = listed_.at(at.pack)});
      }
    }
    return !to_read_.empty();
  }

  void read_some_headers(const std::stop_token& stop) {
    for (std::size_t n = next_++; n < to_read_.size(); n = next_++) {
      check_stop(stop);
      const ListedFile& file = to_read_[n];
      IndexedPack pack{.pack = file.id};
      std::string failure;
      bool unread = false;
      try {
        pack.blobs = load_pack_header(repository_, file);
      } catch (const Error& e) {
        if (is_fatal(e)) throw;
        failure = e.what();
        // Where reading fails for a reason that may pass, the index keeps what it has.
        unread = may_pass(e);
        pack.blobs = unread ? index_->pack_entries(file.id) : intact_blobs(file);
      }
      ++progress_.done_items;
      const std::lock_guard lock(mutex_);
      if (!failure.empty()) note_failure(file.id, pack.blobs.size(), failure, unread);
      if (!pack.blobs.empty()) read_.push_back(std::move(pack));
    }
  }

  void note_failure(const Id& id, unsigned long blobs, const std::string& failure, bool unread) {
    (unread ? report_.unread : report_.damaged).push_back(id);
    warn(failure);
    if (blobs == 0) useless_.insert(id);
    if (unread) return;
    if (blobs == 0) {
      warn(format_text(_("nothing of pack {} can be used; the file stays where it is until the "
                         "repository is pruned"),
                       id.hex()));
      return;
    }
    warn(format_text(
        n_("{} blob of pack {} is intact; save it with: \"medsave repair packs {}\"",
           "{} blobs of pack {} are intact; save them with: \"medsave repair packs {}\"", blobs),
        blobs, id.short_hex(), id.hex()));
  }

  /// What the index knew of a pack whose header is lost, as far as it is whole.
  std::vector<PackEntry> intact_blobs(const ListedFile& file) const {
    std::vector<PackEntry> entries = index_->pack_entries(file.id);
    Buffer sealed;
    Buffer plain;
    std::erase_if(entries, [&](const PackEntry& entry) {
      if (std::uint64_t{entry.offset} + entry.stored_length > file.size) return true;
      try {
        repository_.backend().load_range({.kind = FileKind::pack, .id = file.id}, entry.offset,
                                         entry.stored_length, sealed);
        open_blob(repository_, {.kind = entry.kind, .id = entry.id}, sealed.view(),
                  entry.plain_length, plain);
        return false;
      } catch (const Error& e) {
        if (is_fatal(e)) throw;
        return !may_pass(e);
      }
    });
    return entries;
  }

  /// A file stays if all it lists is right and no other file that stays lists any of it.
  void choose_replaced_files() {
    for (const IndexProblem& problem : loaded_.problems) {
      if (problem.code != Errc::corrupt) {
        throw Error(problem.code,
                    format_text(_("index file {} could not be read, which does not mean that it is "
                                  "damaged; nothing was changed. Look at the medium or the server, "
                                  "then try again: {}"),
                                problem.index.hex(), problem.message));
      }
      old_.push_back(problem.index);
    }
    std::sort(loaded_.contents.begin(), loaded_.contents.end(),
              [](const IndexFileContent& a, const IndexFileContent& b) {
                return std::pair(b.blobs, a.index) < std::pair(a.blobs, b.index);
              });
    for (const IndexFileContent& file : loaded_.contents) {
      const bool stays = std::all_of(file.packs.begin(), file.packs.end(), [&](const Id& pack) {
        return good_.contains(pack) && !kept_.contains(pack);
      });
      if (stays && !file.packs.empty()) {
        kept_.insert(file.packs.begin(), file.packs.end());
      } else {
        old_.push_back(file.index);
      }
    }
  }

  std::vector<IndexedPack> packs_to_list() {
    std::vector<Id> ids;
    for (const Id& id : good_) {
      if (!kept_.contains(id)) ids.push_back(id);
    }
    std::sort(ids.begin(), ids.end());
    std::vector<IndexedPack> packs = std::move(read_);
    for (const Id& id : ids) packs.push_back({.pack = id, .blobs = index_->pack_entries(id)});
    return packs;
  }

  void count_lost_blobs() {
    if (doubtful_.empty()) return;
    Index found;
    for (const IndexedPack& pack : read_) found.add_pack(pack);
    std::unordered_set<Id> lost;
    for (const BlobRef& blob : doubtful_) {
      if (!found.contains(blob)) lost.insert(blob.id);
    }
    report_.lost_blobs = lost.size();
  }

  const Repository& repository_;
  const IndexRepairRequest& request_;
  const IndexRepairEvents& events_;
  Progress& progress_;
  std::unique_ptr<Index> index_;
  LoadIndexReport loaded_;
  std::unordered_map<Id, std::uint64_t> listed_;
  std::unordered_set<Id> good_;  // packs that the index describes rightly
  std::vector<ListedFile> to_read_;
  std::set<BlobRef> doubtful_;   // which the index names in packs that do not have them
  std::vector<Id> old_;          // index files to be replaced
  std::unordered_set<Id> kept_;  // packs in index files that stay
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;  // guards the following while threads read headers
  std::vector<IndexedPack> read_;
  std::unordered_set<Id> useless_;  // packs of which there is nothing to list
  IndexRepairReport report_;
};

}  // namespace

IndexRepairReport repair_index(const Repository& repository, const IndexRepairRequest& request,
                               const IndexRepairEvents& events, Progress& progress,
                               const std::stop_token& stop) {
  return IndexRepair(repository, request, events, progress).run(stop);
}

}  // namespace medsave
