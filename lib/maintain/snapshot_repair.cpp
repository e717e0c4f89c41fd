#include "medsave/maintain/snapshot_repair.hpp"

#include "snapshot_batch.hpp"
#include "tree_rewriter.hpp"

#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/repo/list_again.hpp"

#include <utility>

namespace medsave {
namespace {

class SnapshotRepair {
 public:
  SnapshotRepair(const Repository& repository, Index& index, const SnapshotRepairRequest& request,
                 const SnapshotChangeEvents& events, const std::stop_token& stop)
      : repository_(repository),
        request_(request),
        events_(events),
        index_(index),
        reader_(repository, index),
        batch_(repository, index, request.writer,
               {.dry_run = request.dry_run, .forget = request.forget}, stop),
        trees_(
            reader_, rules(), [this](std::string_view json) { return batch_.save_tree(json); },
            TreeRewriter::Memory::by_tree) {}

  std::size_t run(const std::vector<SnapshotEntry>& snapshots, const std::stop_token& stop) {
    for (const SnapshotEntry& entry : snapshots) {
      if (events_.begin) events_.begin(entry);
      repair(entry, stop);
    }
    // An index file that this run has not seen may list blobs that look lost, so that is checked
    // before old snapshots are deleted.
    if (request_.forget && !request_.dry_run) require_complete_index(repository_, index_, stop);
    return batch_.commit(events_.changed);
  }

 private:
  void repair(const SnapshotEntry& entry, const std::stop_token& stop) {
    const RewrittenTree tree = trees_.run(entry.snapshot.tree, stop);
    if (!tree.id) {
      batch_.drop(entry.id);
      return;
    }
    if (*tree.id == entry.snapshot.tree) {
      batch_.keep(entry.id);
      return;
    }
    Snapshot successor = entry.snapshot;
    successor.tree = *tree.id;
    successor.original = entry.id;
    if (successor.summary) {
      successor.summary->total_files_processed = tree.files;
      successor.summary->total_bytes_processed = tree.bytes;
    }
    if (!request_.forget) change_tags(successor, {.add = {"repaired"}});
    batch_.replace(entry.id, std::move(successor));
  }

  RewriteRules rules() {
    RewriteRules rules;
    rules.judge = [this](const std::string& path, const Node& node) { return judge(path, node); };
    rules.replace_unreadable = [this](const std::string& path, const Error& error) {
      // Only damaged or missing lists are replaced; one that cannot be read now, or that a newer
      // program may understand, ends the command.
      if (error.code() != Errc::corrupt && error.code() != Errc::not_found) {
        throw Error(error.code(), format_text(_("{}: {}; no snapshot was changed"), path,
                                              without_stop(error.what())));
      }
      const bool root = path == "/";
      tell(path, format_text(root ? _("not readable; {}") : _("replaced with an empty folder; {}"),
                             error.what()));
      return !root;
    };
    return rules;
  }

  std::optional<NodeEdit> judge(const std::string& path, const Node& node) {
    if (node.type == NodeType::irregular) {
      tell(path, _("removed, since its type is invalid"));
      return std::nullopt;
    }
    if (node.type != NodeType::file) return NodeEdit{};
    std::vector<Id> content;
    std::uint64_t size = 0;
    for (const Id& id : node.content) {
      const auto location = index_.find({.kind = BlobKind::data, .id = id});
      if (!location) continue;
      content.push_back(id);
      size += location->content_length();
    }
    NodeEdit edit;
    const std::size_t missing = node.content.size() - content.size();
    if (missing != 0 || node.content_is_null) {
      tell(path, format_text(_("missing content: {} of {} parts lost, {} of {} left"), missing,
                             node.content.size(), format_size(size), format_size(node.size)));
      edit.content = std::move(content);
    } else if (size != node.size) {
      tell(path, _("fixed incorrect size"));
    }
    if (size != node.size) edit.size = size;
    return edit;
  }

  void tell(const std::string& path, const std::string& what) const {
    if (events_.lost) events_.lost(path, what);
  }

  const Repository& repository_;
  const SnapshotRepairRequest& request_;
  const SnapshotChangeEvents& events_;
  const Index& index_;
  const BlobReader reader_;
  SnapshotBatch batch_;
  TreeRewriter trees_;
};

}  // namespace

std::size_t repair_snapshots(const Repository& repository, Index& index,
                             const std::vector<SnapshotEntry>& snapshots,
                             const SnapshotRepairRequest& request,
                             const SnapshotChangeEvents& events, const std::stop_token& stop) {
  return SnapshotRepair(repository, index, request, events, stop).run(snapshots, stop);
}

}  // namespace medsave
