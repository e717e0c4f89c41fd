#include "medsave/snap/tree_walker.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/tree_decode.hpp"
#include "medsave/par/task_scope.hpp"

#include <utility>
#include <vector>

namespace medsave {
namespace {

/// "tree 1f2e3d4c… in pack 5a6b7c8d…", as far as the index knows.
std::string describe_tree(const BlobReader& reader, const Id& id) {
  const auto location = reader.index().find({.kind = BlobKind::tree, .id = id});
  if (!location) return format_text(_("folder list {}"), id.hex());
  return format_text(_("folder list {} in pack {}"), id.hex(), location->pack.hex());
}

/// A directory whose nodes are being visited.
struct Level {
  Tree nodes = {};
  std::size_t next = 0;
  std::size_t path_length = 0;  // of the directory's own path
};

}  // namespace

Tree load_tree(const BlobReader& reader, const Id& id) {
  Buffer json;
  reader.load({.kind = BlobKind::tree, .id = id}, json);
  try {
    return decode_tree(as_text(json.view()));
  } catch (const Error& e) {
    throw e.with_context(describe_tree(reader, id));
  }
}

void walk_tree(
    const BlobReader& reader, const Id& root, const std::string& root_path,
    const std::function<bool(const WalkedNode&)>& visit,
    const std::function<void(const std::string& path, const std::string& message)>& problem,
    const std::stop_token& stop) {
  WalkedNode walked;
  walked.path = root_path;
  while (walked.path.ends_with('/')) walked.path.pop_back();
  std::vector<Level> levels;

  const auto refuse = [&](const Error& error) {
    if (!problem || is_fatal(error)) throw Error(error);
    problem(walked.path.empty() ? "/" : walked.path, error.what());
  };
  const auto enter = [&](const Id& tree) {
    try {
      if (levels.size() > kMaxTreeDepth) {
        throw Error(Errc::corrupt,
                    format_text(_("folders are nested deeper than {} levels"), kMaxTreeDepth));
      }
      levels.push_back(
          {.nodes = load_tree(reader, tree), .next = 0, .path_length = walked.path.size()});
    } catch (const Error& e) {
      refuse(e);
    }
  };

  enter(root);
  while (!levels.empty()) {
    check_stop(stop);
    Level& level = levels.back();
    walked.path.resize(level.path_length);
    if (level.next == level.nodes.size()) {
      levels.pop_back();
      continue;
    }
    const Node& node = level.nodes[level.next++];
    walked.path.append("/").append(node.name);
    walked.node = &node;
    if (!visit(walked) || node.type != NodeType::dir) continue;
    if (node.subtree) {
      enter(*node.subtree);
    } else {
      refuse(Error(Errc::corrupt, _("the folder has no list of its content")));
    }
  }
}

}  // namespace medsave
