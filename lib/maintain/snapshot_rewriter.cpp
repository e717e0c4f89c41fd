#include "medsave/maintain/snapshot_rewriter.hpp"

#include "snapshot_batch.hpp"
#include "tree_rewriter.hpp"

#include "medsave/base/text.hpp"

#include <algorithm>
#include <utility>

namespace medsave {
namespace {

// 0001-01-01T00:00:00Z, which is how Go writes a time that was never set.
constexpr Timestamp kNever = {.seconds = -62'135'596'800, .nanoseconds = 0};

class SnapshotRewrite {
 public:
  SnapshotRewrite(const Repository& repository, Index& index, const RewriteRequest& request,
                  const SnapshotChangeEvents& events, const std::stop_token& stop)
      : request_(request),
        events_(events),
        reader_(repository, index),
        batch_(repository, index, request.writer,
               {.dry_run = request.dry_run, .forget = request.forget}, stop),
        trees_(
            reader_, rules(), [this](std::string_view json) { return batch_.save_tree(json); },
            filters() ? TreeRewriter::Memory::by_path : TreeRewriter::Memory::by_tree) {}

  std::size_t run(const std::vector<SnapshotEntry>& snapshots, const std::stop_token& stop) {
    for (const SnapshotEntry& entry : snapshots) {
      if (events_.begin) events_.begin(entry);
      rewrite(entry, stop);
    }
    return batch_.commit(events_.changed);
  }

 private:
  [[nodiscard]] bool filters() const {
    return !request_.exclude.empty() || !request_.include.empty();
  }

  RewriteRules rules() {
    RewriteRules rules;
    rules.judge = [this](const std::string& path, const Node& node) -> std::optional<NodeEdit> {
      if (stays(path, node)) return NodeEdit{};
      if (events_.lost) events_.lost(path, _("left out"));
      return std::nullopt;
    };
    if (!request_.include.empty()) {
      rules.keep_empty = [this](const std::string& path) {
        return request_.include.check(path).matches;
      };
    }
    return rules;
  }

  [[nodiscard]] bool stays(const std::string& path, const Node& node) const {
    if (!request_.exclude.empty()) return !request_.exclude.check(path).matches;
    if (request_.include.empty() || node.type == NodeType::dir) return true;
    return request_.include.check(path).matches;
  }

  void rewrite(const SnapshotEntry& entry, const std::stop_token& stop) {
    Snapshot successor = entry.snapshot;
    bool changed = false;
    if (filters() || request_.summarize) {
      const RewrittenTree tree = trees_.run(entry.snapshot.tree, stop);
      if (!tree.id) {
        // Patterns that leave nothing of a snapshot are likely a mistake, so the snapshot is kept.
        batch_.keep(entry.id);
        return;
      }
      successor.tree = *tree.id;
      set_totals(successor, tree);
      if (request_.forget && filters() && tree.files == 0 && *tree.id != entry.snapshot.tree) {
        throw Error(
            Errc::usage,
            format_text(_("no file of snapshot {} would be left, so nothing was changed in any; is "
                          "a pattern too wide? \"medsave forget\" removes whole snapshots."),
                        entry.id.short_hex()));
      }
      changed = successor.tree != entry.snapshot.tree ||
                (request_.summarize && successor.summary != entry.snapshot.summary);
    }
    changed = change_metadata(successor) || changed;
    if (!changed) {
      batch_.keep(entry.id);
      return;
    }
    successor.original = entry.id;
    if (!request_.forget) change_tags(successor, {.add = {"rewrite"}});
    batch_.replace(entry.id, std::move(successor));
  }

  static void set_totals(Snapshot& snapshot, const RewrittenTree& tree) {
    if (!snapshot.summary) {
      snapshot.summary =
          SnapshotSummary{.backup_start = {.instant = kNever}, .backup_end = {.instant = kNever}};
    }
    snapshot.summary->total_files_processed = tree.files;
    snapshot.summary->total_bytes_processed = tree.bytes;
  }

  [[nodiscard]] bool change_metadata(Snapshot& snapshot) const {
    if (request_.new_time) snapshot.time = in_local_zone(*request_.new_time);
    if (!request_.new_host.empty()) snapshot.hostname = request_.new_host;
    return request_.new_time || !request_.new_host.empty();
  }

  const RewriteRequest& request_;
  const SnapshotChangeEvents& events_;
  const BlobReader reader_;
  SnapshotBatch batch_;
  TreeRewriter trees_;
};

}  // namespace

std::size_t rewrite_snapshots(const Repository& repository, Index& index,
                              const std::vector<SnapshotEntry>& snapshots,
                              const RewriteRequest& request, const SnapshotChangeEvents& events,
                              const std::stop_token& stop) {
  return SnapshotRewrite(repository, index, request, events, stop).run(snapshots, stop);
}

}  // namespace medsave
