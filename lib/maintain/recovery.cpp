#include "medsave/maintain/recovery.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/snapshot.hpp"
#include "medsave/format/tree.hpp"
#include "medsave/format/tree_encode.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/repo/reliable_index.hpp"
#include "medsave/snap/snapshot_finder.hpp"
#include "medsave/snap/tree_walker.hpp"
#include "medsave/sys/host.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace medsave {
namespace {

constexpr std::uint32_t kFolderMode = go_mode::kDir | 0755U;

class Recovery {
 public:
  Recovery(const Repository& repository, const RecoverRequest& request, const RecoverEvents& events,
           Progress& progress)
      : repository_(repository), request_(request), events_(events), progress_(progress) {}

  RecoverReport run(const std::stop_token& stop) {
    stage(_("load snapshots"));
    const auto snapshots = load_snapshots(repository_, stop, [&](const std::string& problem) {
      if (events_.warning) events_.warning(problem);
    });
    for (const SnapshotEntry& entry : snapshots) referred_.insert(entry.snapshot.tree);
    stage(_("load index files"));
    index_ = load_reliable_index(repository_, stop).index;
    list_trees();
    read_trees(stop);
    std::erase_if(trees_,
                  [&](const Id& id) { return referred_.contains(id) || useless_.contains(id); });
    RecoverReport report{
        .trees = progress_.done_items, .roots = trees_.size(), .unread_trees = unread_trees_};
    if (!lacking_.empty()) report.incomplete_files = count_incomplete(stop);
    if (!trees_.empty() && !request_.dry_run) report.snapshot = save(stop);
    return report;
  }

 private:
  void stage(const std::string& text) const {
    if (events_.stage) events_.stage(text);
  }

  void list_trees() {
    index_->for_each_pack([&](const PackSummary& pack, const std::vector<PackEntry>& entries) {
      if (!pack.has_trees) return;
      for (const PackEntry& entry : entries) {
        if (entry.kind == BlobKind::tree) trees_.push_back(entry.id);
      }
    });
    std::sort(trees_.begin(), trees_.end());
    trees_.erase(std::unique(trees_.begin(), trees_.end()), trees_.end());
    const unsigned long count = trees_.size();
    stage(format_text(n_("load {} tree", "load {} trees", count), count));
  }

  void read_trees(const std::stop_token& stop) {
    progress_.total_items += trees_.size();
    progress_.totals_final = true;
    const BlobReader reader(repository_, *index_);
    const unsigned wanted = std::max(worker_count(), repository_.backend().connections());
    TaskScope scope(stop);
    scope.spawn("read trees", static_cast<unsigned>(std::min<std::size_t>(wanted, trees_.size())),
                [&](const std::stop_token& token) { read_some_trees(reader, token); });
    scope.join();
  }

  void read_some_trees(const BlobReader& reader, const std::stop_token& stop) {
    for (std::size_t n = next_++; n < trees_.size(); n = next_++) {
      check_stop(stop);
      try {
        const Tree tree = load_tree(reader, trees_[n]);
        const auto lacking =
            std::ranges::count_if(tree, [this](const Node& node) { return lacks_content(node); });
        const std::lock_guard lock(mutex_);
        if (tree.empty()) useless_.insert(trees_[n]);  // there is nothing to recover
        if (lacking != 0) lacking_.emplace(trees_[n], static_cast<std::size_t>(lacking));
        for (const Node& node : tree) {
          if (node.subtree) referred_.insert(*node.subtree);
        }
      } catch (const Error& e) {
        if (is_fatal(e)) throw;
        const std::lock_guard lock(mutex_);
        useless_.insert(trees_[n]);
        if (!is_lost(e)) ++unread_trees_;
        if (events_.warning) events_.warning(e.what());
      }
      ++progress_.done_items;
    }
  }

  /// After a repair of the index, what that lists is there: a pack that is not found may come back.
  [[nodiscard]] bool is_lost(const Error& error) const {
    return error.code() == Errc::corrupt || (request_.dry_run && error.code() == Errc::not_found);
  }

  /// Whether some of the file's content is in no index; an interrupted backup leaves such files.
  [[nodiscard]] bool lacks_content(const Node& node) const {
    return std::ranges::any_of(node.content, [this](const Id& id) {
      return !index_->contains(BlobRef{.kind = BlobKind::data, .id = id});
    });
  }

  /// The files below the roots, each folder counted once.
  std::size_t count_incomplete(const std::stop_token& stop) const {
    const BlobReader reader(repository_, *index_);
    std::vector<Id> left = trees_;
    std::unordered_set<Id> seen(left.begin(), left.end());
    std::size_t files = 0;
    while (!left.empty()) {
      check_stop(stop);
      const Id id = left.back();
      left.pop_back();
      if (const auto lacking = lacking_.find(id); lacking != lacking_.end()) {
        files += lacking->second;
      }
      if (useless_.contains(id)) continue;
      for (const Node& node : load_tree(reader, id)) {
        if (node.subtree && seen.insert(*node.subtree).second) left.push_back(*node.subtree);
      }
    }
    return files;
  }

  Id save(const std::stop_token& stop) {
    BlobWriter writer(repository_, *index_, request_.writer, stop);
    const std::string json = encode_tree(make_root());
    const Id tree = writer.save(BlobKind::tree, as_bytes(json)).id;
    writer.finish();
    const Snapshot snapshot{.time = in_local_zone(repository_.clock().now()),
                            .tree = tree,
                            .paths = {kRecoveredPath},
                            .hostname = host_name(),
                            .username = user_name(),
                            .uid = user_id(),
                            .gid = group_id(),
                            .tags = {"recovered"},
                            .program_version = request_.program_version};
    const Id id = repository_.save_json(FileKind::snapshot, encode_snapshot(snapshot));
    repository_.backend().barrier();
    return id;
  }

  /// A folder for each tree, named by the beginning of its id, by all of it where that is not
  /// enough. trees_ is sorted, hence so are the names.
  [[nodiscard]] Tree make_root() const {
    Tree root;
    const Timestamp now = repository_.clock().now();
    for (std::size_t i = 0; i < trees_.size(); ++i) {
      const std::string name = trees_[i].short_hex();
      const bool shared = (i > 0 && trees_[i - 1].short_hex() == name) ||
                          (i + 1 < trees_.size() && trees_[i + 1].short_hex() == name);
      Node node{.name = shared ? trees_[i].hex() : name,
                .type = NodeType::dir,
                .mode = kFolderMode,
                .mtime = now,
                .atime = now,
                .ctime = now,
                .uid = user_id(),
                .gid = group_id()};
      node.subtree = trees_[i];
      root.push_back(std::move(node));
    }
    return root;
  }

  const Repository& repository_;
  const RecoverRequest& request_;
  const RecoverEvents& events_;
  Progress& progress_;
  std::unique_ptr<Index> index_;
  std::vector<Id> trees_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;  // guards the following while threads read trees
  std::unordered_set<Id> referred_;
  std::unordered_set<Id> useless_;  // unreadable or empty
  std::size_t unread_trees_ = 0;
  std::unordered_map<Id, std::size_t> lacking_;  // files in it of which content is missing
};

}  // namespace

RecoverReport recover_trees(const Repository& repository, const RecoverRequest& request,
                            const RecoverEvents& events, Progress& progress,
                            const std::stop_token& stop) {
  return Recovery(repository, request, events, progress).run(stop);
}

}  // namespace medsave
