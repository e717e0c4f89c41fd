#pragma once

#include "medsave/base/id.hpp"
#include "medsave/format/node.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// Changing stored trees without loss: the text of what is not changed is copied. Decoding and
/// encoding it would lose time zones, bytes in names of attributes and the order of fields, and so
/// change the ids.

/// A node and the text that it was decoded from.
struct NodeText {
  Node node = {};
  std::string_view text = {};  // inside the tree's JSON
};

/// As decode_tree(). The texts point into `json`.
std::vector<NodeText> decode_tree_with_texts(std::string_view json);

/// New values of fields; the others stay.
struct NodeEdit {
  std::optional<Id> subtree = {};
  std::optional<std::vector<Id>> content = {};
  std::optional<std::uint64_t> size = {};

  [[nodiscard]] bool empty() const { return !subtree && !content && !size; }
};

/// The node's JSON with these fields replaced, or added where they were missing. Throws
/// Error(corrupt) when `text` is no JSON object.
std::string edit_node_text(std::string_view text, const NodeEdit& edit);

/// Builds a tree's JSON from the texts of its nodes, which come in order.
class TreeText {
 public:
  void add(std::string_view node);
  [[nodiscard]] bool empty() const { return text_.size() == kStart.size(); }
  /// Ends it; nothing may be added afterwards.
  std::string finish();

 private:
  static constexpr std::string_view kStart = R"({"nodes":[)";
  std::string text_ = std::string(kStart);
};

}  // namespace medsave
