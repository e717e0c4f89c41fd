#pragma once

#include "medsave/format/node.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace medsave {

/// What the parent snapshot of each destination has under one name, in the order of the
/// destinations. Empty when none of them has anything.
using PreviousNodes = std::vector<std::optional<Node>>;

inline const Node* previous_node(const PreviousNodes& nodes, std::size_t destination) {
  if (destination >= nodes.size() || !nodes[destination]) return nullptr;
  return &*nodes[destination];
}

/// Some of the destinations, in their order. Empty: none.
using DestinationSet = std::vector<bool>;

inline bool contains(const DestinationSet& set, std::size_t destination) {
  return destination < set.size() && set[destination];
}

}  // namespace medsave
