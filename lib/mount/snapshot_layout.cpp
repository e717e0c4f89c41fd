#include "snapshot_layout.hpp"

#include "inode_numbers.hpp"
#include "layout_path.hpp"
#include "time_layout.hpp"

#include "medsave/base/text.hpp"
#include "medsave/snap/wrong_clock.hpp"

#include <algorithm>
#include <utility>

namespace medsave {
namespace {

constexpr std::string_view kLatest = "latest";

/// A host, user or tag as one name of a path.
std::string as_name(const std::string& text) {
  if (text.empty() || text == ".") return "_";
  if (text == "..") return "__";
  std::string out = text;
  std::ranges::replace(out, '/', '_');
  std::ranges::replace(out, '\0', '_');
  return out;
}

/// Where a snapshot stands by one template.
struct Spot {
  std::string path = {};
  std::string folder = {};  // of its link "latest", if the name in there is the time alone
  std::string name = {};
  bool has_latest = false;
};

std::string expand(const std::string& pattern, const SnapshotEntry& entry, const std::string& tag,
                   const std::string& time) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%' || i + 1 == pattern.size()) {
      out += pattern[i];
      continue;
    }
    switch (const char variable = pattern[++i]; variable) {
      case 'i':
        out += entry.id.short_hex();
        break;
      case 'I':
        out += entry.id.hex();
        break;
      case 'u':
        out += as_name(entry.snapshot.username);
        break;
      case 'h':
        out += as_name(entry.snapshot.hostname);
        break;
      case 't':
        out += as_name(tag);
        break;
      case 'T':
        out += time;
        break;
      default:
        out += variable;
    }
  }
  return out;
}

/// One spot, or one per tag where the template has %t.
std::vector<Spot> spots_of(const std::string& pattern, const SnapshotEntry& entry,
                           const std::string& time) {
  std::vector<std::string> tags = {""};
  if (pattern.find("%t") != std::string::npos) tags = entry.snapshot.tags;
  std::vector<Spot> out;
  for (const std::string& tag : tags) {
    Spot spot{.path = expand(pattern, entry, tag, time), .folder = {}, .name = {}};
    if (pattern == "%T" || pattern.ends_with("/%T")) {
      spot.has_latest = true;
      spot.name = time;
      spot.folder = spot.path.substr(0, spot.path.size() - time.size());
    }
    out.push_back(std::move(spot));
  }
  return out;
}

class LayoutMaker {
 public:
  LayoutMaker(const Timestamp& start, const Timestamp& now)
      : now_(now), root_(std::make_shared<LayoutEntry>()) {
    root_->time = start;
    root_->inode = kRootInode;
  }

  /// The folder at `path` with all above it; nullptr where a snapshot stands in the way.
  LayoutEntry* folder(std::string_view path) {
    LayoutEntry* at = root_.get();
    for (const std::string_view name : layout_path_names(path)) {
      auto found = at->children.find(name);
      if (found == at->children.end()) found = add(*at, name, LayoutEntry::Kind::folder, {});
      if (found->second->kind != LayoutEntry::Kind::folder) return nullptr;
      at = found->second.get();
    }
    return at;
  }

  void place(const SnapshotEntry& entry, const Spot& spot) {
    const std::vector<std::string_view> parts = layout_path_names(spot.path);
    if (parts.empty()) return;
    const std::string_view last = parts.back();
    const auto folder_length = static_cast<std::size_t>(last.data() - spot.path.data());
    LayoutEntry* const parent = folder(std::string_view(spot.path).substr(0, folder_length));
    if (parent == nullptr) return;
    std::string name(last);
    for (int i = 1; parent->children.contains(name); ++i) name = format_text("{}-{}", last, i);
    LayoutEntry& placed =
        *add(*parent, name, LayoutEntry::Kind::snapshot, entry.snapshot.tree)->second;
    placed.time = entry.snapshot.time.instant;
    if (spot.has_latest) link_latest(spot, spot.name + name.substr(last.size()), placed.time);
    touch(spot.path, placed.time);
  }

  [[nodiscard]] LayoutPointer root() const { return root_; }

 private:
  using Children = decltype(LayoutEntry::children);

  static Children::iterator add(LayoutEntry& parent, std::string_view name, LayoutEntry::Kind kind,
                                const Id& tree) {
    auto entry = std::make_shared<LayoutEntry>();
    entry->kind = kind;
    entry->path = parent.path.empty() ? std::string(name) : format_text("{}/{}", parent.path, name);
    entry->time = parent.time;
    entry->tree = tree;
    entry->inode = layout_inode(entry->path, static_cast<unsigned>(kind), tree);
    return parent.children.emplace(std::string(name), std::move(entry)).first;
  }

  /// Snapshots come oldest first, so the last one wins, except one that is dated in the future.
  void link_latest(const Spot& spot, const std::string& target, const Timestamp& time) {
    LayoutEntry* const parent = folder(spot.folder);
    if (parent == nullptr) return;
    auto found = parent->children.find(kLatest);
    if (found == parent->children.end()) {
      found = add(*parent, kLatest, LayoutEntry::Kind::link, {});
    } else if (is_in_future(time, now_) && !is_in_future(found->second->time, now_)) {
      return;
    }
    if (found->second->kind != LayoutEntry::Kind::link) return;
    found->second->target = target;
    found->second->time = time;
  }

  /// Folders on the way to a snapshot are as new as it is.
  void touch(std::string_view path, const Timestamp& time) {
    LayoutEntry* at = root_.get();
    for (const std::string_view name : layout_path_names(path)) {
      at->time = time;
      const auto next = at->children.find(name);
      if (next == at->children.end() || next->second->kind != LayoutEntry::Kind::folder) return;
      at = next->second.get();
    }
  }

  const Timestamp now_;
  std::shared_ptr<LayoutEntry> root_;
};

/// The folders of a template before its first variable: they are there without snapshots too.
std::string fixed_folders(const std::string& pattern) {
  const std::size_t variable = pattern.find('%');
  if (variable == std::string::npos) return {};
  const std::size_t slash = pattern.rfind('/', variable);
  return slash == std::string::npos ? std::string() : pattern.substr(0, slash);
}

}  // namespace

LayoutPointer make_layout(const std::vector<SnapshotEntry>& snapshots, const MountNames& names,
                          const Timestamp& start, const Timestamp& now) {
  LayoutMaker maker(start, now);
  for (const std::string& pattern : names.path_templates) maker.folder(fixed_folders(pattern));
  for (const SnapshotEntry& entry : snapshots) {
    const std::string time = format_like(names.time_template, entry.snapshot.time);
    for (const std::string& pattern : names.path_templates) {
      for (const Spot& spot : spots_of(pattern, entry, time)) maker.place(entry, spot);
    }
  }
  return maker.root();
}

LayoutPointer find_in_layout(const LayoutPointer& root, std::string_view path) {
  LayoutPointer at = root;
  for (const std::string_view name : layout_path_names(path)) {
    const auto found = at->children.find(name);
    if (found == at->children.end()) return {};
    at = found->second;
  }
  return at;
}

}  // namespace medsave
