#include "medsave/format/tree_encode.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/format/go_quote.hpp"
#include "medsave/format/time_text.hpp"
#include "medsave/json/json_writer.hpp"

namespace medsave {

namespace {

void append_text_field(std::string& out, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  out += key;
  append_json_string(out, value);
}

void append_number_field(std::string& out, std::string_view key, std::uint64_t value) {
  if (value == 0) return;
  out += key;
  append_json_number(out, value);
}

void append_name(std::string& out, std::string_view name) {
  out += R"({"name":)";
  if (needs_no_escape(name)) {
    out += '"';
    out += name;
    out += '"';
  } else {
    append_json_string(out, go_quote(name));
  }
}

void append_times(std::string& out, const Node& node) {
  out += R"(,"mtime":")";
  const std::size_t start = out.size();
  append_time(out, node.mtime);
  const std::size_t length = out.size() - start;
  out += R"(","atime":")";
  // Without --with-atime the two are equal.
  if (node.atime == node.mtime) {
    out.append(out, start, length);
  } else {
    append_time(out, node.atime);
  }
  out += R"(","ctime":")";
  append_time(out, node.ctime);
  out += '"';
}

void append_link_target(std::string& out, std::string_view target) {
  append_text_field(out, R"(,"linktarget":)", target);
  if (is_utf8(target)) return;
  out += R"(,"linktarget_raw":)";
  append_json_base64(out, as_bytes(target));
}

void append_extended_attributes(std::string& out,
                                const std::vector<ExtendedAttribute>& attributes) {
  if (attributes.empty()) return;
  out += R"(,"extended_attributes":)";
  char separator = '[';
  for (const ExtendedAttribute& attribute : attributes) {
    out += separator;
    out += R"({"name":)";
    append_json_string(out, attribute.name);
    out += R"(,"value":)";
    append_json_base64(out, as_bytes(attribute.value));
    out += '}';
    separator = ',';
  }
  out += ']';
}

void append_content(std::string& out, const Node& node) {
  if (node.content.empty()) {
    out += node.content_is_null ? R"(,"content":null)" : R"(,"content":[])";
    return;
  }
  out += R"(,"content":)";
  char separator = '[';
  for (const Id& id : node.content) {
    out += separator;
    append_json_id(out, id);
    separator = ',';
  }
  out += ']';
}

}  // namespace

void append_node(std::string& out, const Node& node) {
  append_name(out, node.name);
  out += R"(,"type":")";
  out += node_type_name(node.type);
  out += '"';
  append_number_field(out, R"(,"mode":)", node.mode);
  append_times(out, node);
  out += R"(,"uid":)";
  append_json_number(out, node.uid);
  out += R"(,"gid":)";
  append_json_number(out, node.gid);
  append_text_field(out, R"(,"user":)", node.user);
  append_text_field(out, R"(,"group":)", node.group);
  append_number_field(out, R"(,"inode":)", node.inode);
  append_number_field(out, R"(,"device_id":)", node.device_id);
  append_number_field(out, R"(,"size":)", node.size);
  append_number_field(out, R"(,"links":)", node.links);
  if (!node.link_target.empty()) append_link_target(out, node.link_target);
  append_extended_attributes(out, node.extended_attributes);
  if (!node.generic_attributes.empty()) {
    out += R"(,"generic_attributes":)";
    out += node.generic_attributes;
  }
  append_number_field(out, R"(,"device":)", node.device);
  append_content(out, node);
  if (node.subtree) {
    out += R"(,"subtree":)";
    append_json_id(out, *node.subtree);
  }
  append_text_field(out, R"(,"error":)", node.error);
  out += node.unknown_fields;
  out += '}';
}

std::string encode_tree(const Tree& tree) {
  std::string out = R"({"nodes":[)";
  bool first = true;
  for (const Node& node : tree) {
    if (!first) out += ',';
    first = false;
    append_node(out, node);
  }
  out += "]}\n";
  return out;
}

}  // namespace medsave
