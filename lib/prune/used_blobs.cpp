#include "medsave/prune/used_blobs.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/go_quote.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/par/work_stack.hpp"
#include "medsave/snap/tree_walker.hpp"

#include <algorithm>
#include <optional>

namespace medsave {
namespace {

/// Follows trees on several threads.
class UsedBlobSearch {
 public:
  UsedBlobSearch(const Repository& repository, const Index& index, BlobMarks& used,
                 Progress& progress)
      : repository_(repository),
        index_(index),
        reader_(repository, index),
        used_(used),
        progress_(progress) {}

  void run(const std::vector<Id>& roots, const std::stop_token& stop) {
    for (const Id& root : roots) {
      if (!mark({.kind = BlobKind::tree, .id = root})) continue;
      trees_.push(root);
      progress_.total_items.fetch_add(1);
    }
    TaskScope scope(stop);
    scope.spawn("find used blobs", std::max(worker_count(), repository_.backend().connections()),
                [this](const std::stop_token& token) { work(token); });
    scope.join();
  }

 private:
  void work(const std::stop_token& stop) {
    std::vector<Id> found;
    while (const std::optional<Id> tree = trees_.next(stop)) {
      found.clear();
      follow(*tree, found);
      trees_.done(found);
      progress_.total_items.fetch_add(found.size());
      progress_.done_items.fetch_add(1);
    }
  }

  /// Marks what the tree refers to, whatever the type of the node: better one blob too many.
  void follow(const Id& id, std::vector<Id>& found) {
    for (const Node& node : load_tree(reader_, id)) {
      try {
        for (const Id& blob : node.content) mark({.kind = BlobKind::data, .id = blob});
        if (!node.subtree) {
          if (node.type != NodeType::dir) continue;
          throw Error(Errc::corrupt, _("the folder has no list of its content"));
        }
        if (mark({.kind = BlobKind::tree, .id = *node.subtree})) found.push_back(*node.subtree);
      } catch (const Error& e) {
        throw e.with_context(
            format_text(_("folder list {}, entry \"{}\""), id.hex(), go_quote(node.name)));
      }
    }
  }

  bool mark(const BlobRef& blob) {
    const std::optional<std::size_t> number = index_.blob_number(blob);
    if (number) return used_.mark(*number);
    throw Error(Errc::not_found, format_text(_("no index file lists blob {}"), blob.id.hex()));
  }

  const Repository& repository_;
  const Index& index_;
  const BlobReader reader_;
  BlobMarks& used_;
  Progress& progress_;
  WorkStack<Id> trees_;
};

}  // namespace

BlobMarks find_used_blobs(const Repository& repository, const Index& index,
                          const std::vector<Id>& roots, Progress& progress,
                          const std::stop_token& stop) {
  BlobMarks used(index);
  try {
    UsedBlobSearch(repository, index, used, progress).run(roots, stop);
  } catch (const Error& e) {
    if (is_fatal(e)) throw;
    throw Error(e.code(), format_text(_("what the snapshots need cannot be found out, so nothing "
                                        "was removed: {}"),
                                      e.what()));
  }
  return used;
}

}  // namespace medsave
