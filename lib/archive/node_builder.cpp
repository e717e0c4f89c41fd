#include "node_builder.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/host.hpp"

#include <optional>
#include <utility>

namespace medsave {
namespace {

NodeType type_of(const FileInfo& info) {
  const std::optional<NodeType> type = node_type_of(info.mode);
  if (!type) throw Error(Errc::unsupported, _("it is of an unknown kind"));
  return *type;
}

/// Only these have a link count in the format.
bool has_links(NodeType type) {
  return type == NodeType::file || type == NodeType::symlink || type == NodeType::device ||
         type == NodeType::char_device;
}

}  // namespace

Node make_node(std::string name, const FileInfo& info, bool with_atime) {
  Node node;
  node.name = std::move(name);
  node.type = type_of(info);
  node.mode = go_mode::from_unix(info.mode);
  node.mtime = info.mtime;
  node.atime = with_atime ? info.atime : info.mtime;
  node.ctime = info.ctime;
  node.uid = info.uid;
  node.gid = info.gid;
  node.user = user_name_of(info.uid);
  node.group = group_name_of(info.gid);
  node.inode = info.inode;
  node.device_id = info.device;
  if (has_links(node.type)) node.links = info.links;
  if (node.type == NodeType::device || node.type == NodeType::char_device) node.device = info.rdev;
  node.content_is_null = node.type != NodeType::file;
  return node;
}

Node make_stream_node(std::string name, NodeType type, const Timestamp& time) {
  const bool is_dir = type == NodeType::dir;
  Node node;
  node.name = std::move(name);
  node.type = type;
  node.mode = is_dir ? (go_mode::kDir | 0755U) : 0644U;
  node.mtime = node.atime = node.ctime = time;
  node.uid = user_id();
  node.gid = group_id();
  node.content_is_null = is_dir;
  return node;
}

void set_extended_attributes(Node& node,
                             const std::function<std::vector<Xattr>(const NoticeSink&)>& read,
                             const NoticeSink& problem) {
  std::vector<Xattr> attributes;
  try {
    attributes = read(problem);
  } catch (const Error& error) {
    problem(error.what());
  }
  node.extended_attributes.reserve(attributes.size());
  for (Xattr& attribute : attributes) {
    if (!is_utf8(attribute.name)) {
      problem(format_text(_("the attribute \"{}\" is left out, since its name is no UTF-8"),
                          attribute.name));
      continue;
    }
    node.extended_attributes.push_back(
        {.name = std::move(attribute.name), .value = std::move(attribute.value)});
  }
}

}  // namespace medsave
