#include "medsave/format/tree_decode.hpp"

#include "json_time.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/go_quote.hpp"
#include "medsave/json/json_reader.hpp"

#include <algorithm>
#include <array>

namespace medsave {

namespace {

enum class Field : std::uint8_t {
  name,
  type,
  mode,
  mtime,
  atime,
  ctime,
  uid,
  gid,
  user,
  group,
  inode,
  device_id,
  size,
  links,
  linktarget,
  linktarget_raw,
  extended_attributes,
  generic_attributes,
  device,
  content,
  subtree,
  error,
  unknown
};

// In the order of Field, which is that of restic's writer.
constexpr std::array<std::string_view, static_cast<std::size_t>(Field::unknown)> kFieldNames = {
    "name",
    "type",
    "mode",
    "mtime",
    "atime",
    "ctime",
    "uid",
    "gid",
    "user",
    "group",
    "inode",
    "device_id",
    "size",
    "links",
    "linktarget",
    "linktarget_raw",
    "extended_attributes",
    "generic_attributes",
    "device",
    "content",
    "subtree",
    "error"};

/// Most fields come in the order of the table, so the search begins after the field before.
Field find_field(std::string_view key, std::size_t& position) {
  for (std::size_t tried = 0; tried < kFieldNames.size(); ++tried) {
    if (position == kFieldNames.size()) position = 0;
    const std::size_t here = position++;
    if (kFieldNames[here] == key) return static_cast<Field>(here);
  }
  const auto* const found = std::ranges::find_if(
      kFieldNames, [&](std::string_view name) { return is_json_name(key, name); });
  return static_cast<Field>(found - kFieldNames.begin());
}

class TreeDecoder {
 public:
  explicit TreeDecoder(std::string_view json) : in_(json) {
    // restic's nodes take 400 bytes and more, so this rarely grows and never wastes much.
    tree_.reserve(json.size() / 450 + 1);
  }

  Tree decode() {
    bool seen = false;
    in_.enter_object();
    while (in_.next_member()) {
      if (is_json_name(in_.key(), "nodes")) {
        seen = true;
        decode_nodes();
      } else {
        in_.skip();
      }
    }
    in_.finish();
    if (!seen) throw_missing_field("nodes");
    return std::move(tree_);
  }

 private:
  void decode_nodes() {
    tree_.clear();
    if (in_.take_null()) return;
    in_.enter_array();
    while (in_.next_element()) decode_node(tree_.emplace_back());
  }

  void decode_node(Node& node) {
    node.type = NodeType::irregular;
    has_raw_target_ = false;
    std::size_t position = 0;
    in_.enter_object();
    while (in_.next_member()) {
      const Field field = find_field(in_.key(), position);
      if (field == Field::unknown) {
        decode_unknown(node);
      } else if (is_scalar(field) && in_.take_null()) {
        // As in Go, where null leaves such a field as it was.
      } else if (field < Field::user) {
        decode_common(node, field);
      } else {
        decode_optional(node, field);
      }
    }
  }

  static bool is_scalar(Field field) {
    return field != Field::extended_attributes && field != Field::generic_attributes &&
           field != Field::content && field != Field::subtree;
  }

  void decode_common(Node& node, Field field) {
    switch (field) {
      case Field::name:
        decode_name(node);
        return;
      case Field::type:
        decode_type(node);
        return;
      case Field::mode:
        node.mode = in_.integer<std::uint32_t>();
        return;
      case Field::mtime:
        node.mtime = time();
        return;
      case Field::atime:
        node.atime = time();
        return;
      case Field::ctime:
        node.ctime = time();
        return;
      case Field::uid:
        node.uid = in_.integer<std::uint32_t>();
        return;
      default:
        node.gid = in_.integer<std::uint32_t>();
    }
  }

  void decode_optional(Node& node, Field field) {
    switch (field) {
      case Field::user:
        node.user = in_.string();
        return;
      case Field::group:
        node.group = in_.string();
        return;
      case Field::inode:
        node.inode = in_.integer<std::uint64_t>();
        return;
      case Field::device_id:
        node.device_id = in_.integer<std::uint64_t>();
        return;
      case Field::size:
        node.size = in_.integer<std::uint64_t>();
        return;
      case Field::links:
        node.links = in_.integer<std::uint64_t>();
        return;
      case Field::linktarget:
        if (has_raw_target_) {
          in_.string();
        } else {
          node.link_target = in_.string();
        }
        return;
      case Field::linktarget_raw:
        has_raw_target_ = true;
        node.link_target = in_.base64();
        return;
      case Field::extended_attributes:
        decode_extended_attributes(node);
        return;
      case Field::generic_attributes:
        node.generic_attributes.clear();
        if (!in_.take_null()) node.generic_attributes = in_.raw_object();
        return;
      case Field::device:
        node.device = in_.integer<std::uint64_t>();
        return;
      case Field::content:
        decode_content(node);
        return;
      case Field::subtree:
        node.subtree.reset();
        if (!in_.take_null()) node.subtree = in_.id();
        return;
      default:
        node.error = in_.string();
    }
  }

  void decode_name(Node& node) {
    std::optional<std::string> name = go_unquote(in_.string());
    if (!name) in_.bad_value();
    node.name = std::move(*name);
  }

  void decode_type(Node& node) {
    // One that is unknown here may be known to a newer program: nobody but that entry suffers.
    node.type = parse_node_type(in_.string()).value_or(NodeType::irregular);
  }

  Timestamp time() { return read_time(in_).instant; }

  void decode_extended_attributes(Node& node) {
    node.extended_attributes.clear();
    if (in_.take_null()) return;
    in_.enter_array();
    while (in_.next_element()) {
      ExtendedAttribute& attribute = node.extended_attributes.emplace_back();
      in_.enter_object();
      while (in_.next_member()) {
        if (is_json_name(in_.key(), "name")) {
          if (!in_.take_null()) attribute.name = in_.string();
        } else if (is_json_name(in_.key(), "value")) {
          attribute.value.clear();
          if (!in_.take_null()) attribute.value = in_.base64();
        } else {
          in_.skip();
        }
      }
    }
  }

  void decode_content(Node& node) {
    node.content.clear();
    node.content_is_null = in_.take_null();
    if (node.content_is_null) return;
    in_.enter_array();
    while (in_.next_element()) node.content.push_back(in_.id());
  }

  void decode_unknown(Node& node) {
    node.unknown_fields += ',';
    node.unknown_fields += in_.raw_key();
    node.unknown_fields += ':';
    node.unknown_fields += in_.skip();
  }

  JsonReader in_;
  Tree tree_;
  // of the node that is being decoded
  bool has_raw_target_ = false;
};

}  // namespace

Tree decode_tree(std::string_view json) {
  try {
    return TreeDecoder(json).decode();
  } catch (const Error& e) {
    if (e.code() != Errc::corrupt) throw;
    throw Error(Errc::unsupported,
                format_text(_("the list is as it was stored, but this program does not understand "
                              "it ({}); a newer one may"),
                            e.what()));
  }
}

}  // namespace medsave
