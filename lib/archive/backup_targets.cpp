#include "backup_targets.hpp"

#include "source_path.hpp"

#include "medsave/archive/snapshot_paths.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/file_info.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace medsave {
namespace {

std::string join(std::string_view folder, std::string_view name) {
  std::string path(folder == "." ? std::string_view() : folder);
  if (!path.empty() && path.back() != '/') path += '/';
  return path.append(name);
}

/// A cleaned target as the folder it starts from and the components below.
struct SplitTarget {
  std::string root = {};
  std::vector<std::string_view> names = {};
};

SplitTarget split_target(std::string_view cleaned) {
  SplitTarget target;
  target.names = split_path(cleaned);
  if (cleaned.starts_with('/')) {
    target.root = "/";
    return target;
  }
  target.root = ".";
  const auto first = std::ranges::find_if(
      target.names, [](std::string_view name) { return name != ".." && name != "."; });
  for (auto name = target.names.begin(); name != first; ++name) {
    target.root = join(target.root, *name);
  }
  target.names.erase(target.names.begin(), first);
  return target;
}

}  // namespace

bool is_bare_root(std::string_view cleaned) { return split_target(cleaned).names.empty(); }

std::vector<std::string> entries_of_bare_root(const std::string& cleaned,
                                              const ExclusionTags& tags) {
  const UniqueDir fd = open_dir_at(kCurrentDirectory, cleaned, true);
  std::vector<DirEntry> listed = list_entries(fd.get());
  std::ranges::sort(listed, {}, &DirEntry::name);
  const std::vector<std::string> found = tags.in(fd.get(), listed);
  std::vector<std::string> targets;
  for (const DirEntry& entry : listed) {
    if (!ExclusionTags::exclude(found, entry.name)) targets.push_back(join(cleaned, entry.name));
  }
  return targets;
}

void BackupTargets::add(const std::string& target) { enter(target, std::nullopt); }

void BackupTargets::add_entry(const std::string& target, std::uint64_t device) {
  enter(target, device);
}

void BackupTargets::enter(const std::string& target, std::optional<std::uint64_t> entry_on) {
  const std::string cleaned = clean_path(target);
  const SplitTarget parts = split_target(cleaned);
  const Origin origin{.root = parts.root, .name = std::string(parts.names.front())};
  std::string shown = origin.name;
  for (unsigned i = 1; origins_.contains(shown) && origins_.at(shown) != origin; ++i) {
    shown = fmt::format("{}-{}", origin.name, i);
  }
  origins_.emplace(shown, origin);

  std::string path = join(parts.root, origin.name);
  TargetNode* node = &root_.children[shown];
  node->path = path;
  for (std::size_t i = 1; i < parts.names.size(); ++i) {
    path = join(path, parts.names[i]);
    node = &node->children[std::string(parts.names[i])];
    node->path = path;
  }
  node->wanted = true;
  node->follow = node->follow || target.ends_with('/') || target.ends_with("/.");
  if (entry_on) {
    node->listed_device = entry_on;
  } else {
    node->named = true;
  }
}

void BackupTargets::add_stream(const StreamSource& stream) {
  const std::vector<std::string> names = stream_components(stream.filename);
  TargetNode* node = &root_;
  std::string path;
  for (const std::string& name : names) {
    path += "/" + name;
    const bool is_file = &name == &names.back();
    const bool is_new = !node->children.contains(name);
    TargetNode& child = node->children[name];
    if (child.wanted || child.stream != nullptr || (is_file && !is_new)) {
      throw Error(Errc::usage,
                  format_text(_("\"{}\" cannot be the name of a program's output in the snapshot: "
                                "something else that is backed up is there"),
                              stream.filename));
    }
    if (is_new) {
      child.path = path;
      child.leads_to_streams_only = !is_file;
    }
    node = &child;
  }
  node->named = true;
  node->stream = &stream;
}

}  // namespace medsave
