#include "extra_guard.hpp"

#include "target_entry.hpp"

#include "medsave/backend/cache_directories.hpp"
#include "medsave/backend/file_layout.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/path.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace medsave {
namespace {

/// Whether `folder`, a repository without its config, has keys, snapshots or index files that
/// `tree` has not, and none that it has: then it is another repository, and not what an interrupted
/// restore of `tree` left.
bool holds_files_of_another(DirHandle folder, const Tree& tree, const TreeSource& load) {
  bool has_others = false;
  for (const char* part : {"keys", "snapshots", "index"}) {
    const std::optional<FileInfo> present = lstat_at(folder, part);
    if (!present || !present->is_dir()) continue;
    const auto saved = std::ranges::find(tree, part, &Node::name);
    Tree known;
    if (saved != tree.end() && saved->subtree) known = load(*saved->subtree);
    for (const std::string& name : list_dir(open_dir_at(folder, part).get())) {
      if (std::ranges::find(known, name, &Node::name) != known.end()) return false;
      has_others = true;
    }
  }
  return has_others;
}

/// Whether the subfolder `part` holds a name for which `is_such` is true; true also when it cannot
/// be listed.
template <typename Predicate>
bool may_hold(DirHandle folder, const std::string& part, const Predicate& is_such) {
  if (!lstat_at(folder, part)) return false;
  const std::optional<FileInfo> there = stat_at(folder, part);
  if (there && !there->is_dir()) return false;
  try {
    return std::ranges::any_of(list_dir(open_dir_at(folder, part, true).get()), is_such);
  } catch (const Error&) {
    return true;
  }
}

/// Whether the names in it are those of a repository: other programs have folders called data and
/// index too.
bool holds_names_of_one(DirHandle folder) {
  const auto is_pack_folder = [](const std::string& name) {
    return name.size() == 2 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
  };
  const auto is_id = [](const std::string& name) { return Id::parse(name).has_value(); };
  return may_hold(folder, "keys", is_id) || may_hold(folder, "snapshots", is_id) ||
         may_hold(folder, "data", is_pack_folder);
}

/// The symbolic links that `path` leads through, their own included.
void add_links_on(const std::string& path, std::set<FileKey>& keys) {
  constexpr std::size_t kMostLinks = 40;  // as Linux follows
  const std::optional<std::string> from_root = make_absolute(path);
  if (!from_root) return;
  std::vector<std::filesystem::path> ways = {*from_root};
  for (std::size_t n = 0; n < ways.size() && n < kMostLinks; ++n) {
    const std::filesystem::path way = ways[n];
    std::filesystem::path here;
    for (const std::filesystem::path& name : way) {
      here /= name;
      const std::optional<FileInfo> info = lstat_at(kCurrentDirectory, here.string());
      if (!info) break;
      if (!info->is_symlink() || !keys.insert(info->key()).second) continue;
      ways.push_back(here.parent_path() / read_link_at(kCurrentDirectory, here.string()));
    }
  }
}

}  // namespace

std::set<FileKey> what_opens_it(const RestoreRequest& request) {
  std::set<FileKey> keys;
  for (const std::string& file : request.opening_files) {
    if (const auto info = stat_at(kCurrentDirectory, file)) keys.insert(info->key());
    if (const auto info = lstat_at(kCurrentDirectory, file)) keys.insert(info->key());
    add_links_on(file, keys);
  }
  if (!request.repository.empty()) add_links_on(request.repository, keys);
  return keys;
}

bool holds_repository(DirHandle folder) {
  // Three parts make a folder a repository, since others may be missing.
  constexpr std::ptrdiff_t kTelling = 3;
  const auto is_there = [&](std::string_view name) {
    return lstat_at(folder, std::string(name)).has_value();
  };
  // A complete repository may lack these two.
  const auto is_needed = [](std::string_view name) { return name != "locks" && name != "medsave"; };
  const std::ptrdiff_t parts = std::ranges::count_if(
      repository_folders(),
      [&](std::string_view name) { return is_needed(name) && is_there(name); });
  if (!is_there("config")) return parts >= kTelling && holds_names_of_one(folder);
  const std::optional<FileInfo> config = stat_at(folder, "config");
  return parts + 1 >= kTelling && !(config && config->is_dir());
}

bool may_be_repository_in(DirHandle folder, const Tree& tree, const TreeSource& load) {
  const std::optional<FileInfo> present = lstat_at(folder, "config");
  const auto saved = std::ranges::find(tree, "config", &Node::name);
  if (present && !is_unfinished(*present)) {
    return saved != tree.end() && holds_content(folder, *present, *saved);
  }
  return !holds_files_of_another(folder, tree, load);
}

bool holds_content(DirHandle folder, const FileInfo& present, const Node& saved) {
  constexpr std::uint64_t kMost = 512ULL << 10U;  // bytes; what is longer may be several blobs
  if (saved.type == NodeType::symlink && present.is_symlink()) {
    return read_link_at(folder, saved.name) == saved.link_target;
  }
  if (saved.type != NodeType::file || !present.is_regular() || saved.size != present.size ||
      present.size > kMost || saved.content.size() != (present.size == 0 ? 0U : 1U)) {
    return false;
  }
  const UniqueFd file = open_file_at(folder, saved.name);
  Buffer content;
  content.resize(static_cast<std::size_t>(present.size));
  return pread_some(file.get(), content.writable(), 0, saved.name) == content.size() &&
         (content.size() == 0 || sha256(content.view()) == saved.content.front());
}

std::set<FileKey> own_folders(const RestoreRequest& request) {
  std::set<FileKey> keys;
  for (const std::string& folder : request.own_folders) {
    try {
      if (const auto info = stat_at(kCurrentDirectory, folder)) keys.insert(info->key());
    } catch (const Error&) {  // what cannot be looked at is not in the target
    }
  }
  return keys;
}

bool is_lost_and_found(const std::string& path) {
  return path == "lost+found" || path.ends_with("/lost+found");
}

bool ExtraGuard::opens_repository(DirHandle folder, const FileInfo& present,
                                  const Node& node) const {
  return opening_.contains(present.key()) && !holds_content(folder, present, node);
}

bool ExtraGuard::selects(const std::string& path) const {
  if (!request_.includes.empty()) return request_.includes.check(path).matches;
  return request_.excludes.empty() || !request_.excludes.check(path).matches;
}

Fate ExtraGuard::judge(const std::string& path, DirHandle folder) {
  if (!folder) {
    if (!selects(path)) return Fate::keep;
    if (is_lost_and_found(path)) {
      tell_of_rescued(path);
      return Fate::keep_all;
    }
    if (!request_.left_out.match(path)) return Fate::remove;
    add_left_out(1);
    return Fate::keep_all;
  }
  if (own_.contains(stat_dir(folder).key()) || is_cache(folder)) {
    add_left_out(1);
    return Fate::keep_all;
  }
  if (is_mount_point(folder)) {
    tell_of_mount(path);
    return Fate::keep_all;
  }
  if (holds_repository(folder)) {
    tell_of_repository(path);
    return Fate::keep_all;
  }
  return Fate::remove;
}

RemovalJudge ExtraGuard::judge_in(const std::string& folder) {
  return [this, folder](const std::string& path, DirHandle open) {
    std::string whole = folder;
    return judge(whole.append("/").append(path), open);
  };
}

void ExtraGuard::tell_of_mount(const std::string& path) {
  log_.notice(format_text(_("{} was kept: something is mounted there"), log_.place(path)));
}

void ExtraGuard::tell_of_rescued(const std::string& path) {
  log_.notice(format_text(_("{} was kept: a check of the file system may have put there what it "
                            "rescued"),
                          log_.place(path)));
}

void ExtraGuard::tell_of_unsaved_mount(const std::string& path) {
  log_.notice(format_text(_("what is in {} was kept: when the backup was made, a drive was mounted "
                            "there that it did not go into"),
                          log_.place(path)));
}

void ExtraGuard::tell_of_empty_source(const std::string& path) {
  if (path == "/") {
    log_.notice(_(
        "what is in the target was kept: the snapshot has an empty folder in its place, as where a "
        "drive was not connected when the backup was made; if it is not needed, remove it by "
        "hand"));
    return;
  }
  log_.notice(format_text(
      _("what is in {} was kept: the snapshot has an empty folder in its place, as where a drive "
        "was not connected when the backup was made; if it is not needed, remove it by hand"),
      log_.place(path)));
}

void ExtraGuard::tell_of_repository(const std::string& path) {
  log_.notice(
      format_text(_("{} was kept: it is a backup repository; if it is not needed, remove it "
                    "by hand"),
                  log_.place(path)));
}

void ExtraGuard::report() const {
  const unsigned long count = left_out_;
  if (count == 0) return;
  log_.notice(format_text(
      n_("{} entry of the target was kept although the snapshot does not have it: the backup had "
         "been told to leave it out, so this may be the only copy; if it is not needed, remove it "
         "by hand",
         "{} entries of the target were kept although the snapshot does not have them: the backup "
         "had been told to leave them out, so these may be the only copies; if they are not "
         "needed, remove them by hand",
         count),
      count));
}

}  // namespace medsave
