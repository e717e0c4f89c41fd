#include "folder_store.hpp"

#include "medsave/base/text.hpp"
#include "medsave/format/tree.hpp"
#include "medsave/snap/tree_walker.hpp"

#include <algorithm>
#include <utility>

namespace medsave {
namespace {

constexpr std::size_t kLongestName = 1024;  // the kernel refuses a folder with a longer one

bool can_be_shown(const Node& node) {
  return is_safe_name(node.name) && node.name.size() <= kLongestName &&
         node.type != NodeType::irregular;
}

/// Names in order, each once, whatever was stored.
void put_in_order(Tree& nodes) {
  const auto in_order = [](const Node& a, const Node& b) { return a.name < b.name; };
  if (!std::ranges::is_sorted(nodes, in_order)) std::ranges::stable_sort(nodes, in_order);
  const auto repeated = std::ranges::unique(nodes, {}, &Node::name);
  nodes.erase(repeated.begin(), repeated.end());
}

std::size_t bytes_of(const Tree& nodes) {
  std::size_t out = sizeof(Folder);
  for (const Node& node : nodes) {
    out += sizeof(Node) + node.content.size() * sizeof(Id);
    for (const ExtendedAttribute& attribute : node.extended_attributes) {
      out += sizeof attribute + attribute.value.size();
    }
  }
  return out;
}

}  // namespace

std::optional<std::uint32_t> Folder::find(std::string_view name) const {
  const auto at = std::ranges::lower_bound(
      nodes, name, {}, [](const Node& node) { return std::string_view(node.name); });
  if (at == nodes.end() || at->name != name) return std::nullopt;
  return static_cast<std::uint32_t>(at - nodes.begin());
}

FolderPointer FolderStore::get(const Id& tree) {
  return folders_.get(tree, [&]() -> FlightCache<Id, Folder>::Loaded {
    auto folder = std::make_shared<Folder>(Folder{.nodes = load_tree(reader_, tree)});
    const std::size_t stored = folder->nodes.size();
    std::erase_if(folder->nodes, [](const Node& node) { return !can_be_shown(node); });
    put_in_order(folder->nodes);
    const unsigned long hidden = stored - folder->nodes.size();
    if (hidden != 0) {
      notice_(format_text(n_("folder list {}: {} entry cannot be shown and is left out",
                             "folder list {}: {} entries cannot be shown and are left out", hidden),
                          tree.short_hex(), hidden));
    }
    const std::size_t bytes = bytes_of(folder->nodes);
    return {.value = std::move(folder), .weight = bytes};
  });
}

}  // namespace medsave
