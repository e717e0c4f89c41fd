#include "medsave/archive/archiver.hpp"

#include "backup_targets.hpp"
#include "blob_sink.hpp"
#include "file_saver.hpp"
#include "parent_matcher.hpp"
#include "pipe_reader.hpp"
#include "reporter.hpp"
#include "scanner.hpp"
#include "source_tree.hpp"
#include "tree_draft.hpp"
#include "tree_walk.hpp"
#include "work_queue.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/chunk/chunker.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/sys/host.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

namespace medsave {
namespace {

constexpr std::size_t kLongestName = 255;  // bytes, on all usual file systems
constexpr unsigned kMinWorkers = 2;        // on a single core, one computes while the other waits

class Backup {
 public:
  Backup(const Repository& repository, Index& index, const BlobWriterOptions& options,
         BackupRequest request, const BackupSinks& sinks, Progress& progress,
         const std::stop_token& stop)
      : repository_(repository),
        request_(std::move(request)),
        sinks_(sinks),
        stop_(stop),
        reporter_(sinks, progress),
        sink_(request_.dry_run ? make_counting_sink(index, options)
                               : make_repository_sink(repository, index, options, stop)),
        assembler_(*sink_, reporter_),
        workers_(std::max(kMinWorkers, worker_count())),
        queue_(std::max(1U, request_.read_concurrency), workers_),
        chunker_(repository.polynomial()),
        reader_(repository, index),
        matcher_(reader_, {.ignore_ctime = request_.ignore_ctime,
                           .ignore_inode = request_.ignore_inode,
                           .read_since = start_of_parent()}),
        saver_({.sink = *sink_,
                .assembler = assembler_,
                .reporter = reporter_,
                .queue = queue_,
                .chunker = chunker_,
                .with_atime = request_.with_atime},
               std::size_t{2} * workers_) {}

  BackupResult run();

 private:
  [[nodiscard]] std::optional<Timestamp> start_of_parent() const {
    if (!request_.parent || !request_.parent->snapshot.summary) return std::nullopt;
    return request_.parent->snapshot.summary->backup_start.instant;
  }
  void prepare_snapshot();
  BackupTargets resolve_targets();
  void add_entries(const std::string& folder, BackupTargets& tree);
  void tell_links(const std::vector<std::string>& links);
  void read_sources();
  void read_stdin();
  void tell_all_is_done();
  void read_stdin_content(const std::stop_token& stop);
  Node stdin_node(std::string name, bool is_dir) const;
  void work(const SourceTree* source, const std::stop_token& stop);
  void finish_after_failure() noexcept;
  void require_adopted_packs() const;
  void publish(BackupResult& result);

  const Repository& repository_;
  BackupRequest request_;
  const BackupSinks& sinks_;
  const std::stop_token stop_;
  const Timestamp begun_ = system_clock().now();
  Snapshot snapshot_;
  bool stdin_was_empty_ = true;  // written by the thread that reads it, read after that
  Reporter reporter_;
  std::unique_ptr<BlobSink> sink_;
  TreeAssembler assembler_;
  const unsigned workers_;
  WorkQueue queue_;
  const Chunker chunker_;
  const BlobReader reader_;
  const ParentMatcher matcher_;
  FileSaver saver_;
};

void Backup::prepare_snapshot() {
  snapshot_ = request_.snapshot;
  if (snapshot_.uid == 0) snapshot_.uid = user_id();
  if (snapshot_.gid == 0) snapshot_.gid = group_id();
  if (request_.parent) snapshot_.parent = request_.parent->id;
}

BackupTargets Backup::resolve_targets() {
  BackupTargets tree;
  std::vector<std::string> existing;
  std::vector<std::string> links;
  for (const std::string& target : request_.targets) {
    try {
      const std::optional<FileInfo> info = lstat_at(kCurrentDirectory, target);
      if (!info) {
        reporter_.problem(target, _("it does not exist"));
        continue;
      }
      if (info->is_symlink()) links.push_back(target);
    } catch (const Error&) {
      // It is there but cannot be examined: reported when its turn comes.
    }
    const std::string cleaned = clean_path(target);
    if (!is_bare_root(cleaned)) {
      tree.add(target);
    } else {
      add_entries(cleaned, tree);
    }
    existing.push_back(target);
  }
  if (existing.empty()) {
    throw Error(Errc::usage, _("none of the files and folders to back up exists"));
  }
  snapshot_.paths = snapshot_paths(existing);
  tell_links(links);
  return tree;
}

/// Of a source such as ".", which has no name in the snapshot.
void Backup::add_entries(const std::string& folder, BackupTargets& tree) {
  const std::vector<std::string> entries =
      entries_of_bare_root(folder, ExclusionTags(request_.filter));
  const std::uint64_t device = stat_at(kCurrentDirectory, folder).value().device;
  for (const std::string& entry : entries) tree.add_entry(entry, device);

  const std::string path = absolute_path(folder);
  if (std::ranges::all_of(
          entries, [](const std::string& entry) { return entry.ends_with(kLostAndFound); })) {
    reporter_.emptied(path, true);
    return;
  }
  const PathFilter& excludes = request_.filter.excludes;
  const std::optional<std::string> pattern = pattern_excluding(excludes, path);
  if (pattern && std::ranges::all_of(entries, [&](const std::string& entry) {
        return excludes.check(absolute_path(entry)).matches;
      })) {
    reporter_.excluded(path, *pattern);
  }
}

/// Whoever names a link may believe that the folder behind it is saved.
void Backup::tell_links(const std::vector<std::string>& links) {
  if (links.empty()) return;
  if (request_.require_sources) reporter_.count_emptied(links.size());
  reporter_.notice(format_text(
      _("{} is a link and is saved as a link, without what it leads to. To save the folder behind "
        "it, write a slash at the end: {}/"),
      links.front(), links.front()));
  const unsigned long more = links.size() - 1;
  if (more == 0) return;
  reporter_.notice(format_text(
      n_("the same is true of {} other source", "the same is true of {} other sources", more),
      more));
}

void Backup::work(const SourceTree* source, const std::stop_token& stop) {
  std::optional<TreeWalk> walk;
  if (source != nullptr) {
    walk.emplace(TreeWalk::Parts{.source = *source,
                                 .matcher = matcher_,
                                 .assembler = assembler_,
                                 .reporter = reporter_,
                                 .queue = queue_,
                                 .with_atime = request_.with_atime});
  }
  FileSaver::Scratch scratch;
  while (std::optional<Task> task = queue_.next(stop)) {
    if (auto* chunk = std::get_if<ChunkTask>(&*task)) {
      saver_.run(std::move(*chunk));
    } else if (auto* batch = std::get_if<FileBatch>(&*task)) {
      saver_.run(std::move(*batch), scratch, stop);
    } else if (walk) {
      walk->run(std::move(std::get<DirectoryTask>(*task)), stop);
    }
    queue_.done();
  }
}

void Backup::read_sources() {
  const BackupTargets targets = resolve_targets();
  const SourceTree source(targets, request_.filter);
  DirectoryTask root;
  if (request_.parent) {
    root.previous = std::make_unique<Node>();
    root.previous->type = NodeType::dir;
    root.previous->subtree = request_.parent->snapshot.tree;
  }
  std::vector<DirectoryTask> first;
  first.push_back(std::move(root));
  queue_.push({}, std::move(first));

  TaskScope scan(stop_);  // ended by its destructor where nobody waits for the count
  if (request_.scan) {
    scan.spawn("scan", 1, [&](const std::stop_token& stop) {
      scan_sources(source, sinks_, reporter_.progress(), stop);
    });
  }
  TaskScope scope(stop_);
  scope.spawn("backup", workers_, [&](const std::stop_token& stop) { work(&source, stop); });
  scope.join();
  if (sinks_.scan_finished) scan.join();
}

Node Backup::stdin_node(std::string name, bool is_dir) const {
  Node node;
  node.name = std::move(name);
  node.type = is_dir ? NodeType::dir : NodeType::file;
  node.mode = is_dir ? (go_mode::kDir | 0755U) : 0644U;
  node.mtime = node.atime = node.ctime = snapshot_.time.instant;
  node.uid = user_id();
  node.gid = group_id();
  node.content_is_null = is_dir;
  return node;
}

void Backup::read_stdin_content(const std::stop_token& stop) {
  std::vector<std::string> names = stdin_components(request_.from_stdin->filename);
  auto draft = std::make_shared<TreeDraft>(1);
  std::string path;
  for (std::size_t i = 0; i + 1 < names.size(); ++i) {
    auto below = std::make_shared<TreeDraft>(1);
    path += "/" + names[i];
    below->snapshot_path = path;
    below->begun = std::chrono::steady_clock::now();
    below->node = stdin_node(names[i], true);
    below->parent = std::exchange(draft, below);
  }
  const auto file = std::make_shared<LargeFile>(draft, 0, stdin_node(names.back(), false), nullptr);
  file->path = file->snapshot_path = path + "/" + names.back();
  file->begun = std::chrono::steady_clock::now();
  const int fd = request_.from_stdin->fd;
  const auto read = [&](MutableByteView out) {
    const std::size_t got = read_pipe(fd, out, stop);
    if (got != 0) stdin_was_empty_ = false;
    return std::optional(got);
  };
  saver_.save_stream(file, read, stop);
  queue_.done();
}

void Backup::read_stdin() {
  const std::vector<std::string> names = stdin_components(request_.from_stdin->filename);
  snapshot_.paths = {clean_path("/" + request_.from_stdin->filename)};
  queue_.begin();
  TaskScope scope(stop_);
  scope.spawn("stdin", 1, [&](const std::stop_token& stop) { read_stdin_content(stop); });
  scope.spawn("backup", workers_, [&](const std::stop_token& stop) { work(nullptr, stop); });
  scope.join();
  if (request_.from_stdin->finish) request_.from_stdin->finish();
  if (stdin_was_empty_) {
    throw Error(Errc::io, _("nothing arrived on standard input, so no snapshot was saved; did the "
                            "program that should have written fail?"));
  }
}

void Backup::finish_after_failure() noexcept {
  try {
    sink_->finish();  // so that the next run finds what this one has stored
  } catch (...) {
    // The failure that ended the backup is the one to report; what is stored and not indexed is
    // adopted or stored again later. Without its lock the run may not index anything: another
    // one may have deleted what it stored.
  }
}

void Backup::require_adopted_packs() const {
  for (const Id& pack : request_.relies_on) {
    const FileRef file{.kind = FileKind::pack, .id = pack};
    if (repository_.backend().size(file)) continue;
    throw Error(Errc::io,
                format_text(_("{}, which this backup found in the repository and used, has "
                              "been deleted by another program meanwhile, so no snapshot "
                              "was saved; start again"),
                            describe(file)));
  }
}

void Backup::publish(BackupResult& result) {
  SnapshotSummary summary = reporter_.summary();
  const BlobWriterStats stats = sink_->stats();
  summary.backup_start = in_local_zone(begun_);
  summary.backup_end = in_local_zone(system_clock().now());
  summary.data_blobs = stats.data_blobs;
  summary.tree_blobs = stats.tree_blobs;
  summary.data_added = stats.plain_bytes;
  summary.data_added_packed = stats.packed_bytes;
  snapshot_.tree = *assembler_.root();
  snapshot_.summary = summary;
  result.problems = reporter_.problems();
  result.stored_again = reporter_.stored_again();
  result.changed_while_read = reporter_.changed_while_read();
  result.skipped_unchanged = request_.skip_if_unchanged && request_.parent &&
                             request_.parent->snapshot.tree == snapshot_.tree;
  if (result.skipped_unchanged) {
    if (!request_.dry_run) repository_.backend().settle();  // the parent is what there is now
  } else {
    const std::string json = encode_snapshot(snapshot_);
    if (request_.dry_run) {
      result.snapshot_id = sha256(as_bytes(json));  // names nothing, but scripts expect one
    } else {
      check_stop(stop_);
      require_adopted_packs();
      result.snapshot_id = repository_.save_json(FileKind::snapshot, json);
      repository_.backend().barrier();
    }
  }
  result.snapshot = std::move(snapshot_);
}

/// The count of the sources may have been stopped, or told of files that changed since.
void Backup::tell_all_is_done() {
  Progress& progress = reporter_.progress();
  progress.total_items = progress.done_items.load();
  progress.total_bytes = progress.done_bytes.load();
  progress.totals_final = true;
}

BackupResult Backup::run() {
  prepare_snapshot();
  try {
    if (request_.from_stdin) {
      read_stdin();
    } else {
      read_sources();
    }
    if (reporter_.problems() != 0 && assembler_.holds_only_folders()) {
      throw Error(Errc::io, _("nothing could be read (the reasons stand above), so no snapshot was "
                              "saved"));
    }
    if (assembler_.root_is_empty()) {
      throw Error(Errc::io, _("nothing could be backed up: the snapshot would be empty"));
    }
  } catch (...) {
    finish_after_failure();
    throw;
  }
  reporter_.progress().all_read = true;
  sink_->finish();
  BackupResult result;
  publish(result);
  result.emptied = reporter_.emptied();
  result.excluded = reporter_.excluded();
  tell_all_is_done();
  return result;
}

}  // namespace

std::vector<std::string> stdin_components(const std::string& filename) {
  std::vector<std::string> names;
  const std::string cleaned = clean_path("/" + filename);
  std::string_view rest = std::string_view(cleaned).substr(1);
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    names.emplace_back(rest.substr(0, slash));
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    if (names.back().size() > kLongestName) {
      throw Error(Errc::usage,
                  format_text(_("the name \"{}\" has {} bytes: no file of that name could be "
                                "restored, as file systems take at most {}"),
                              names.back(), names.back().size(), kLongestName));
    }
  }
  if (names.empty() || filename.find('\0') != std::string::npos) {
    throw Error(Errc::usage, format_text(_("\"{}\" is no name for a file"), filename));
  }
  return names;
}

BackupResult run_backup(const Repository& repository, Index& index,
                        const BlobWriterOptions& writer_options, BackupRequest request,
                        const BackupSinks& sinks, Progress& progress, const std::stop_token& stop) {
  return Backup(repository, index, writer_options, std::move(request), sinks, progress, stop).run();
}

}  // namespace medsave
