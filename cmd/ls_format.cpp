#include "ls_format.hpp"

#include "medsave/base/units.hpp"
#include "medsave/format/snapshot.hpp"
#include "medsave/format/time_text.hpp"
#include "medsave/json/json_object.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace medsave::cli {
namespace {

constexpr std::uint64_t kBlock = 512;  // bytes; ncdu counts disk usage in blocks

std::size_t depth_of(std::string_view path) {
  return static_cast<std::size_t>(std::ranges::count(path, '/'));
}

std::string indent(std::size_t depth) { return std::string(2 * depth, ' '); }

}  // namespace

std::string long_line(const Node& node, const std::string& shown, const std::string& shown_target,
                      bool human_readable, std::size_t columns) {
  constexpr std::size_t kPath = 24;  // columns
  std::string mode = go_mode::text(node.mode) + " ";
  std::string owner = fmt::format("{:>5} {:>5} ", node.uid, node.gid);
  std::string size = human_readable ? fmt::format("{:>12} ", format_size(node.size))
                                    : fmt::format("{:>6} ", node.size);
  std::string time = format_local_time(node.mtime) + " ";
  std::size_t used = mode.size() + owner.size() + size.size() + time.size();
  for (std::string* part : {&owner, &mode, &size, &time}) {
    if (columns == 0 || used + kPath <= columns) break;
    used -= part->size();
    part->clear();
  }
  std::string line = mode + owner + size + time + shown;
  if (node.type == NodeType::symlink) line += " -> " + shown_target;
  return line;
}

std::string snapshot_line(const SnapshotEntry& entry) {
  JsonObject more;
  more.add("id", entry.id.hex())
      .add("short_id", entry.id.short_hex())
      .add("message_type", "snapshot")
      .add("struct_type", "snapshot");
  return merge_json(encode_snapshot(entry.snapshot), more);
}

std::string node_line(const Node& node, const std::string& path) {
  JsonObject out;
  out.add("name", node.name)
      .add("type", node_type_name(node.type))
      .add("path", path)
      .add("uid", node.uid)
      .add("gid", node.gid);
  if (node.type == NodeType::file) out.add("size", node.size);
  out.add_nonzero("mode", node.mode)
      .add("permissions", go_mode::text(node.mode))
      .add("mtime", format_time(node.mtime))
      .add("atime", format_time(node.atime))
      .add("ctime", format_time(node.ctime))
      .add_nonzero("inode", node.inode)
      .add("message_type", "node")
      .add("struct_type", "node");
  return out.text();
}

std::string NcduWriter::begin(const SnapshotEntry& entry) {
  return fmt::format("[1, 2, {}, [{{\"name\":\"/\"}}", encode_snapshot(entry.snapshot));
}

std::string NcduWriter::node(const Node& node, std::string_view path) {
  std::string out = close_to(depth_of(path));
  const bool is_dir = node.type == NodeType::dir;
  out += ",\n";
  if (is_dir) {
    out += indent(depth_) + "[\n";
    ++depth_;
  }
  JsonObject record;
  record.add("name", node.name)
      .add("asize", node.size)
      .add("dsize", (node.size + kBlock - 1) / kBlock * kBlock)
      .add("dev", node.device_id)
      .add("ino", node.inode)
      .add("nlink", node.links)
      .add("notreg", !is_dir && node.type != NodeType::file)
      .add("uid", node.uid)
      .add("gid", node.gid)
      .add("mode", go_mode::to_unix_permissions(node.mode))
      .add("mtime", node.mtime.seconds);
  return out + indent(depth_) + record.text();
}

std::string NcduWriter::end() { return close_to(1) + "\n]\n]\n"; }

/// Ends folders until an entry at `depth` (1 = below the root) can follow.
std::string NcduWriter::close_to(std::size_t depth) {
  std::string out;
  while (depth_ > depth) {
    --depth_;
    out += "\n" + indent(depth_) + "]";
  }
  return out;
}

}  // namespace medsave::cli
