#include "medsave/format/tree.hpp"

#include <algorithm>
#include <unordered_set>

namespace medsave {

bool is_safe_name(std::string_view name) {
  constexpr std::string_view kForbidden("/\0", 2);
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(kForbidden) == std::string_view::npos;
}

std::optional<std::string> repeated_name(const Tree& tree) {
  // Trees are sorted, so neighbours tell in the normal case.
  const auto not_rising = [](const Node& a, const Node& b) { return a.name >= b.name; };
  if (std::ranges::adjacent_find(tree, not_rising) == tree.end()) return std::nullopt;
  std::unordered_set<std::string_view> names;
  for (const Node& node : tree) {
    if (!names.insert(node.name).second) return node.name;
  }
  return std::nullopt;
}

}  // namespace medsave
