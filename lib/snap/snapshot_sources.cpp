#include "medsave/snap/snapshot_sources.hpp"

#include "medsave/base/error.hpp"
#include "medsave/snap/tree_walker.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>

namespace medsave {
namespace {

using Names = std::vector<std::string>;
using NamesView = std::span<const std::string>;

void append_names(Names& names, std::string_view path, std::string_view separators) {
  while (!path.empty()) {
    const std::size_t end = std::min(path.find_first_of(separators), path.size());
    const std::string_view name = path.substr(0, end);
    if (!name.empty() && name != ".") names.emplace_back(name);
    path.remove_prefix(std::min(end + 1, path.size()));
  }
}

bool is_drive(std::string_view path) {
  return path.size() >= 2 && path[1] == ':' &&
         ((path[0] >= 'a' && path[0] <= 'z') || (path[0] >= 'A' && path[0] <= 'Z'));
}

/// The components under which an absolute path is saved.
Names names_of(std::string_view path) {
  constexpr std::string_view kWindows = "\\/";
  Names names;
  if (is_drive(path)) {  // "C:\Users" is saved as "C/Users"
    names.emplace_back(path.substr(0, 1));
    append_names(names, path.substr(2), kWindows);
  } else if (path.starts_with("\\\\")) {  // "\\server\share" is one component
    const std::size_t server = std::min(path.find_first_of(kWindows, 2), path.size());
    const std::size_t share = std::min(path.find_first_of(kWindows, server + 1), path.size());
    names.emplace_back(path.substr(0, share));
    append_names(names, path.substr(share), kWindows);
  } else {
    append_names(names, path, "/");
  }
  return names;
}

bool is_at_or_below(NamesView place, NamesView above) {
  return place.size() >= above.size() && std::ranges::equal(place.first(above.size()), above);
}

/// The trees of one snapshot, each loaded once.
class Trees {
 public:
  Trees(const BlobReader& reader, const Id& root) : reader_(reader), root_(root) {}

  const Tree& root() { return tree(root_); }
  bool has(NamesView place) {
    Id at = root_;
    for (std::size_t i = 0; i < place.size(); ++i) {
      const Tree& nodes = tree(at);
      const auto node = std::ranges::find(nodes, place[i], &Node::name);
      if (node == nodes.end()) return false;
      if (i + 1 == place.size()) return true;
      if (!node->subtree) return false;
      at = *node->subtree;
    }
    return true;
  }

 private:
  const Tree& tree(const Id& id) {
    const auto place = trees_.try_emplace(id);
    if (place.second) place.first->second = load_tree(reader_, id);
    return place.first->second;
  }

  const BlobReader& reader_;
  Id root_;
  std::map<Id, Tree> trees_;
};

/// A snapshot of `recover` has the folders that were found in its root, wherever they were before.
bool is_recovered(const Snapshot& snapshot) {
  return snapshot.paths == std::vector<std::string>{kRecoveredPath};
}

/// The paths of the sources. Throws Error when a tree cannot be read.
std::set<Names> find_places(const Snapshot& snapshot, Trees& trees) {
  std::set<Names> places;
  std::vector<Names> relative;
  for (const std::string& path : snapshot.paths) {
    Names names = names_of(path);
    if (trees.has(names)) {
      places.insert(std::move(names));
    } else {
      relative.push_back(std::move(names));
    }
  }
  const std::set<Names> certain = places;
  for (const Names& names : relative) {
    for (std::size_t left_out = 1; left_out < names.size(); ++left_out) {
      const NamesView end = NamesView(names).subspan(left_out);
      if (!trees.has(end)) continue;
      const bool leads_on = std::ranges::any_of(
          certain, [&](const Names& other) { return is_at_or_below(other, end); });
      if (!leads_on) places.emplace(end.begin(), end.end());
      break;
    }
  }
  // The only source is not in the tree by name: it was saved as ".". Not assumed when the root has
  // one of its names, because then `rewrite` may have taken the source out.
  if (places.empty() && relative.size() == 1 && !trees.root().empty() && !is_recovered(snapshot)) {
    const bool named = std::ranges::any_of(
        relative.front(), [&](const std::string& name) { return trees.has(NamesView(&name, 1)); });
    if (!named) places.emplace();
  }
  return places;
}

}  // namespace

std::vector<std::string> find_sources(const BlobReader& reader, const Snapshot& snapshot,
                                      const std::string& folder) {
  Names inside;
  append_names(inside, folder, "/");
  std::set<Names> places;
  try {
    Trees trees(reader, snapshot.tree);
    places = find_places(snapshot, trees);
  } catch (const Error&) {
    return {};  // what cannot be read is reported when it is restored
  }
  std::vector<std::string> sources;
  for (const Names& place : places) {
    if (is_at_or_below(inside, place)) {
      sources.emplace_back("/");
      continue;
    }
    if (!is_at_or_below(place, inside)) continue;
    std::string path;
    for (const std::string& name : NamesView(place).subspan(inside.size())) {
      path.append("/").append(name);
    }
    sources.push_back(std::move(path));
  }
  return sources;
}

}  // namespace medsave
