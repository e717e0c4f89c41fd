#include "medsave/archive/archiver.hpp"

#include "backup_targets.hpp"
#include "blob_sink.hpp"
#include "fan_out.hpp"
#include "file_saver.hpp"
#include "node_builder.hpp"
#include "parent_matcher.hpp"
#include "pipe_reader.hpp"
#include "relied_packs.hpp"
#include "reporter.hpp"
#include "scanner.hpp"
#include "source_tree.hpp"
#include "target_resolution.hpp"
#include "tree_draft.hpp"
#include "tree_walk.hpp"
#include "work_queue.hpp"

#include "medsave/archive/snapshot_paths.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/chunk/chunker.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/sys/host.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

namespace medsave {
namespace {

constexpr unsigned kMinWorkers = 2;  // on a single core, one computes while the other waits

std::string nothing_arrived(bool ends_the_backup) {
  return ends_the_backup ? _("nothing arrived on standard input, so no snapshot was saved; your "
                             "earlier backups are intact. Look at what the program that should "
                             "have written says, and start both again.")
                         : _("its program wrote nothing; did it fail?");
}

std::vector<std::unique_ptr<BlobSink>> make_sinks(
    const std::vector<BackupDestination>& destinations, bool dry_run) {
  std::vector<std::unique_ptr<BlobSink>> sinks;
  sinks.reserve(destinations.size());
  for (const BackupDestination& to : destinations) {
    sinks.push_back(dry_run ? make_counting_sink(to.repository, to.index, to.writer)
                            : make_repository_sink(to.repository, to.index, to.writer, to.stop));
  }
  return sinks;
}

/// When the backup that made the parent began.
std::optional<Timestamp> start_of_parent(const BackupDestination& to) {
  if (!to.parent) return std::nullopt;
  const Snapshot& parent = to.parent->snapshot;
  // Older programs record the time of the snapshot only.
  return parent.summary ? parent.summary->backup_start.instant : parent.time.instant;
}

/// Throws unless all destinations cut files at the same places: each file is cut only once.
void require_same_cuts(const std::vector<BackupDestination>& destinations) {
  const Polynomial& first = destinations.front().repository.polynomial();
  for (const BackupDestination& to : destinations) {
    if (to.repository.polynomial() == first) continue;
    throw Error(Errc::usage,
                _("these repositories cut files at different places, so one reading cannot serve "
                  "them all: one of them was made without --copy-chunker-params"));
  }
}

class Backup {
 public:
  Backup(std::vector<BackupDestination> destinations, BackupRequest request,
         const BackupSinks& sinks, Progress& progress)
      : destinations_(std::move(destinations)),
        request_(std::move(request)),
        sinks_(sinks),
        reporter_(sinks, progress, destinations_.size()),
        sink_(make_sinks(destinations_, request_.dry_run),
              destinations_.front().writer.compression),
        assembler_(sink_, reporter_),
        workers_(std::max(kMinWorkers, worker_count())),
        queue_(std::max(1U, request_.read_concurrency), workers_),
        chunker_(destinations_.front().repository.polynomial()),
        saver_({.sink = sink_,
                .assembler = assembler_,
                .reporter = reporter_,
                .queue = queue_,
                .chunker = chunker_,
                .with_atime = request_.with_atime},
               std::size_t{2} * workers_) {}

  BackupResult run();

 private:
  void prepare_destinations();
  void read_sources();
  void tell_all_is_done();
  void work(const SourceTree& source, const std::stop_token& stop);
  void read_streams(const std::stop_token& stop);
  void read_stream(StreamTask task, const std::stop_token& stop);
  [[nodiscard]] bool is_only_source(const StreamSource& stream) const;
  void finish_stored(std::size_t destination) noexcept;
  [[nodiscard]] SnapshotSummary summary(std::size_t destination) const;
  std::vector<DestinationResult> publish_in_all();
  void tell_what_parent_lacks(const BackupDestination& to);
  DestinationResult publish(std::size_t destination);

  std::vector<BackupDestination> destinations_;
  BackupRequest request_;
  const BackupSinks& sinks_;
  std::stop_source reading_;  // stopped when no destination is left
  const Timestamp begun_ = destinations_.front().repository.clock().now();
  Reporter reporter_;
  FanOut sink_;
  TreeAssembler assembler_;
  const unsigned workers_;
  WorkQueue queue_;
  const Chunker chunker_;
  std::deque<BlobReader> readers_;  // of the destinations
  std::vector<ParentMatcher> matchers_;
  FileSaver saver_;
  std::deque<std::stop_callback<std::function<void()>>> on_stop_;
};

void Backup::prepare_destinations() {
  for (BackupDestination& to : destinations_) {
    if (to.snapshot.uid == 0) to.snapshot.uid = user_id();
    if (to.snapshot.gid == 0) to.snapshot.gid = group_id();
    if (to.parent) to.snapshot.parent = to.parent->id;
    const BlobReader& reader = readers_.emplace_back(to.repository, to.index);
    matchers_.emplace_back(reader, ChangeRules{.ignore_ctime = request_.ignore_ctime,
                                               .ignore_inode = request_.ignore_inode,
                                               .read_since = start_of_parent(to)});
  }
  for (std::size_t i = 0; i < destinations_.size(); ++i) {
    on_stop_.emplace_back(destinations_[i].stop, [this, i] {
      if (!sink_.fail(i, std::make_exception_ptr(Interrupted()))) reading_.request_stop();
    });
  }
}

void Backup::work(const SourceTree& source, const std::stop_token& stop) {
  TreeWalk walk({.source = source,
                 .matchers = matchers_,
                 .sink = sink_,
                 .assembler = assembler_,
                 .reporter = reporter_,
                 .queue = queue_,
                 .stream_time = destinations_.front().snapshot.time.instant,
                 .with_atime = request_.with_atime});
  FileSaver::Scratch scratch;
  while (std::optional<Task> task = queue_.next(stop)) {
    if (auto* chunk = std::get_if<ChunkTask>(&*task)) {
      saver_.run(std::move(*chunk));
    } else if (auto* batch = std::get_if<FileBatch>(&*task)) {
      saver_.run(std::move(*batch), scratch, stop);
    } else {
      walk.run(std::move(std::get<DirectoryTask>(*task)), stop);
    }
    queue_.done();
  }
}

void Backup::read_sources() {
  std::vector<std::string> existing;
  const BackupTargets targets = resolve_targets(request_, reporter_, existing);
  for (BackupDestination& to : destinations_) {
    to.snapshot.paths = snapshot_paths(existing, request_.streams);
  }
  const SourceTree source(targets, request_.filter);
  DirectoryTask root;
  for (std::size_t i = 0; i < destinations_.size(); ++i) {
    const std::optional<SnapshotEntry>& parent = destinations_[i].parent;
    if (!parent) continue;
    root.previous.resize(destinations_.size());
    Node& node = root.previous[i].emplace();
    node.type = NodeType::dir;
    node.subtree = parent->snapshot.tree;
  }
  std::vector<DirectoryTask> first;
  first.push_back(std::move(root));
  queue_.push({}, std::move(first));

  TaskScope scan(reading_.get_token());  // ended by its destructor where nobody waits for the count
  // Nothing is counted with streams, whose length is unknown.
  if (request_.scan && request_.streams.empty()) {
    scan.spawn("scan", 1, [&](const std::stop_token& stop) {
      scan_sources(source, sinks_, reporter_.progress(), stop);
    });
  }
  TaskScope scope(reading_.get_token());
  scope.spawn("backup", workers_, [&](const std::stop_token& stop) { work(source, stop); });
  if (!request_.streams.empty()) {
    scope.spawn("streams", 1, [&](const std::stop_token& stop) { read_streams(stop); });
  }
  scope.join();
  if (sinks_.scan_finished) scan.join();
}

void Backup::read_streams(const std::stop_token& stop) {
  while (std::optional<StreamTask> task = queue_.next_stream(stop)) {
    read_stream(std::move(*task), stop);
    queue_.done();
  }
}

/// The failure of an only source says more than "nothing could be read".
bool Backup::is_only_source(const StreamSource& stream) const {
  return request_.targets.empty() && request_.streams.size() == 1 &&
         &stream == &request_.streams.front();
}

void Backup::read_stream(StreamTask task, const std::stop_token& stop) {
  const StreamSource& source = *task.source;
  const std::size_t last_slash = task.path.rfind('/');
  Node node = make_stream_node(task.path.substr(last_slash + 1), NodeType::file,
                               destinations_.front().snapshot.time.instant);
  const auto file = std::make_shared<LargeFile>(std::move(task.draft), task.slot, std::move(node),
                                                std::move(task.previous));
  file->path = file->snapshot_path = std::move(task.path);
  file->begun = std::chrono::steady_clock::now();
  if (reporter_.tracks_current()) reporter_.progress().begin_item(file->path);
  std::optional<int> fd;
  bool is_empty = true;
  // What a program wrote before it failed is not kept: it would pass for a whole dump.
  const auto read = [&](MutableByteView out) -> std::optional<std::size_t> {
    try {
      if (!fd) fd = source.open();
      const std::size_t got = read_pipe(*fd, out, stop);
      is_empty = is_empty && got == 0;
      if (got == out.size()) return got;
      if (source.finish) source.finish();
      if (is_empty) throw Error(Errc::io, nothing_arrived(is_only_source(source)));
      return got;
    } catch (const Error& error) {
      if (is_only_source(source)) throw;
      reporter_.problem(file->path, error.what());
      return std::nullopt;
    }
  };
  saver_.save_stream(file, read, stop);
}

/// Indexes what was stored before a failure, so that the next run need not store it again.
void Backup::finish_stored(std::size_t destination) noexcept {
  try {
    sink_.finish(destination);
  } catch (...) {
    // The failure that ended the backup is the one to report; what is stored and not indexed is
    // adopted or stored again later. Without its lock the run may not index anything: another
    // one may have deleted what it stored.
  }
}

SnapshotSummary Backup::summary(std::size_t destination) const {
  SnapshotSummary summary = reporter_.summary(destination);
  const BlobWriterStats stats = sink_.stats(destination);
  summary.backup_start = in_local_zone(begun_);
  summary.backup_end = in_local_zone(destinations_[destination].repository.clock().now());
  summary.data_blobs = stats.data_blobs;
  summary.tree_blobs = stats.tree_blobs;
  summary.data_added = stats.plain_bytes;
  summary.data_added_packed = stats.packed_bytes;
  return summary;
}

/// --skip-if-unchanged compares content only.
void Backup::tell_what_parent_lacks(const BackupDestination& to) {
  const Snapshot& parent = to.parent->snapshot;
  std::vector<std::string> missing;
  for (const std::string& tag : to.snapshot.tags) {
    if (std::ranges::find(parent.tags, tag) == parent.tags.end()) missing.push_back(tag);
  }
  if (!missing.empty()) {
    reporter_.notice(
        format_text(_("nothing has changed since snapshot {0}, so none was made; that one does not "
                      "have the tag {1} (\"medsave tag --add {1} {0}\" adds it)"),
                    to.parent->id.short_hex(), fmt::format("{}", fmt::join(missing, ","))));
  }
  if (parent.hostname != to.snapshot.hostname) {
    reporter_.notice(format_text(_("nothing has changed since snapshot {0}, so none was made; that "
                                   "one is of the host {1}"),
                                 to.parent->id.short_hex(), parent.hostname));
  }
}

DestinationResult Backup::publish(std::size_t destination) {
  BackupDestination& to = destinations_[destination];
  sink_.finish(destination);
  DestinationResult result;
  to.snapshot.tree = *assembler_.root();
  to.snapshot.summary = summary(destination);
  result.skipped_unchanged =
      request_.skip_if_unchanged && to.parent && to.parent->snapshot.tree == to.snapshot.tree;
  if (result.skipped_unchanged) {
    tell_what_parent_lacks(to);
    // The parent snapshot, which is the result, must be durable.
    if (!request_.dry_run) to.repository.backend().sync_found();
  } else {
    const std::string json = encode_snapshot(to.snapshot);
    if (request_.dry_run) {
      result.snapshot_id = sha256(as_bytes(json));  // names nothing, but scripts expect one
    } else {
      check_stop(to.stop);
      require_relied_packs(to.repository, to.relies_on);
      result.snapshot_id = to.repository.save_json(FileKind::snapshot, json);
      to.repository.backend().barrier();
      require_kept_packs(to.repository, to.relies_on, *result.snapshot_id);
    }
  }
  result.snapshot = std::move(to.snapshot);
  return result;
}

/// One thread per destination, since publishing mostly waits for the media.
std::vector<DestinationResult> Backup::publish_in_all() {
  std::vector<DestinationResult> results(destinations_.size());
  std::atomic<std::size_t> next = 0;
  TaskScope scope({});
  scope.spawn("publish", static_cast<unsigned>(results.size()), [&](const std::stop_token&) {
    for (std::size_t i = next++; i < results.size(); i = next++) {
      try {
        if (const std::exception_ptr failure = sink_.failure(i)) std::rethrow_exception(failure);
        results[i] = publish(i);
      } catch (...) {
        results[i].failure = std::current_exception();
        finish_stored(i);
      }
    }
  });
  scope.join();
  const auto has_failed = [](const DestinationResult& result) { return result.failure != nullptr; };
  if (std::ranges::all_of(results, has_failed)) std::rethrow_exception(results.front().failure);
  return results;
}

/// Sets the totals to what was done: the count may have been stopped early, or files have changed
/// since.
void Backup::tell_all_is_done() {
  Progress& progress = reporter_.progress();
  progress.total_items = progress.done_items.load();
  progress.total_bytes = progress.done_bytes.load();
  progress.totals_final = true;
}

BackupResult Backup::run() {
  prepare_destinations();
  try {
    read_sources();
    if (reporter_.problems() != 0 && assembler_.holds_only_folders()) {
      throw Error(
          Errc::io,
          _("nothing could be read (the reasons stand above), so no snapshot was saved; earlier "
            "ones are intact. Mend what is said there and start the backup again."));
    }
    if (assembler_.root_is_empty()) {
      throw Error(Errc::io, _("nothing could be backed up: the snapshot would be empty"));
    }
  } catch (...) {
    for (std::size_t i = 0; i < destinations_.size(); ++i) finish_stored(i);
    throw;
  }
  reporter_.progress().all_read = true;
  reporter_.tell_unnamed();
  BackupResult result;
  result.destinations = publish_in_all();
  result.problems = reporter_.problems();
  result.stored_again = reporter_.stored_again();
  result.changed_while_read = reporter_.changed_while_read();
  result.emptied = reporter_.emptied();
  result.excluded = reporter_.excluded();
  tell_all_is_done();
  return result;
}

}  // namespace

BackupResult run_backup(std::vector<BackupDestination> destinations, BackupRequest request,
                        const BackupSinks& sinks, Progress& progress) {
  if (destinations.empty()) throw Error(Errc::internal, "a backup without a destination");
  require_same_cuts(destinations);
  return Backup(std::move(destinations), std::move(request), sinks, progress).run();
}

}  // namespace medsave
