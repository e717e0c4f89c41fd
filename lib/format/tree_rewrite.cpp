#include "medsave/format/tree_rewrite.hpp"

#include "medsave/base/error.hpp"
#include "medsave/format/tree.hpp"
#include "medsave/format/tree_decode.hpp"
#include "medsave/json/json_reader.hpp"
#include "medsave/json/json_writer.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace medsave {
namespace {

// Fields that restic writes after `size`.
constexpr std::array<std::string_view, 9> kBehindSize = {"links",
                                                         "linktarget",
                                                         "linktarget_raw",
                                                         "extended_attributes",
                                                         "generic_attributes",
                                                         "device",
                                                         "content",
                                                         "subtree",
                                                         "error"};

std::vector<std::string_view> node_texts(std::string_view json) {
  std::vector<std::string_view> texts;
  JsonReader in(json);
  in.enter_object();
  while (in.next_member()) {
    if (!is_json_name(in.key(), "nodes")) {
      in.skip();
      continue;
    }
    texts.clear();  // if a tree has two lists, the last one counts
    if (in.take_null()) continue;
    in.enter_array();
    while (in.next_element()) texts.push_back(in.skip());
  }
  return texts;
}

class NodeEditor {
 public:
  explicit NodeEditor(const NodeEdit& edit) : edit_(edit) {}

  std::string run(std::string_view text) {
    JsonReader in(text);
    in.enter_object();
    while (in.next_member()) member(in);
    in.finish();
    write_size();
    write_content();
    write_subtree();
    return out_ + "}";
  }

 private:
  void member(JsonReader& in) {
    const std::string key(in.key());
    const auto is = [&key](std::string_view name) { return is_json_name(key, name); };
    const std::string_view raw_key = in.raw_key();
    const std::string_view value = in.skip();
    if (std::ranges::any_of(kBehindSize, is)) write_size();
    if (is("size") && edit_.size) {
      write_size();
    } else if (is("content") && edit_.content) {
      write_content();
    } else if (is("subtree") && edit_.subtree) {
      write_subtree();
    } else {
      write(raw_key, value);
    }
  }

  void write(std::string_view raw_key, std::string_view value) {
    if (out_.size() > 1) out_ += ',';
    out_.append(raw_key).append(":").append(value);
  }

  void write_size() {
    if (!edit_.size || std::exchange(size_done_, true) || *edit_.size == 0) return;
    write(R"("size")", std::to_string(*edit_.size));
  }

  void write_content() {
    if (!edit_.content || std::exchange(content_done_, true)) return;
    std::string list = "[";
    for (const Id& id : *edit_.content) {
      if (list.size() > 1) list += ',';
      append_json_id(list, id);
    }
    write(R"("content")", list + "]");
  }

  void write_subtree() {
    if (!edit_.subtree || std::exchange(subtree_done_, true)) return;
    std::string id;
    append_json_id(id, *edit_.subtree);
    write(R"("subtree")", id);
  }

  const NodeEdit& edit_;
  std::string out_ = "{";
  bool size_done_ = false;
  bool content_done_ = false;
  bool subtree_done_ = false;
};

}  // namespace

std::vector<NodeText> decode_tree_with_texts(std::string_view json) {
  Tree tree = decode_tree(json);
  const std::vector<std::string_view> texts = node_texts(json);
  if (texts.size() != tree.size()) {
    throw Error(Errc::internal, "tree: as many texts as nodes");
  }
  std::vector<NodeText> out;
  out.reserve(tree.size());
  for (std::size_t i = 0; i < tree.size(); ++i) {
    out.push_back({.node = std::move(tree[i]), .text = texts[i]});
  }
  return out;
}

std::string edit_node_text(std::string_view text, const NodeEdit& edit) {
  return NodeEditor(edit).run(text);
}

void TreeText::add(std::string_view node) {
  if (!empty()) text_ += ',';
  text_ += node;
}

std::string TreeText::finish() {
  text_ += "]}\n";
  return std::move(text_);
}

}  // namespace medsave
