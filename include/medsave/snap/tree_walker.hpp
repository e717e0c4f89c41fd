#pragma once

#include "medsave/format/tree.hpp"
#include "medsave/repo/blob_reader.hpp"

#include <functional>
#include <stop_token>
#include <string>

namespace medsave {

/// Loads and decodes one tree blob. Throws Error(corrupt / not_found) naming tree and pack.
Tree load_tree(const BlobReader& reader, const Id& id);

/// Cyclic or absurd nesting ends here (a real tree of this depth cannot be made on Linux without
/// trying hard, and every level costs a directory descriptor on restore).
inline constexpr unsigned kMaxTreeDepth = 4096;

struct WalkedNode {
  std::string path = {};  // "/srv/data/a", raw bytes
  const Node* node = nullptr;
};

/// Visits every node below `root`, depth first, in stored order, parents before children.
/// `visit` returns false to skip a directory's content. A tree that cannot be loaded is reported
/// to `problem` with its path (else thrown), the walk goes on.
void walk_tree(
    const BlobReader& reader, const Id& root, const std::string& root_path,
    const std::function<bool(const WalkedNode&)>& visit,
    const std::function<void(const std::string& path, const std::string& message)>& problem,
    const std::stop_token& stop);

}  // namespace medsave
