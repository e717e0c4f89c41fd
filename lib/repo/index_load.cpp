#include "index_load.hpp"

#include "damage.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/index_file.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/repo/index_load.hpp"
#include "medsave/repo/repository.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>

namespace medsave {
namespace {

/// Loads index files on several threads; each takes the next file of the list.
class IndexLoader {
 public:
  IndexLoader(const Repository& repository, Index& index, LoadIndexReport* report,
              Progress* progress, bool only_damage = false)
      : repository_(repository),
        index_(index),
        report_(report),
        progress_(progress),
        only_damage_(only_damage) {}

  void run(const std::stop_token& stop) {
    files_ = repository_.backend().list(FileKind::index);
    // The largest first: else one thread might load a large one at the end while the others have
    // nothing to do.
    std::sort(files_.begin(), files_.end(),
              [](const ListedFile& a, const ListedFile& b) { return a.size > b.size; });
    if (report_ != nullptr) report_->files = files_.size();
    if (progress_ != nullptr) {
      progress_->total_items += files_.size();
      for (const ListedFile& file : files_) progress_->total_bytes += file.size;
      progress_->totals_final = true;
    }
    const unsigned wanted = std::max(worker_count(), repository_.backend().connections());
    const auto threads = std::min<std::size_t>(wanted, files_.size());
    TaskScope scope(stop);
    scope.spawn("load index", static_cast<unsigned>(threads),
                [this](const std::stop_token& token) { work(token); });
    scope.join();
  }

 private:
  void work(const std::stop_token& stop) {
    Buffer json;
    std::vector<IndexedPack> packs;
    for (std::size_t n = next_++; n < files_.size(); n = next_++) {
      check_stop(stop);
      try {
        load(files_[n].id, json, packs);
      } catch (const Error& e) {
        if (report_ == nullptr || is_fatal(e)) throw;
        if (only_damage_ && e.code() != Errc::corrupt) throw;
        const std::lock_guard lock(mutex_);
        report_->problems.push_back({.index = files_[n].id, .message = e.what(), .code = e.code()});
      }
      if (progress_ != nullptr) {
        ++progress_->done_items;
        progress_->done_bytes += files_[n].size;
      }
    }
  }

  void load(const Id& id, Buffer& json, std::vector<IndexedPack>& packs) {
    const FileRef file{.kind = FileKind::index, .id = id};
    repository_.load_json(file, json);
    // Nothing of a file is entered before all of it has been decoded.
    packs.clear();
    try {
      decode_index(as_text(json.view()), [&](IndexedPack& pack) {
        if (repository_.config().version < 2) refuse_compressed(pack);
        packs.push_back(std::move(pack));
        pack = {};
      });
    } catch (const Error& e) {
      if (e.code() != Errc::corrupt) throw e.with_context(describe(file));
      throw damaged(file, e.what());
    }
    IndexFileContent content{.index = id};
    std::vector<Id> duplicates;
    for (const IndexedPack& pack : packs) {
      if (!index_.add_pack(pack)) duplicates.push_back(pack.pack);
      content.packs.push_back(pack.pack);
      content.blobs += pack.blobs.size();
    }
    if (report_ == nullptr) return;
    const std::lock_guard lock(mutex_);
    report_->duplicate_packs.insert(report_->duplicate_packs.end(), duplicates.begin(),
                                    duplicates.end());
    report_->contents.push_back(std::move(content));
  }

  static void refuse_compressed(const IndexedPack& pack) {
    const bool any = std::any_of(pack.blobs.begin(), pack.blobs.end(),
                                 [](const PackEntry& e) { return e.compressed(); });
    if (any) {
      throw Error(Errc::corrupt,
                  format_text(_("it lists compressed blobs (pack {}), which a repository of "
                                "version 1 cannot have"),
                              pack.pack.short_hex()));
    }
  }

  const Repository& repository_;
  Index& index_;
  LoadIndexReport* report_;
  Progress* progress_;
  const bool only_damage_;
  std::vector<ListedFile> files_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;  // guards *report_
};

}  // namespace

std::unique_ptr<Index> load_index(const Repository& repository, const std::stop_token& stop,
                                  LoadIndexReport* report, Progress* progress) {
  auto index = std::make_unique<Index>();
  IndexLoader(repository, *index, report, progress).run(stop);
  return index;
}

std::unique_ptr<Index> load_undamaged_index(const Repository& repository,
                                            const std::stop_token& stop, LoadIndexReport& damaged) {
  auto index = std::make_unique<Index>();
  IndexLoader(repository, *index, &damaged, nullptr, true).run(stop);
  return index;
}

}  // namespace medsave
