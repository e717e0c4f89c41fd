#include "tree_walk.hpp"

#include "node_builder.hpp"
#include "withheld_names.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/chunk/chunker.hpp"
#include "medsave/par/task_scope.hpp"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

namespace medsave {
namespace {

// Large enough that handing a batch to another thread pays, small beside the chunks in memory.
constexpr std::uint64_t kBatchBytes = 1024 * 1024;
constexpr std::size_t kBatchFiles = 64;

// A folder that had at least so many entries is reported when it is empty, even if its user meant
// that.
constexpr std::size_t kManyEntries = 1000;

/// Compares the device of the folder with that of the folder above, as the parent snapshot has them
/// (0: not recorded). The device above an entry of a listed folder such as "." is the one it has
/// now, since the snapshot does not have that folder.
bool was_mount_point(const DirectoryTask& task, std::size_t destination) {
  const Node* before = previous_node(task.previous, destination);
  if (before == nullptr) return false;
  std::uint64_t above = 0;
  if (task.entry.target != nullptr && task.entry.target->listed_device) {
    above = *task.entry.target->listed_device;
  } else if (task.draft != nullptr) {
    const Node* parent = previous_node(task.draft->previous, destination);
    if (parent != nullptr) above = parent->device_id;
  }
  const std::uint64_t folder = before->device_id;
  return folder != 0 && above != 0 && folder != above;
}

template <typename Names>
bool are_of_empty_drive(const Names& names) {
  return std::ranges::all_of(names, [](const auto& name) { return name == kLostAndFound; });
}

/// Whether the folder has entries, be they left out of the backup.
bool lists_something(const SourceDir& dir) {
  try {
    return !are_of_empty_drive(list_dir(dir.fd.get()));
  } catch (const Error&) {
    return false;
  }
}

/// Whether two sorted lists have no name in common.
bool shares_no_name(const std::vector<SourceEntry>& entries, const Tree& previous) {
  return std::ranges::none_of(previous, [&](const Node& node) {
    return std::ranges::binary_search(entries, node.name, {}, &SourceEntry::name);
  });
}

PreviousNodes keep(std::span<Node* const> previous) {
  PreviousNodes kept;
  for (std::size_t i = 0; i < previous.size(); ++i) {
    if (previous[i] == nullptr) continue;
    kept.resize(previous.size());
    kept[i] = std::move(*previous[i]);
  }
  return kept;
}

}  // namespace

/// One folder while its entries are looked at.
struct TreeWalk::Folder {
  SourceDirPtr dir = {};
  Node node = {};
  FileInfo seen = {};  // itself, before it was listed
  std::vector<SourceEntry> entries = {};
  std::optional<Error> cut_short = {};  // as in SourceList
  std::vector<Tree> previous = {};      // of the same folder, by destination
  TreeDraftPtr draft = {};
  std::vector<DirectoryTask> directories = {};
  std::vector<FileBatch> batches = {};
  std::vector<StreamTask> streams = {};
  std::size_t files = 0;
  std::uint64_t batch_bytes = 0;    // of the last batch
  DestinationSet stored_anew = {};  // as TreeDraft::stored_anew
};

void TreeWalk::run(DirectoryTask task, const std::stop_token& stop) {
  Folder folder;
  const auto begun = std::chrono::steady_clock::now();
  if (!open(task, folder)) {
    parts_.assembler.finish(std::move(task.draft), 1);
    return;
  }
  folder.stored_anew = task.stored_anew;
  load_previous(task, folder);
  if (!folder.cut_short) tell_loss(task, folder);
  add_withheld(task, folder);
  if (folder.cut_short && folder.entries.empty()) {  // nothing is known of what it holds
    parts_.assembler.finish(std::move(task.draft), 1);
    return;
  }
  folder.draft = std::make_shared<TreeDraft>(folder.entries.size());
  std::vector<Tree::iterator> next;
  next.reserve(folder.previous.size());
  for (Tree& tree : folder.previous) next.push_back(tree.begin());
  std::vector<Node*> known(folder.previous.size());
  for (std::size_t slot = 0; slot < folder.entries.size(); ++slot) {
    check_stop(stop);
    SourceEntry& entry = folder.entries[slot];
    for (std::size_t i = 0; i < known.size(); ++i) {
      const Tree::iterator end = folder.previous[i].end();
      while (next[i] != end && next[i]->name < entry.name) ++next[i];
      known[i] = next[i] != end && next[i]->name == entry.name ? &*next[i] : nullptr;
    }
    place(folder, entry, slot, known);
  }

  TreeDraft& draft = *folder.draft;
  draft.parent = std::move(task.draft);
  draft.parent_slot = task.slot;
  draft.node = std::move(folder.node);
  draft.previous = std::move(task.previous);
  draft.stored_anew = folder.stored_anew;
  draft.only_leads = draft.parent != nullptr && !folder.dir->fd;
  if (parts_.reporter.wants_items()) {
    draft.snapshot_path = folder.dir->snapshot_path;
    draft.begun = begun;
  }
  draft.expect(folder.directories.size() + folder.files + folder.streams.size());
  parts_.queue.push(std::move(folder.streams));
  parts_.queue.push(std::move(folder.batches), std::move(folder.directories));
  parts_.assembler.finish(std::move(folder.draft), 1);
}

/// Whether the folder is on the file system of the one above it.
bool TreeWalk::is_mount_point(const DirectoryTask& task, const Folder& folder) const {
  const SourceDir& parent = *task.parent;
  if (parent.fd) return folder.dir->device != parent.device;
  const std::optional<FileInfo> above = stat_at(kCurrentDirectory, folder.dir->path + "/..");
  return !above || above->device != folder.dir->device;
}

void TreeWalk::tell_loss(const DirectoryTask& task, const Folder& folder) const {
  const std::string& path = folder.dir->path;
  const bool is_source =
      task.entry.target != nullptr && task.entry.target->named && !task.entry.only_targets;
  const auto is_mentioned = [](const SourceEntry& entry) { return entry.target != nullptr; };
  if (is_source && std::ranges::all_of(folder.entries, is_mentioned)) {
    if (const auto pattern = pattern_excluding(parts_.source.filter().excludes, path)) {
      parts_.reporter.excluded(path, *pattern);
      return;
    }
  }
  if (is_source) {
    if (const auto tag = parts_.source.tag_in(*folder.dir)) {
      parts_.reporter.excluded_by_file(path, *tag);
      return;
    }
  }
  const Loss loss = find_loss(task, folder);
  if (loss == Loss::none) return;
  if (is_source && loss == Loss::of_all && lists_something(*folder.dir)) {
    parts_.reporter.left_out(path);
  } else {
    parts_.reporter.emptied(path, loss == Loss::of_all);
  }
}

/// Whether a folder has lost its content since the parent snapshot: its drive may not be mounted.
/// lost+found, which an empty ext4 has, does not count as content.
TreeWalk::Loss TreeWalk::find_loss(const DirectoryTask& task, const Folder& folder,
                                   std::size_t destination) const {
  const auto holds_nothing = [&](const auto& entries) {
    return std::ranges::all_of(entries, [&](const auto& e) { return e.name == kLostAndFound; });
  };
  if (task.entry.only_targets) return Loss::none;
  const Tree& previous = folder.previous[destination];
  const bool was_mounted = was_mount_point(task, destination) && !is_mount_point(task, folder);
  const bool had_much = !holds_nothing(previous);
  if (!holds_nothing(folder.entries)) {
    const bool holds_others = had_much && shares_no_name(folder.entries, previous);
    return was_mounted && holds_others ? Loss::for_others : Loss::none;
  }
  // The entries of a listed folder such as "." are not sources: nobody named them.
  const bool is_source = task.entry.target != nullptr && task.entry.target->named;
  // An empty source is reported at each backup: the parent snapshot may have found it empty too.
  const bool lost = is_source || (had_much && (was_mounted || previous.size() >= kManyEntries));
  return lost ? Loss::of_all : Loss::none;
}

TreeWalk::Loss TreeWalk::find_loss(const DirectoryTask& task, const Folder& folder) const {
  for (std::size_t i = 0; i < folder.previous.size(); ++i) {
    if (const Loss loss = find_loss(task, folder, i); loss != Loss::none) return loss;
  }
  return Loss::none;
}

void TreeWalk::add_withheld(const DirectoryTask& task, Folder& folder) const {
  if (!folder.dir->fd) return;
  const FolderList list = {.dir = *folder.dir,
                           .seen = folder.seen,
                           .entries = folder.entries,
                           .cut_short = folder.cut_short};
  std::vector<std::string> names;
  for (std::size_t i = 0; i < folder.previous.size() && names.empty(); ++i) {
    const Node* before = previous_node(task.previous, i);
    if (before == nullptr || folder.previous[i].empty()) continue;
    names = names_withheld(list, *before, folder.previous[i], parts_.matchers[i],
                           parts_.source.filter().excludes);
  }
  if (const std::optional<std::string> text = describe_withheld(list, names.size())) {
    parts_.reporter.problem(folder.dir->path, *text);
  }
  for (std::string& name : names) {
    folder.entries.push_back({.name = std::move(name), .withheld = true});
  }
  std::ranges::sort(folder.entries, {}, &SourceEntry::name);
}

void TreeWalk::keep_withheld(Folder& folder, const std::string& name, std::size_t slot,
                             Previous previous) {
  const Node* kept = nullptr;
  for (std::size_t i = 0; i < previous.size() && kept == nullptr; ++i) {
    if (previous[i] == nullptr || !parts_.sink.works(i)) continue;
    if (all_have_content(*previous[i])) kept = previous[i];
  }
  if (kept == nullptr) {
    parts_.reporter.problem(folder.dir->path + "/" + name,
                            _("its folder does not list it, and what the previous snapshot has of "
                              "it cannot be kept"));
    return;
  }
  std::string snapshot_path;
  if (parts_.reporter.wants_items()) {
    snapshot_path = folder.dir->snapshot_path + "/" + kept->name;
  }
  parts_.reporter.kept(snapshot_path, *kept, previous, std::chrono::steady_clock::now());
  if (kept->type == NodeType::dir) parts_.assembler.has_taken_over_folder();
  folder.draft->slot(slot) = *kept;
}

bool TreeWalk::open(const DirectoryTask& task, Folder& folder) {
  const SourceTree::Problem problem = [this](const std::string& path, const std::string& message) {
    parts_.reporter.problem(path, message);
  };
  if (task.parent == nullptr) {
    folder.dir = parts_.source.root();
    folder.entries = parts_.source.entries(*folder.dir, nullptr, problem).entries;
    return true;
  }
  try {
    folder.dir = parts_.source.open(*task.parent, task.entry);
    folder.node = folder_node(*folder.dir, task.entry, folder.seen);
    SourceList list = parts_.source.entries(*folder.dir, &task.entry, problem);
    folder.entries = std::move(list.entries);
    folder.cut_short = std::move(list.cut_short);
    return true;
  } catch (const Error& error) {
    problem(SourceTree::path_of(*task.parent, task.entry), error.what());
    return false;
  }
}

Node TreeWalk::folder_node(const SourceDir& dir, const SourceEntry& entry, FileInfo& seen) {
  if (dir.fd) {
    seen = stat_dir(dir.fd.get());
    Node node = make_node(entry.name, seen, parts_.with_atime);
    const NoticeSink problem = [&](const std::string& message) {
      parts_.reporter.problem(dir.path, message);
    };
    set_extended_attributes(
        node, [&](const NoticeSink& sink) { return read_xattrs_dir(dir.fd.get(), sink); }, problem);
    return node;
  }
  if (entry.target->leads_to_streams_only) {
    return make_stream_node(entry.name, NodeType::dir, parts_.stream_time);
  }
  Node node = make_node(entry.name, entry.info, parts_.with_atime);
  // The dot follows a symlink. Attributes of folders above the sources are not needed, so they may
  // be unreadable.
  set_extended_attributes(
      node,
      [&](const NoticeSink& sink) {
        return read_xattrs_at(kCurrentDirectory, entry.target->path + "/.", false, sink);
      },
      [](const std::string&) {});
  return node;
}

void TreeWalk::load_previous(const DirectoryTask& task, Folder& folder) {
  folder.previous.resize(parts_.matchers.size());
  for (std::size_t i = 0; i < folder.previous.size(); ++i) {
    const Node* before = previous_node(task.previous, i);
    if (before == nullptr || !parts_.sink.works(i)) continue;
    folder.previous[i] = load_previous(*before, folder, i);
  }
}

Tree TreeWalk::load_previous(const Node& before, Folder& folder, std::size_t destination) {
  if (before.type != NodeType::dir || !before.subtree) return {};
  try {
    return parts_.matchers[destination].load(*before.subtree);
  } catch (const Error& error) {
    if (is_fatal(error)) {
      if (!parts_.sink.fail(destination, std::current_exception())) throw;
      return {};
    }
    parts_.reporter.stored_again(
        format_text(_("{}: all its files are read, because the previous snapshot is damaged here; "
                      "{}"),
                    folder.dir->path.empty() ? "/" : folder.dir->path, error.what()));
    // The list of this folder is stored even if its id is known, because the stored one is damaged,
    // and those of the folders below may be.
    folder.stored_anew.resize(folder.previous.size());
    folder.stored_anew[destination] = true;
    return {};
  }
}

void TreeWalk::place(Folder& folder, SourceEntry& entry, std::size_t slot, Previous previous) {
  if (entry.withheld) {
    keep_withheld(folder, entry.name, slot, previous);
    return;
  }
  if (entry.info.is_dir()) {
    DirectoryTask& task = folder.directories.emplace_back();
    task.parent = folder.dir;
    task.entry = std::move(entry);
    task.previous = keep(previous);
    task.draft = folder.draft;
    task.slot = slot;
    task.stored_anew = folder.stored_anew;
    return;
  }
  if (entry.stream() != nullptr) {
    add_stream(folder, entry, slot, previous);
    return;
  }
  try {
    if (!entry.info.is_regular()) {
      place_special(folder, entry, slot);
    } else if (!keep_unchanged(folder, entry, slot, previous)) {
      add_file(folder, entry, slot, previous);
    }
  } catch (const Error& error) {
    parts_.reporter.problem(SourceTree::path_of(*folder.dir, entry), error.what());
  }
}

void TreeWalk::read_attributes(const SourceDir& dir, const SourceEntry& entry, Node& node) {
  const NoticeSink problem = [&](const std::string& message) {
    parts_.reporter.problem(SourceTree::path_of(dir, entry), message);
  };
  set_extended_attributes(
      node,
      [&](const NoticeSink& sink) {
        return read_xattrs_at(dir.handle(), entry.source_name(dir), entry.info.is_symlink(), sink);
      },
      problem);
}

/// A file is not read when it is what one of the parent snapshots has, and all repositories that
/// take part have its content.
bool TreeWalk::keep_unchanged(Folder& folder, const SourceEntry& entry, std::size_t slot,
                              Previous previous) {
  const Node* kept = nullptr;
  bool is_damaged = false;
  for (std::size_t i = 0; i < previous.size() && kept == nullptr; ++i) {
    const Node* before = previous[i];
    if (before == nullptr || !parts_.matchers[i].is_unchanged(entry.info, *before)) continue;
    is_damaged = is_damaged || !parts_.matchers[i].has_content(*before);
    if (all_have_content(*before)) kept = before;
  }
  if (kept == nullptr) {
    if (is_damaged) {
      parts_.reporter.stored_again(
          format_text(_("{}: the repository has lost parts of this unchanged file; it is stored "
                        "again"),
                      SourceTree::path_of(*folder.dir, entry)));
    }
    return false;
  }
  const auto begun = std::chrono::steady_clock::now();
  Node node = make_node(entry.name, entry.info, parts_.with_atime);
  node.size = entry.info.size;
  node.content = kept->content;
  read_attributes(*folder.dir, entry, node);
  std::string snapshot_path;
  if (parts_.reporter.wants_items()) {
    snapshot_path = folder.dir->snapshot_path + "/" + entry.name;
  }
  parts_.reporter.progress().done_bytes += node.size;
  parts_.reporter.kept(snapshot_path, node, previous, begun);
  folder.draft->slot(slot) = std::move(node);
  return true;
}

bool TreeWalk::all_have_content(const Node& file) const {
  for (std::size_t i = 0; i < parts_.matchers.size(); ++i) {
    if (parts_.sink.works(i) && !parts_.matchers[i].has_content(file)) return false;
  }
  return true;
}

void TreeWalk::add_file(Folder& folder, SourceEntry& entry, std::size_t slot, Previous previous) {
  const bool large = entry.info.size > kMinChunk;
  const bool fits = !folder.batches.empty() && !folder.batches.back().large &&
                    folder.batches.back().files.size() < kBatchFiles &&
                    folder.batch_bytes + entry.info.size <= kBatchBytes;
  if (large || !fits) {
    FileBatch& batch = folder.batches.emplace_back();
    batch.dir = folder.dir;
    batch.draft = folder.draft;
    batch.large = large;
    folder.batch_bytes = 0;
  }
  folder.batch_bytes += entry.info.size;
  ++folder.files;
  folder.batches.back().files.push_back(
      {.entry = std::move(entry), .previous = keep(previous), .slot = slot});
}

void TreeWalk::add_stream(Folder& folder, const SourceEntry& entry, std::size_t slot,
                          Previous previous) {
  StreamTask& task = folder.streams.emplace_back();
  task.source = entry.stream();
  task.previous = keep(previous);
  task.draft = folder.draft;
  task.slot = slot;
  task.path = folder.dir->snapshot_path + "/" + entry.name;
}

void TreeWalk::place_special(Folder& folder, SourceEntry& entry, std::size_t slot) {
  Node node = make_node(entry.name, entry.info, parts_.with_atime);
  if (node.type == NodeType::socket) return;  // means nothing without the program behind it
  if (node.type == NodeType::symlink) {
    node.link_target = read_link_at(folder.dir->handle(), entry.source_name(*folder.dir));
  }
  read_attributes(*folder.dir, entry, node);
  folder.draft->slot(slot) = std::move(node);
}

}  // namespace medsave
