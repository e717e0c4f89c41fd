#include "medsave/check/checker.hpp"

#include "affected_paths.hpp"
#include "damage_log.hpp"
#include "pack_check.hpp"
#include "structure_check.hpp"
#include "tree_check.hpp"

#include "medsave/base/random.hpp"
#include "medsave/base/text.hpp"
#include "medsave/check/read_data_selection.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/repo/blob_marks.hpp"
#include "medsave/repo/index_load.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace medsave {
namespace {

class Check {
 public:
  Check(const Repository& repository, const CheckRequest& request,
        const std::function<void(const Finding&)>& finding,
        const std::function<void(const std::string&)>& stage, Progress& progress)
      : repository_(repository),
        request_(request),
        stage_(stage),
        progress_(progress),
        log_(finding, progress) {}

  CheckReport run(const std::stop_token& stop) {
    // Snapshots before indexes, or a snapshot could appear whose index was not loaded.
    begin(_("reading the snapshots"));
    load_wanted_snapshots(stop);
    begin(_("reading the index"));
    LoadIndexReport loading;
    index_ = load_index(repository_, stop, &loading, &progress_);
    begin(_("checking keys and packs"));
    report_.damaged_keys = check_keys(repository_, log_, stop);
    PackListCheck packs = check_pack_list(repository_, *index_, loading, log_, stop);
    report_.suggest_repair_index = packs.suggest_repair_index;
    report_.suggest_prune = packs.suggest_prune;
    begin(_("checking snapshots and folders"));
    report_.no_snapshots =
        listed_snapshots_ == 0 && (index_->blob_count() != 0 || !packs.unindexed.empty());
    check_trees(packs.intact, stop);
    if (request_.snapshots_checked) request_.snapshots_checked(snapshots_.size());
    judge_unindexed(packs.unindexed, !loading.problems.empty());
    if (request_.read_data.kind != ReadDataSelection::Kind::none) {
      begin(_("reading the data"));
      check_data(std::move(packs.intact), stop);
    }
    if (!log_.suspects().empty() || log_.has_broken_references() || log_.has_unknown_types()) {
      begin(_("finding out what the damage touches"));
      find_affected(stop);
    }
    log_.fill(report_);
    // No prune is suggested after errors: packs that look unneeded may hold what is missing.
    if (report_.errors != 0) report_.suggest_prune = false;
    if (report_.access_denied) report_.suggest_repair_index = false;
    return std::move(report_);
  }

 private:
  /// Packs that no index file lists are a hint only, unless blobs are missing, which they may hold.
  void judge_unindexed(const std::vector<Id>& packs, bool index_is_damaged) {
    if (packs.empty()) return;
    const unsigned long count = packs.size();
    if (index_is_damaged || log_.has_broken_references()) {
      report_.suggest_repair_index = true;
      log_.hint(FindingKind::pack_unindexed, packs,
                format_text(n_("{} pack is in no index file and may hold what is missing",
                               "{} packs are in no index file and may hold what is missing", count),
                            count));
      return;
    }
    report_.suggest_prune = true;
    log_.hint(FindingKind::pack_unindexed, packs,
              format_text(n_("{} pack is in no index file: most likely a backup was interrupted; "
                             "the next backup or prune puts that in order",
                             "{} packs are in no index file: most likely a backup was interrupted; "
                             "the next backup or prune puts that in order",
                             count),
                          count));
  }

  void begin(const std::string& stage) {
    progress_.totals_final = false;
    progress_.total_items = 0;
    progress_.total_bytes = 0;
    progress_.done_items = 0;
    progress_.done_bytes = 0;
    if (stage_) stage_(stage);
  }

  [[nodiscard]] bool restricted() const {
    return !request_.snapshot_id.empty() || !request_.filter.empty();
  }

  void load_wanted_snapshots(const std::stop_token& stop) {
    snapshots_ = load_readable_snapshots(repository_, stop, [&](const Id& id, const Error& error) {
      log_.note_reason(error);
      log_.error(FindingKind::snapshot_unreadable, id, error.what());
      ++report_.unread_snapshots;
      if (error.code() == Errc::corrupt) report_.damaged_snapshots.push_back(id);
    });
    listed_snapshots_ = snapshots_.size();
    report_.snapshots_listed = listed_snapshots_;
    if (!request_.snapshot_id.empty()) {
      SnapshotEntry wanted =
          find_snapshot(snapshots_, request_.snapshot_id, request_.filter, {}, repository_.clock());
      snapshots_.clear();
      snapshots_.push_back(std::move(wanted));
    } else {
      std::erase_if(snapshots_, [&](const SnapshotEntry& entry) {
        return !request_.filter.matches(entry.snapshot);
      });
    }
    report_.snapshots = snapshots_.size();
  }

  void check_trees(std::vector<PackSummary>& packs, const std::stop_token& stop) {
    std::vector<Id> roots;
    for (const SnapshotEntry& entry : snapshots_) roots.push_back(entry.snapshot.tree);
    BlobMarks used(*index_);
    TreeCheck(repository_, *index_, log_, progress_).run(roots, used, stop);
    if (restricted()) {
      std::erase_if(packs, [&](const PackSummary& pack) { return !is_used(pack, used); });
    } else if (!log_.has_broken_references() && !log_.has_unknown_types()) {
      count_superfluous(used);
    }
  }

  [[nodiscard]] bool is_used(const PackSummary& pack, const BlobMarks& used) const {
    return std::ranges::any_of(index_->pack_entries(pack.id), [&](const PackEntry& entry) {
      return used.contains(index_->blob_number({.kind = entry.kind, .id = entry.id}).value());
    });
  }

  /// Copies that no snapshot needs, or that are there already.
  void count_superfluous(const BlobMarks& used) {
    BlobMarks met(*index_);
    std::unordered_set<Id> packs;
    for (const PackSummary& pack : index_->packs()) {
      if (!packs.insert(pack.id).second) continue;
      for (const PackEntry& entry : index_->pack_entries(pack.id)) {
        const BlobRef blob = {.kind = entry.kind, .id = entry.id};
        const std::size_t number = index_->blob_number(blob).value();
        const bool again = !met.mark(number);
        if (!used.contains(number)) {
          report_.unused.add(entry.stored_length);
          if (request_.list_unused && !again) tell_unused(blob);
        } else if (again) {
          report_.duplicates.add(entry.stored_length);
        }
      }
    }
  }

  void tell_unused(const BlobRef& blob) {
    const char* kind = blob.kind == BlobKind::tree ? "tree" : "data";
    log_.error(FindingKind::blob_unused, blob.id,
               format_text(_("unused blob {}/{}"), kind, blob.id.hex()));
    ++report_.unused_errors;
  }

  void check_data(std::vector<PackSummary> packs, const std::stop_token& stop) {
    PackCheck check(repository_, *index_, log_, progress_);
    check.run(select_packs(std::move(packs), request_.read_data, repository_.random()), stop);
    report_.packs_read = check.packs_read();
    report_.bytes_read = check.bytes_read();
  }

  void find_affected(const std::stop_token& stop) {
    AffectedPaths affected(repository_, *index_, log_.suspects(), stop);
    progress_.total_items = snapshots_.size();
    for (const SnapshotEntry& entry : snapshots_) {
      affected.add_snapshot(entry, report_, stop);
      progress_.done_items.fetch_add(1);
    }
  }

  const Repository& repository_;
  const CheckRequest& request_;
  const std::function<void(const std::string&)>& stage_;
  Progress& progress_;
  DamageLog log_;
  std::unique_ptr<Index> index_;
  std::vector<SnapshotEntry> snapshots_;
  std::size_t listed_snapshots_ = 0;
  CheckReport report_;
};

}  // namespace

CheckReport run_check(const Repository& repository, const CheckRequest& request,
                      const std::function<void(const Finding&)>& finding,
                      const std::function<void(const std::string& stage)>& stage,
                      Progress& progress, const std::stop_token& stop) {
  return Check(repository, request, finding, stage, progress).run(stop);
}

}  // namespace medsave
