#include "medsave/prune/pruner.hpp"

#include "index_rewriter.hpp"
#include "repacker.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <algorithm>
#include <atomic>
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
    begin(_("collecting packs for deletion and repacking"));
    PruneOptions options = request_.options;
    if (request_.without_free_space) options.max_repack_bytes = 0;
    report_.plan = make_prune_plan(*index_, repository_.backend().list(FileKind::pack), *used_,
                                   options, repository_.config().version);
  }

  std::vector<Id> load_roots(const std::stop_token& stop) {
    const std::unordered_set<Id> ignored(request_.ignored_snapshots.begin(),
                                         request_.ignored_snapshots.end());
    std::vector<Id> roots;
    for (const SnapshotEntry& entry : load_snapshots(repository_, stop)) {
      if (!ignored.contains(entry.id)) roots.push_back(entry.snapshot.tree);
    }
    return roots;
  }

  void load_whole_index(const std::stop_token& stop) {
    LoadIndexReport loading;
    index_ = load_index(repository_, stop, &loading);
    if (!loading.problems.empty()) {
      throw Error(Errc::corrupt,
                  format_text(_("what the repository holds cannot be found out, so nothing was "
                                "removed: {}"),
                              loading.problems.front().message));
    }
    contents_ = std::move(loading.contents);
  }

  void carry_out(const std::stop_token& stop) {
    const PrunePlan& plan = report_.plan;
    repository_.backend().remove_leftovers();
    const RepackRounds rounds = choose_rounds();
    if (!plan.unindexed.empty()) {
      std::vector<Id> ids;
      for (const ListedFile& file : plan.unindexed) ids.push_back(file.id);
      delete_packs(ids, _("deleting unreferenced packs"), stop);
    }
    if (plan.changes_index()) change_index(rounds, stop);
    repository_.backend().barrier();
  }

  void change_index(const RepackRounds& rounds, const std::stop_token& stop) {
    check_stop(stop);
    // Without room an interruption in the middle would leave the repository without an index.
    const std::stop_token now = request_.without_free_space ? std::stop_token() : stop;
    IndexRewriter rewriter(repository_, *index_, std::move(contents_),
                           [&](const std::vector<FileRef>& files) {
                             if (!delete_files(files, now).empty()) throw_undeletable_index();
                           });
    if (request_.without_free_space) {
      remove_without_room(rewriter, now);
    } else {
      repack_and_remove(rewriter, rounds, now);
    }
  }

  RepackRounds choose_rounds() const {
    std::optional<std::uint64_t> free_bytes;
    if (request_.free_space) free_bytes = request_.free_space();
    RepackRounds rounds = plan_repack_rounds(report_.plan, free_bytes);
    if (rounds.required == 0) return rounds;
    throw Error(Errc::no_space,
                format_text(_("repacking needs {} of free space at the repository, but there are "
                              "only {}; nothing was changed. Free some space, or remove first "
                              "what goes without repacking: --max-repack-size 0"),
                            format_size(rounds.required), format_size(free_bytes.value_or(0))));
  }

  void repack_and_remove(IndexRewriter& rewriter, const RepackRounds& rounds,
                         const std::stop_token& stop) {
    const PrunePlan& plan = report_.plan;
    Repacker repacker(repository_, *index_, *used_, request_.options.repack_uncompressed);
    keep_the_rest(repacker);
    for (std::size_t n = 0; n < rounds.rounds.size(); ++n) {
      const std::vector<Id>& round = rounds.rounds[n];
      std::vector<Id> doomed = round;
      if (n == 0) {
        for (const DoomedPack& pack : plan.remove) doomed.push_back(pack.id);
      }
      if (!round.empty()) {
        begin(_("repacking packs"), round.size());
        repacker.repack(round, request_.writer, progress_, stop);
      }
      if (n + 1 == rounds.rounds.size()) repacker.require_complete();
      check_stop(stop);
      begin(_("rebuilding index"));
      std::unordered_set<Id> dropped(doomed.begin(), doomed.end());
      dropped.insert(plan.missing.begin(), plan.missing.end());
      rewriter.drop(dropped);
      const unsigned long count = doomed.size();
      delete_packs(doomed,
                   format_text(n_("removing {} old pack", "removing {} old packs", count), count),
                   stop);
    }
  }

  /// Tells the repacker of the packs that the plan leaves alone.
  void keep_the_rest(Repacker& repacker) const {
    const PrunePlan& plan = report_.plan;
    std::unordered_set<Id> gone(plan.missing.begin(), plan.missing.end());
    for (const DoomedPack& pack : plan.remove) gone.insert(pack.id);
    for (const DoomedPack& pack : plan.repack) gone.insert(pack.id);
    for (const PackSummary& pack : index_->packs()) {
      if (!gone.contains(pack.id)) repacker.keep(pack.id);
    }
  }

  void remove_without_room(IndexRewriter& rewriter, const std::stop_token& stop) {
    const PrunePlan& plan = report_.plan;
    std::vector<Id> doomed;
    for (const DoomedPack& pack : plan.remove) doomed.push_back(pack.id);
    std::unordered_set<Id> dropped(doomed.begin(), doomed.end());
    dropped.insert(plan.missing.begin(), plan.missing.end());
    begin(_("rebuilding index"));
    rewriter.drop_without_room(dropped,
                               [&] { delete_packs(doomed, _("removing old packs"), stop); });
  }

  /// A pack that cannot be deleted is in nobody's way: the next prune finds it unindexed.
  void delete_packs(const std::vector<Id>& packs, const std::string& stage,
                    const std::stop_token& stop) {
    if (packs.empty()) return;
    begin(stage, packs.size());
    std::vector<FileRef> files;
    for (const Id& pack : packs) files.push_back({.kind = FileKind::pack, .id = pack});
    for (const std::string& problem : delete_files(files, stop)) {
      ++report_.undeleted;
      if (events_.warning) events_.warning(problem);
    }
  }

  [[noreturn]] static void throw_undeletable_index() {
    throw Error(Errc::io,
                _("old index files could not be deleted, so no packs were removed; nothing is "
                  "lost. Run prune again when the repository can be written to"));
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
