#include "medsave/prune/pruner.hpp"

#include "index_rewriter.hpp"
#include "repacker.hpp"

#include "medsave/backend/guarded_backend.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/error_in_lines.hpp"
#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/prune/repack_rounds.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/repo/index_load.hpp"
#include "medsave/repo/list_again.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <utility>

namespace medsave {
namespace {

class Prune {
 public:
  Prune(const Repository& repository, const PruneRequest& request, const PruneEvents& events,
        Progress& progress)
      : repository_(repository), request_(request), events_(events), progress_(progress) {}

  PruneReport run(const std::stop_token& stop) {
    make_plan(stop);
    if (events_.planned) events_.planned(report_.plan);
    if (!request_.dry_run) carry_out(stop);
    return std::move(report_);
  }

 private:
  void begin(const std::string& stage, std::uint64_t total = 0) {
    progress_.totals_final = false;
    progress_.total_bytes = 0;
    progress_.done_items = 0;
    progress_.done_bytes = 0;
    progress_.total_items = total;
    if (events_.stage) events_.stage(stage);
  }

  void make_plan(const std::stop_token& stop) {
    // Snapshots before indexes, or a snapshot could appear whose index was not loaded.
    begin(_("loading all snapshots..."));
    const std::vector<Id> roots = load_roots(stop);
    load_whole_index(stop);
    const unsigned long count = roots.size();
    begin(format_text(n_("finding data that is still in use for {} snapshot",
                         "finding data that is still in use for {} snapshots", count),
                      count));
    used_ =
        std::make_unique<BlobMarks>(find_used_blobs(repository_, *index_, roots, progress_, stop));
    if (events_.searched) events_.searched(count);
    begin(_("collecting packs for deletion and repacking"));
    PruneOptions options = request_.options;
    if (request_.without_free_space) options.max_repack_bytes = 0;
    const std::vector<ListedFile> packs = repository_.backend().list(FileKind::pack);
    if (roots.empty() && !packs.empty()) require_permission_to_empty(packs.size());
    report_.plan = make_prune_plan(*index_, packs, *used_, options, repository_.config().version);
    for (const auto* group : {&report_.plan.remove, &report_.plan.repack}) {
      for (const PackToDelete& pack : *group) to_delete_.insert(pack.id);
    }
    to_delete_.insert(report_.plan.missing.begin(), report_.plan.missing.end());
  }

  void require_permission_to_empty(unsigned long packs) const {
    if (request_.may_remove_everything || !request_.ignored_snapshots.empty()) return;
    throw Error(
        Errc::corrupt,
        format_text(
            n_("the repository lists no snapshots, but has {} pack of data, which prune would "
               "remove; nothing was removed. If its snapshots should be there, look at the medium "
               "or the server first. To empty the repository use --unsafe-allow-remove-all.",
               "the repository lists no snapshots, but has {} packs of data, which prune would "
               "remove; nothing was removed. If its snapshots should be there, look at the medium "
               "or the server first. To empty the repository use --unsafe-allow-remove-all.",
               packs),
            packs));
  }

  /// All that follows rests on these two lists being complete.
  void require_same_lists() const {
    require_same_list(repository_, FileKind::snapshot, snapshots_);
    require_same_list(repository_, FileKind::index, indexes_);
  }

  std::vector<Id> load_roots(const std::stop_token& stop) {
    const std::unordered_set<Id> ignored(request_.ignored_snapshots.begin(),
                                         request_.ignored_snapshots.end());
    std::vector<Id> roots;
    std::unordered_set<Id> listed;
    for (const SnapshotEntry& entry : load_every_snapshot(stop)) {
      listed.insert(entry.id);
      if (!ignored.contains(entry.id)) roots.push_back(entry.snapshot.tree);
    }
    snapshots_.assign(listed.begin(), listed.end());
    for (const Id& known : request_.known_snapshots) {
      if (!listed.contains(known)) throw_vanished(known);
    }
    return roots;
  }

  [[nodiscard]] std::vector<SnapshotEntry> load_every_snapshot(const std::stop_token& stop) const {
    std::vector<Id> damaged;
    std::string first;
    std::vector<SnapshotEntry> snapshots =
        load_readable_snapshots(repository_, stop, [&](const Id& id, const Error& error) {
          if (error.code() != Errc::corrupt) throw Error(error);
          if (damaged.empty()) first = error.what();
          damaged.push_back(id);
        });
    if (damaged.empty()) return snapshots;
    throw ErrorInLines(
        Errc::corrupt,
        with_sentence(first, format_text(_("So no data was removed, since what a snapshot needs "
                                           "cannot be told.\n{}"),
                                         advice_on_damaged_snapshots(damaged))));
  }

  [[noreturn]] static void throw_vanished(const Id& snapshot) {
    throw Error(Errc::io,
                format_text(_("snapshot {} is no longer listed although the repository is locked, "
                              "so the list cannot be relied on; nothing was removed. Look at the "
                              "medium or the server, run \"medsave check\", then prune again."),
                            snapshot.short_hex()));
  }

  void load_whole_index(const std::stop_token& stop) {
    LoadIndexReport loading;
    index_ = load_index(repository_, stop, &loading);
    if (!loading.problems.empty()) {
      throw Error(Errc::corrupt,
                  with_sentence(loading.problems.front().message,
                                _("So no data was removed, since what the repository holds "
                                  "cannot be found out")));
    }
    contents_ = std::move(loading.contents);
    for (const IndexFileContent& file : contents_) indexes_.push_back(file.index);
  }

  void carry_out(const std::stop_token& stop) {
    const PrunePlan& plan = report_.plan;
    const RepackRounds rounds = choose_rounds();
    if (rounds.rounds.size() > 1) {
      for (const PackToDelete& pack : plan.remove) goes_first_.insert(pack.id);
    }
    verify_kept_copies(stop);
    // A run that began without a lock, as the medium was full, takes it here if it fits by now, or
    // after the first deletions. Until then another computer may save something: the lists are
    // compared directly before anything is deleted.
    repository_.writes().require();
    repository_.backend().remove_leftovers();
    if (!plan.unindexed.empty()) {
      require_same_lists();
      std::vector<Id> ids;
      for (const ListedFile& file : plan.unindexed) ids.push_back(file.id);
      delete_packs(ids, _("deleting unreferenced packs"), stop);
    }
    if (plan.changes_index()) change_index(rounds, stop);
    repository_.backend().barrier();
    repository_.backend().renew_reserve();
  }

  /// Reads the copies that stay of blobs whose other copies are deleted without having been
  /// repacked: the copy that stays may be damaged, and a deleted one the last good one.
  void verify_kept_copies(const std::stop_token& stop) const {
    const std::vector<BlobRef> blobs = blobs_with_kept_copies();
    drop_local_copies(blobs);
    std::atomic<std::size_t> next = 0;
    TaskScope scope(stop);
    scope.spawn("verify copies",
                static_cast<unsigned>(std::min<std::size_t>(worker_count(), blobs.size())),
                [&](const std::stop_token& token) {
                  Buffer sealed;
                  Buffer plain;
                  for (std::size_t n = next++; n < blobs.size(); n = next++) {
                    check_stop(token);
                    require_good_kept_copy(blobs[n], sealed, plain);
                  }
                });
    scope.join();
  }

  [[nodiscard]] bool goes(const Id& pack) const { return to_delete_.contains(pack); }

  /// The copies of a needed blob at least one of which must be good before others are deleted:
  /// those in packs that stay. If there are none and a pack with the blob is deleted before
  /// repacking, those in packs to be repacked. Empty when the blob is copied first.
  [[nodiscard]] std::vector<BlobLocation> relied_on(const BlobRef& blob) const {
    const std::vector<BlobLocation> all = index_->find_all(blob);
    std::vector<BlobLocation> kept;
    std::ranges::copy_if(all, std::back_inserter(kept),
                         [&](const BlobLocation& at) { return !goes(at.pack); });
    const auto is_first = [&](const BlobLocation& at) { return goes_first_.contains(at.pack); };
    if (!kept.empty() || std::ranges::none_of(all, is_first)) return kept;
    std::ranges::copy_if(all, std::back_inserter(kept), std::not_fn(is_first));
    return kept;
  }

  /// Needed blobs of packs to be deleted for which relied_on() is not empty, each once.
  [[nodiscard]] std::vector<BlobRef> blobs_with_kept_copies() const {
    BlobMarks seen(*index_);
    std::vector<BlobRef> blobs;
    for (const Id& pack : to_delete_) {
      for (const PackEntry& entry : index_->pack_entries(pack)) {
        const BlobRef blob{.kind = entry.kind, .id = entry.id};
        const std::optional<std::size_t> number = index_->blob_number(blob);
        if (!number || !used_->contains(*number) || !seen.mark(*number)) continue;
        if (!relied_on(blob).empty()) blobs.push_back(blob);
      }
    }
    return blobs;
  }

  void drop_local_copies(const std::vector<BlobRef>& blobs) const {
    if (repository_.cache() == nullptr) return;
    std::unordered_set<Id> dropped;
    for (const BlobRef& blob : blobs) {
      for (const BlobLocation& at : relied_on(blob)) {
        if (!dropped.insert(at.pack).second) continue;
        repository_.forget_cached({.kind = FileKind::pack, .id = at.pack});
      }
    }
  }

  void require_good_kept_copy(const BlobRef& blob, Buffer& sealed, Buffer& plain) const {
    Id damaged;
    for (const BlobLocation& at : relied_on(blob)) {
      try {
        repository_.backend().load_range({.kind = FileKind::pack, .id = at.pack}, at.offset,
                                         at.stored_length, sealed);
        open_blob(repository_, blob, sealed.view(), at.plain_length, plain);
        return;
      } catch (const Error& e) {
        if (is_fatal(e)) throw;
        damaged = at.pack;
      }
    }
    throw Error(
        Errc::corrupt,
        format_text(
            _("pack {} holds a damaged copy of data that is needed, and prune would remove the "
              "other one, so nothing was removed. First run: \"medsave repair packs {}\"."),
            damaged.hex(), damaged.hex()));
  }

  void change_index(const RepackRounds& rounds, const std::stop_token& stop) {
    check_stop(stop);
    require_same_lists();
    // Without room an interruption in the middle would leave the repository without an index.
    const std::stop_token now = request_.without_free_space ? std::stop_token() : stop;
    IndexRewriter rewriter(repository_, *index_, std::move(contents_),
                           [&](const std::vector<FileRef>& files) {
                             if (!delete_files(files, now).empty()) throw_undeletable_index();
                             require_gone(files);
                           });
    if (request_.without_free_space) {
      remove_without_room(rewriter, now);
    } else {
      repack_and_remove(rewriter, rounds, now);
    }
  }

  /// A server may say that it has deleted what it has not. An index that stays would go on naming
  /// the packs that go next.
  void require_gone(const std::vector<FileRef>& files) const {
    if (files.empty()) return;
    std::unordered_set<Id> left;
    for (const ListedFile& file : repository_.backend().list(FileKind::index)) left.insert(file.id);
    for (const FileRef& file : files) {
      if (left.contains(file.id)) throw_undeletable_index();
    }
  }

  RepackRounds choose_rounds() const {
    std::optional<std::uint64_t> free_bytes;
    if (request_.free_space) free_bytes = request_.free_space();
    RepackRounds rounds = plan_repack_rounds(report_.plan, free_bytes);
    if (rounds.required == 0) return rounds;
    throw Error(Errc::no_space,
                format_text(_("repacking needs {} of free space at the repository, but there are "
                              "only {}; nothing was changed. Free some space, or remove first what "
                              "goes without repacking: --max-repack-size 0."),
                            format_size(rounds.required), format_size(free_bytes.value_or(0))));
  }

  void repack_and_remove(IndexRewriter& rewriter, const RepackRounds& rounds,
                         const std::stop_token& stop) {
    const PrunePlan& plan = report_.plan;
    Repacker repacker(repository_, *index_, *used_, request_.options.repack_uncompressed);
    keep_the_rest(repacker);
    for (std::size_t n = 0; n < rounds.rounds.size(); ++n) {
      const std::vector<Id>& round = rounds.rounds[n];
      std::vector<Id> to_delete = round;
      if (n == 0) {
        for (const PackToDelete& pack : plan.remove) to_delete.push_back(pack.id);
      }
      if (!round.empty()) {
        begin(_("repacking packs"), round.size());
        progress_.total_bytes = needed_bytes(round);
        progress_.totals_final = true;
        repacker.repack(round, request_.writer, progress_, stop);
      }
      if (n + 1 == rounds.rounds.size()) repacker.require_complete();
      check_stop(stop);
      begin(_("rebuilding index"));
      std::unordered_set<Id> dropped(to_delete.begin(), to_delete.end());
      dropped.insert(plan.missing.begin(), plan.missing.end());
      rewriter.drop(dropped);
      const unsigned long count = to_delete.size();
      delete_packs(to_delete,
                   format_text(n_("removing {} old pack", "removing {} old packs", count), count),
                   stop);
    }
  }

  [[nodiscard]] std::uint64_t needed_bytes(const std::vector<Id>& packs) const {
    const std::unordered_set<Id> wanted(packs.begin(), packs.end());
    std::uint64_t sum = 0;
    for (const PackToDelete& pack : report_.plan.repack) {
      if (wanted.contains(pack.id)) sum += pack.used_bytes;
    }
    return sum;
  }

  /// Tells the repacker of the packs that the plan leaves alone.
  void keep_the_rest(Repacker& repacker) const {
    const PrunePlan& plan = report_.plan;
    std::unordered_set<Id> gone(plan.missing.begin(), plan.missing.end());
    for (const PackToDelete& pack : plan.remove) gone.insert(pack.id);
    for (const PackToDelete& pack : plan.repack) gone.insert(pack.id);
    for (const PackSummary& pack : index_->packs()) {
      if (!gone.contains(pack.id)) repacker.keep(pack.id);
    }
  }

  void remove_without_room(IndexRewriter& rewriter, const std::stop_token& stop) {
    const PrunePlan& plan = report_.plan;
    std::vector<Id> to_delete;
    for (const PackToDelete& pack : plan.remove) to_delete.push_back(pack.id);
    std::unordered_set<Id> dropped(to_delete.begin(), to_delete.end());
    dropped.insert(plan.missing.begin(), plan.missing.end());
    begin(_("rebuilding index"));
    rewriter.drop_without_room(dropped,
                               [&] { delete_packs(to_delete, _("removing old packs"), stop); });
  }

  /// A pack that cannot be deleted does no harm: it is in no index, and the next prune tries again.
  void delete_packs(const std::vector<Id>& packs, const std::string& stage,
                    const std::stop_token& stop) {
    if (packs.empty()) return;
    begin(stage, packs.size());
    std::vector<FileRef> files;
    files.reserve(packs.size());
    for (const Id& pack : packs) files.push_back({.kind = FileKind::pack, .id = pack});
    const std::vector<std::string> problems = delete_files(files, stop);
    report_.undeleted += problems.size();
    for (const std::string& problem : problems) {
      if (events_.warning) events_.warning(problem);
    }
    if (!problems.empty()) return;
    repository_.backend().barrier();
    const std::size_t left = find_undeleted(repository_, FileKind::pack, packs, stop).size();
    report_.undeleted += left;
    if (left != 0 && events_.warning) {
      events_.warning(format_text(
          n_("the storage said that it deleted {} pack, but it is still there",
             "the storage said that it deleted {} packs, but they are still there", left),
          left));
    }
  }

  [[noreturn]] static void throw_undeletable_index() {
    throw Error(Errc::io,
                _("old index files could not be deleted, so no packs were removed; nothing is "
                  "lost. Run prune again when the repository can be written to."));
  }

  /// What could not be deleted and why, one line each.
  std::vector<std::string> delete_files(const std::vector<FileRef>& files,
                                        const std::stop_token& stop) {
    std::vector<std::string> problems;
    std::mutex mutex;  // guards problems
    std::atomic<std::size_t> next = 0;
    const auto threads =
        std::min<std::size_t>(std::max(1U, repository_.backend().connections()), files.size());
    TaskScope scope(stop);
    scope.spawn("delete files", static_cast<unsigned>(threads), [&](const std::stop_token& token) {
      for (std::size_t n = next++; n < files.size(); n = next++) {
        check_stop(token);
        try {
          repository_.backend().remove(files[n]);
          ++progress_.done_items;
        } catch (const Error& e) {
          if (is_fatal(e)) throw;
          const std::lock_guard lock(mutex);
          problems.push_back(
              format_text(_("{} could not be deleted: {}"), describe(files[n]), e.what()));
        }
      }
    });
    scope.join();
    return problems;
  }

  const Repository& repository_;
  const PruneRequest& request_;
  const PruneEvents& events_;
  Progress& progress_;
  std::unique_ptr<Index> index_;
  std::vector<Id> snapshots_;          // all that are listed
  std::vector<Id> indexes_;            // likewise
  std::unordered_set<Id> to_delete_;   // packs that go, repacked or not
  std::unordered_set<Id> goes_first_;  // those of them that go before any is repacked
  std::vector<IndexFileContent> contents_;
  std::unique_ptr<BlobMarks> used_;
  PruneReport report_;
};

}  // namespace

PruneReport run_prune(const Repository& repository, const PruneRequest& request,
                      const PruneEvents& events, Progress& progress, const std::stop_token& stop) {
  return Prune(repository, request, events, progress).run(stop);
}

}  // namespace medsave
