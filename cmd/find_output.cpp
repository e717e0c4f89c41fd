#include "find_output.hpp"

#include "context.hpp"
#include "ls_format.hpp"

#include "medsave/base/text.hpp"
#include "medsave/format/time_text.hpp"
#include "medsave/json/json_object.hpp"

#include <fmt/format.h>

namespace medsave::cli {
namespace {

std::string match_json(const NameHit& hit) {
  const Node& node = hit.node;
  JsonObject out;
  out.add("path", hit.path)
      .add("permissions", go_mode::text(node.mode))
      .add("type", node_type_name(node.type))
      .add_nonzero("mode", node.mode)
      .add("mtime", format_time(node.mtime))
      .add("atime", format_time(node.atime))
      .add("ctime", format_time(node.ctime))
      .add("uid", node.uid)
      .add("gid", node.gid);
  if (!node.user.empty()) out.add("user", node.user);
  if (!node.group.empty()) out.add("group", node.group);
  out.add_nonzero("inode", node.inode)
      .add_nonzero("device_id", node.device_id)
      .add_nonzero("size", node.size)
      .add_nonzero("links", node.links);
  if (!node.link_target.empty()) out.add("linktarget", node.link_target);
  if (!node.error.empty()) out.add("error", node.error);
  return out.text();
}

std::string object_json(const ObjectHit& hit, const SnapshotEntry& entry) {
  JsonObject out;
  out.add("object_type", hit.blob.kind == BlobKind::data ? "blob" : "tree")
      .add("id", hit.blob.id.hex())
      .add("path", hit.path);
  if (hit.blob.kind == BlobKind::data) out.add("parent_tree", hit.parent_tree.hex());
  out.add("snapshot", entry.id.hex()).add("time", format_zoned_time(entry.snapshot.time));
  return out.text();
}

}  // namespace

void FindOutput::print(const NameHit& hit, const SnapshotEntry& entry) {
  if (context_.global.json) {
    print_json(hit, entry);
    return;
  }
  Console& out = context_.console;
  if (snapshot_ != entry.id) {
    if (snapshot_) context_.info("");
    snapshot_ = entry.id;
    context_.info(format_text(_("Found matching entries in snapshot {} from {}"),
                              entry.id.short_hex(), tell_time(entry.snapshot.time.instant)));
  }
  const std::string shown = out.listed_name(hit.path);
  if (options_.long_format) {
    out.print(long_line(hit.node, shown, out.listed_name(hit.node.link_target),
                        options_.human_readable, context_.columns()));
  } else {
    out.print(shown);
  }
}

void FindOutput::print_json(const NameHit& hit, const SnapshotEntry& entry) {
  if (snapshot_ != entry.id) {
    context_.console.write(snapshot_ ? "" : "[");
    end_snapshot();
    context_.console.write(snapshot_ ? ",{\"matches\":[" : "{\"matches\":[");
    snapshot_ = entry.id;
    hits_ = 0;
  }
  context_.console.write((hits_ == 0 ? "" : ",") + match_json(hit));
  ++hits_;
}

void FindOutput::end_snapshot() {
  if (!snapshot_) return;
  context_.console.write(
      fmt::format("],\"hits\":{},\"snapshot\":\"{}\"}}", hits_, snapshot_->hex()));
}

void FindOutput::print(const ObjectHit& hit, const SnapshotEntry& entry) {
  Console& out = context_.console;
  if (context_.global.json) {
    out.write((hits_ == 0 ? "[" : ",") + object_json(hit, entry));
    ++hits_;
    return;
  }
  const std::string path = out.listed_name(hit.path);
  if (hit.blob.kind == BlobKind::data) {
    out.print(format_text(_("Found blob {}"), hit.blob.id.hex()));
    out.print(format_text(_(" ... in file {}"), path));
    out.print(format_text(_("     (tree {})"), hit.parent_tree.hex()));
  } else {
    out.print(format_text(_("Found tree {}"), hit.blob.id.hex()));
    out.print(format_text(_(" ... path {}"), path));
  }
  out.print(format_text(_(" ... in snapshot {} ({})"), entry.id.short_hex(),
                        tell_time(entry.snapshot.time.instant)));
}

void FindOutput::finish() {
  if (!context_.global.json) return;
  end_snapshot();
  context_.console.write(hits_ == 0 ? "[]\n" : "]\n");
}

}  // namespace medsave::cli
