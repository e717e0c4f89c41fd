#include "mount_view.hpp"

#include "inode_numbers.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/unix_mode.hpp"
#include "medsave/sys/host.hpp"

#include <utility>

namespace medsave {
namespace {

constexpr std::size_t kContentCache = 64U << 20;  // bytes
constexpr std::size_t kFolderCache = 48U << 20;   // bytes
constexpr std::uint32_t kFolderMode = unix_mode::kDir | 0555U;
constexpr std::size_t kMostReported = 10000;
constexpr int kLongestPath = 4096;  // folders named in a message

/// What the format calls irregular is shown as a file.
std::uint32_t type_bits(NodeType type) {
  return type == NodeType::irregular ? unix_mode::kFile : unix_type_bits(type);
}

[[noreturn]] void unknown_number() { throw Error(Errc::internal, "unknown inode number"); }

Id content_of(const Node& node) {
  if (node.type != NodeType::dir || !node.subtree) {
    throw Error(Errc::corrupt, _("the folder has no list of its content"));
  }
  return *node.subtree;
}

}  // namespace

std::string Listing::name(std::size_t index) const {
  if (folder) return folder->nodes.at(index).name;
  const std::string& path = layout.at(index)->path;
  return path.substr(path.rfind('/') + 1);
}

MountView::MountView(const Repository& repository, const MountRequest& request, NoticeSink notice,
                     const std::stop_token& stop)
    : request_(request),
      notice_(std::move(notice)),
      source_(repository, request, notice_, stop),
      reader_(repository, source_.index()),
      folders_(reader_, kFolderCache, notice_),
      blobs_(reader_, kContentCache),
      contents_(source_.index(), blobs_),
      table_(source_.layout()) {}

Place MountView::place_of(std::uint64_t number) const {
  std::optional<Place> place = table_.find(number);
  if (!place) unknown_number();
  return std::move(*place);
}

FoundNode MountView::describe_layout(const LayoutEntry& entry) const {
  const bool is_link = entry.kind == LayoutEntry::Kind::link;
  FoundNode out;
  out.status = {.inode = entry.inode,
                .mode = is_link ? unix_mode::kSymlink | unix_mode::kAccess : kFolderMode,
                .uid = request_.owner_root ? 0 : user_id(),
                .gid = request_.owner_root ? 0 : group_id(),
                .size = entry.target.size(),
                .atime = entry.time,
                .mtime = entry.time,
                .ctime = entry.time};
  return out;
}

FoundNode MountView::describe_node(const Node& node, std::uint64_t inode,
                                   std::uint64_t snapshot) const {
  const bool is_dir = node.type == NodeType::dir;
  FoundNode out;
  out.fixed = true;
  FileStatus& status = out.status;
  status = {.inode = inode,
            .mode = type_bits(node.type) | go_mode::to_unix_permissions(node.mode),
            // Programs take 1 to mean that the number of folders inside is not known.
            .links = is_dir ? 1 : std::max<std::uint64_t>(node.links, 1),
            .uid = request_.owner_root ? 0 : node.uid,
            .gid = request_.owner_root ? 0 : node.gid,
            .rdev = node.device,
            .size = 0,
            .atime = node.atime,
            .mtime = node.mtime,
            .ctime = node.ctime};
  if (node.type == NodeType::file) status.size = node.size;
  if (node.type == NodeType::symlink) status.size = node.link_target.size();
  if (!is_dir && node.links > 1) status.inode = hard_link_inode(snapshot, node);
  return out;
}

FoundNode MountView::child(const Listing& listing, std::uint32_t index, bool count) {
  const Node& node = listing.folder->nodes.at(index);
  const std::uint64_t inode = child_inode(listing.number, index);
  FoundNode out = describe_node(node, inode, listing.snapshot);
  if (count) {
    out.number = table_.enter(inode, {.layout = {},
                                      .tree = listing.tree,
                                      .entry = index,
                                      .parent = listing.number,
                                      .snapshot = listing.snapshot});
  }
  return out;
}

FoundNode MountView::layout_child(std::uint64_t parent, const LayoutPointer& entry, bool count) {
  FoundNode out = describe_layout(*entry);
  if (count) out.number = table_.enter(entry->inode, {.layout = entry, .parent = parent});
  return out;
}

Listing MountView::open_stored(std::uint64_t number, const Place& place) {
  Listing out;
  out.number = number;
  out.parent = place.parent;
  if (place.layout) {
    out.snapshot = number;
    out.tree = place.layout->tree;
  } else {
    out.snapshot = place.snapshot;
    out.tree = content_of(*node_of(place));
  }
  out.folder = folders_.get(out.tree);
  return out;
}

std::shared_ptr<const Node> MountView::node_of(const Place& place) {
  const FolderPointer folder = folders_.get(place.tree);
  return {folder, &folder->nodes.at(place.entry)};
}

std::optional<FoundNode> MountView::find(std::uint64_t folder, std::string_view name) {
  const Place place = place_of(folder);
  if (place.layout && place.layout->kind != LayoutEntry::Kind::snapshot) {
    const LayoutPointer now = find_in_layout(source_.layout(), place.layout->path);
    if (!now) return std::nullopt;
    const auto found = now->children.find(name);
    if (found == now->children.end()) return std::nullopt;
    return layout_child(folder, found->second, true);
  }
  const Listing listing = open_stored(folder, place);
  const auto index = listing.folder->find(name);
  if (!index) return std::nullopt;
  return child(listing, *index, true);
}

bool MountView::is_fixed(std::uint64_t folder) const {
  const Place place = place_of(folder);
  return !place.layout || place.layout->kind == LayoutEntry::Kind::snapshot;
}

FoundNode MountView::status(std::uint64_t number) {
  const Place place = place_of(number);
  FoundNode out;
  if (!place.layout) {
    out = describe_node(*node_of(place), number, place.snapshot);
  } else {
    const LayoutPointer now = find_in_layout(source_.layout(), place.layout->path);
    const bool same = now && now->inode == place.layout->inode;
    out = describe_layout(same ? *now : *place.layout);
  }
  out.number = number;
  return out;
}

std::shared_ptr<const Listing> MountView::list(std::uint64_t folder) {
  const Place place = place_of(folder);
  if (!place.layout || place.layout->kind == LayoutEntry::Kind::snapshot) {
    return std::make_shared<const Listing>(open_stored(folder, place));
  }
  auto out = std::make_shared<Listing>();
  out->number = folder;
  out->parent = place.parent;
  if (const LayoutPointer now = find_in_layout(source_.layout(), place.layout->path)) {
    for (const auto& [name, entry] : now->children) out->layout.push_back(entry);
  }
  return out;
}

FoundNode MountView::entry(const Listing& listing, std::size_t index, bool count) {
  if (listing.folder) return child(listing, static_cast<std::uint32_t>(index), count);
  return layout_child(listing.number, listing.layout.at(index), count);
}

std::string MountView::link_target(std::uint64_t number) {
  const Place place = place_of(number);
  if (!place.layout) return node_of(place)->link_target;
  const LayoutPointer now = find_in_layout(source_.layout(), place.layout->path);
  return now ? now->target : place.layout->target;
}

std::vector<ContentPiece> MountView::read(std::uint64_t file, std::uint64_t offset,
                                          std::size_t size) {
  const Place place = place_of(file);
  if (place.layout) throw Error(Errc::corrupt, _("this is no file"));
  const FolderPointer folder = folders_.get(place.tree);
  return contents_.read(file, place.tree, *folder, place.entry, offset, size);
}

std::vector<ExtendedAttribute> MountView::attributes(std::uint64_t number) {
  const Place place = place_of(number);
  if (place.layout) return {};
  return node_of(place)->extended_attributes;
}

std::string MountView::path_of(std::uint64_t number) {
  std::string out;
  for (int depth = 0; depth < kLongestPath; ++depth) {
    const std::optional<Place> place = table_.find(number);
    if (!place) break;
    if (place->layout) return "/" + place->layout->path + out;
    out.insert(0, "/" + node_of(*place)->name);
    number = place->parent;
  }
  return out;
}

void MountView::report(std::uint64_t number, const Error& error) noexcept {
  try {
    {
      const std::lock_guard lock(mutex_);
      if (reported_.size() >= kMostReported) reported_.clear();
      if (!reported_.insert(number).second) return;
    }
    std::string path;
    try {
      path = path_of(number);
    } catch (const Error&) {  // a folder above is what is damaged
      path = _("(path unknown)");
    }
    notice_(format_text(_("error: {}: {}"), path, error.what()));
  } catch (const std::exception&) {  // nothing left to tell it with
    return;
  }
}

}  // namespace medsave
