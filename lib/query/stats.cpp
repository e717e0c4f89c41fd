#include "medsave/query/stats.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/snap/tree_prefetcher.hpp"
#include "medsave/snap/tree_walker.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace medsave {
namespace {

struct NamedMode {
  std::string_view name = {};
  StatsMode mode = {};
};
constexpr std::array<NamedMode, 4> kModes = {
    {{N_("restore-size"), StatsMode::restore_size},
     {N_("files-by-contents"), StatsMode::files_by_contents},
     {N_("blobs-per-file"), StatsMode::blobs_per_file},
     {N_("raw-data"), StatsMode::raw_data}}};

bool is_folder(const Node& node) { return node.type == NodeType::dir && node.subtree; }

/// Trees for a walk that takes each once.
class DistinctTrees {
 public:
  DistinctTrees(const BlobReader& reader, const std::stop_token& stop)
      : stop_(stop), prefetcher_(reader, stop) {}

  void prefetch(const std::vector<Id>& trees) {
    std::vector<Id> wanted;
    std::ranges::copy_if(trees, std::back_inserter(wanted),
                         [&](const Id& id) { return prefetched_.insert(id).second; });
    prefetcher_.prefetch(wanted);
  }

  std::shared_ptr<const Tree> get(const Id& tree, unsigned depth) {
    check_stop(stop_);
    if (depth > kMaxTreeDepth) {
      throw Error(Errc::corrupt,
                  format_text(_("folders are nested deeper than {} levels"), kMaxTreeDepth));
    }
    return prefetcher_.get(tree);
  }

 private:
  const std::stop_token stop_;
  TreePrefetcher prefetcher_;
  std::unordered_set<Id> prefetched_;
};

/// Sizes of snapshots as restored. What a folder contributes is computed once; only files with
/// several names are looked at again for each snapshot.
class RestoreSize {
 public:
  RestoreSize(const BlobReader& reader, const std::stop_token& stop) : trees_(reader, stop) {}

  void prefetch(const std::vector<Id>& roots) { trees_.prefetch(roots); }

  void add(const Id& root, SnapshotStats& stats) {
    const Folder& folder = visit(root, 0);
    stats.files += folder.files;
    stats.folders += folder.folders;
    stats.size += folder.size;
    Met met;
    add_linked(folder, met, stats);
  }

 private:
  struct LinkedFile {
    std::pair<std::uint64_t, std::uint64_t> inode = {};  // and device
    std::uint64_t size = 0;
  };
  struct Folder {
    std::uint64_t files = 0;
    std::uint64_t folders = 0;
    std::uint64_t size = 0;                 // of what has one name
    std::vector<LinkedFile> linked = {};    // in this folder itself
    std::vector<const Folder*> below = {};  // folders inside with linked files somewhere
  };

  /// What was counted in one snapshot. A folder that occurs there twice adds no inode the second
  /// time.
  struct Met {
    std::set<std::pair<std::uint64_t, std::uint64_t>> inodes = {};
    std::unordered_set<const Folder*> folders = {};
  };

  const Folder& visit(const Id& tree, unsigned depth) {
    const auto known = known_.find(tree);
    if (known != known_.end()) return *known->second;
    const std::shared_ptr<const Tree> nodes = trees_.get(tree, depth);
    auto folder = std::make_unique<Folder>();
    std::vector<Id> below;
    for (const Node& node : *nodes) {
      add_node(node, *folder);
      if (is_folder(node)) below.push_back(*node.subtree);
    }
    trees_.prefetch(below);
    for (const Id& id : below) {
      const Folder& inside = visit(id, depth + 1);
      folder->files += inside.files;
      folder->folders += inside.folders;
      folder->size += inside.size;
      if (!inside.linked.empty() || !inside.below.empty()) folder->below.push_back(&inside);
    }
    return *(known_[tree] = std::move(folder));
  }

  static void add_node(const Node& node, Folder& folder) {
    ++folder.files;
    if (node.type == NodeType::dir) ++folder.folders;
    const bool has_one_name = node.links == 1 || node.type == NodeType::dir || node.inode == 0;
    if (has_one_name || node.size == 0) {
      folder.size += node.size;
    } else {
      folder.linked.push_back({.inode = {node.inode, node.device_id}, .size = node.size});
    }
  }

  static void add_linked(const Folder& folder, Met& met, SnapshotStats& stats) {
    if (!met.folders.insert(&folder).second) return;
    for (const LinkedFile& file : folder.linked) {
      if (met.inodes.insert(file.inode).second) stats.size += file.size;
    }
    for (const Folder* below : folder.below) add_linked(*below, met, stats);
  }

  DistinctTrees trees_;
  std::unordered_map<Id, std::unique_ptr<Folder>> known_;
};

/// The other modes count each content or blob once, so that a folder met before adds nothing.
class Distinct {
 public:
  Distinct(const BlobReader& reader, StatsMode mode, const std::stop_token& stop)
      : reader_(reader), mode_(mode), trees_(reader, stop) {}

  void prefetch(const std::vector<Id>& roots) { trees_.prefetch(roots); }

  void add(const Id& root, SnapshotStats& stats) { visit(root, "", 0, stats); }

 private:
  void visit(const Id& tree, const std::string& path, unsigned depth, SnapshotStats& stats) {
    if (!visited_.insert(tree).second) return;
    const std::shared_ptr<const Tree> nodes = trees_.get(tree, depth);
    if (mode_ == StatsMode::raw_data) count_stored({.kind = BlobKind::tree, .id = tree}, stats);
    std::vector<Id> below;
    for (const Node& node : *nodes) {
      if (is_folder(node)) below.push_back(*node.subtree);
    }
    trees_.prefetch(below);
    // In the order of `ls`: blobs of equal files count for the path that comes first.
    for (const Node& node : *nodes) {
      count_node(node, path, stats);
      if (is_folder(node)) visit(*node.subtree, path + "/" + node.name, depth + 1, stats);
    }
  }

  void count_node(const Node& node, const std::string& folder, SnapshotStats& stats) {
    if (mode_ == StatsMode::raw_data) {
      if (node.type != NodeType::file) return;
      for (const Id& id : node.content) {
        if (data_.insert(id).second) count_stored({.kind = BlobKind::data, .id = id}, stats);
      }
      return;
    }
    if (!contents_.insert(content_key(node)).second) return;
    if (mode_ == StatsMode::files_by_contents) {
      ++stats.files;
      stats.size += node.size;
    } else if (!node.content.empty()) {
      count_blobs(node, folder + "/" + node.name, stats);
    }
  }

  void count_blobs(const Node& node, const std::string& path, SnapshotStats& stats) {
    const auto [file, is_new] = blobs_of_path_.try_emplace(sha256(as_bytes(path)));
    if (is_new) ++stats.files;
    for (const Id& id : node.content) {
      if (!file->second.insert(id).second) continue;
      ++stats.blobs;
      stats.size += find({.kind = BlobKind::data, .id = id}).content_length();
    }
  }

  void count_stored(const BlobRef& blob, SnapshotStats& stats) {
    const BlobLocation location = find(blob);
    const std::uint64_t uncompressed = location.content_length() + kSealOverhead;
    ++stats.blobs;
    stats.size += location.stored_length;
    if (reader_.repository().config().version < 2) return;
    stats.uncompressed_size += uncompressed;
    if (location.plain_length == 0) return;
    stats.compressed_blobs_size += location.stored_length;
    stats.compressed_blobs_uncompressed_size += uncompressed;
  }

  [[nodiscard]] BlobLocation find(const BlobRef& blob) const {
    const std::optional<BlobLocation> location = reader_.index().find(blob);
    if (location) return *location;
    throw Error(Errc::not_found, format_text(_("no index file lists blob {}"), blob.id.hex()));
  }

  static Id content_key(const Node& node) {
    if (node.content.size() == 1) return node.content.front();
    std::string ids;
    ids.reserve(node.content.size() * Id::kSize);
    for (const Id& id : node.content) ids += as_text(id.bytes());
    return sha256(as_bytes(ids));
  }

  const BlobReader& reader_;
  const StatsMode mode_;
  DistinctTrees trees_;
  std::unordered_set<Id> visited_;
  std::unordered_set<Id> data_;
  std::unordered_set<Id> contents_;
  std::unordered_map<Id, std::unordered_set<Id>> blobs_of_path_;  // by the path's hash
};

double percent(std::uint64_t part, std::uint64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole) * 100;
}

}  // namespace

std::string_view stats_mode_name(StatsMode mode) {
  return std::ranges::find(kModes, mode, &NamedMode::mode)->name;
}

std::optional<StatsMode> parse_stats_mode(std::string_view name) {
  const auto* found = std::ranges::find(kModes, name, &NamedMode::name);
  if (found == kModes.end()) return std::nullopt;
  return found->mode;
}

double SnapshotStats::compression_ratio() const {
  if (compressed_blobs_size == 0) return 0;
  return static_cast<double>(compressed_blobs_uncompressed_size) /
         static_cast<double>(compressed_blobs_size);
}

double SnapshotStats::compression_progress() const {
  return uncompressed_size == 0 ? 0
                                : percent(compressed_blobs_uncompressed_size, uncompressed_size);
}

double SnapshotStats::compression_space_saving() const {
  if (uncompressed_size == 0) return 0;
  return (1 - static_cast<double>(size) / static_cast<double>(uncompressed_size)) * 100;
}

SnapshotStats collect_stats(const BlobReader& reader, StatsMode mode, const std::vector<Id>& roots,
                            const std::stop_token& stop) {
  SnapshotStats stats;
  stats.snapshots = roots.size();
  const auto add_all = [&](auto counter) {
    counter.prefetch(roots);
    for (const Id& root : roots) counter.add(root, stats);
  };
  if (mode == StatsMode::restore_size) {
    add_all(RestoreSize(reader, stop));
  } else {
    add_all(Distinct(reader, mode, stop));
  }
  return stats;
}

}  // namespace medsave
