#include "every_engine.hpp"

#include "support/temp_dir.hpp"

#include "medsave/archive/archiver.hpp"
#include "medsave/check/checker.hpp"
#include "medsave/check/read_data_selection.hpp"
#include "medsave/maintain/copier.hpp"
#include "medsave/maintain/index_repair.hpp"
#include "medsave/maintain/migration.hpp"
#include "medsave/maintain/pack_repair.hpp"
#include "medsave/maintain/recovery.hpp"
#include "medsave/maintain/snapshot_repair.hpp"
#include "medsave/maintain/snapshot_rewriter.hpp"
#include "medsave/prune/pruner.hpp"
#include "medsave/repo/adopt.hpp"
#include "medsave/repo/index_load.hpp"
#include "medsave/repo/key_store.hpp"

#include <algorithm>
#include <fstream>
#include <random>

namespace medsave::test {
namespace {

constexpr KdfParams kFast = {.n = 16, .r = 8, .p = 1};
const BlobWriterOptions kSmallPacks = {.pack_size = std::uint64_t{64} << 10U};

std::string noise(unsigned seed, std::size_t size = 3000) {
  std::mt19937 random(seed);
  std::string text(size, ' ');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

/// Files on the disk, as long as the process lives.
const std::string& source_folder() {
  static const TempDir folder;
  static const std::string path = [] {
    for (unsigned n = 0; n < 4; ++n) {
      std::ofstream(folder / ("f" + std::to_string(n)), std::ios::binary) << noise(100 + n, 40'000);
    }
    return folder.path();
  }();
  return path;
}

void back_up(Session& session) {
  const auto snapshots = load_snapshots(session.repository, session.stop);
  const auto index = load_index(session.repository, session.stop);
  const auto alone = [&] {
    session.confirm();
    return session.lock == nullptr || session.lock->alone();
  };
  adopt_unindexed_packs(session.repository, *index, alone, session.stop);
  BackupRequest request;
  request.targets = {source_folder()};
  request.scan = false;
  BackupDestination to = {.repository = session.repository,
                          .index = *index,
                          .stop = session.stop,
                          .writer = kSmallPacks};
  to.snapshot.time.instant = {.seconds = 1'700'001'000, .nanoseconds = 0};
  to.snapshot.hostname = "host";
  if (!snapshots.empty()) to.parent = snapshots.back();
  Progress progress;
  const BackupResult result = run_backup({to}, std::move(request), {}, progress);
  session.reported.push_back(result.destinations.front().snapshot_id.value());
}

void prune_tightly(Session& session) {
  session.confirm();
  Progress progress;
  run_prune(session.repository, {.options = {.max_unused = {.percent = 0}}, .writer = kSmallPacks},
            {}, progress, session.stop);
}

/// As `forget` does, then as `prune` does.
void forget_and_prune(Session& session) {
  session.confirm();
  for (const SnapshotEntry& entry : load_snapshots(session.repository, session.stop)) {
    if (entry.snapshot.hostname != "gone") continue;
    session.repository.backend().remove({.kind = FileKind::snapshot, .id = entry.id});
  }
  session.repository.backend().barrier();
  prune_tightly(session);
}

/// A repository to copy from or to, not the one that a test looks at.
struct OtherStore {
  MemBackend store = {};
  RepoBuilder builder = RepoBuilder(store);
  explicit OtherStore(bool filled) {
    if (!filled) return;
    for (unsigned n = 0; n < 2; ++n) {
      const Tree files = {builder.file("from-afar", {noise(200), noise(201 + n)})};
      builder.snapshot(builder.tree({builder.dir("copied", files)}));
    }
  }
};

void copy_between(const Repository& from, const Repository& to, Session& session) {
  CopyRequest request;
  request.snapshots = load_snapshots(from, session.stop);
  request.existing = load_snapshots(to, session.stop);
  request.writer = kSmallPacks;
  const auto source_index = load_index(from, session.stop);
  const auto target_index = load_index(to, session.stop);
  session.confirm();
  CopyEvents events;
  events.saved = [&](const SnapshotEntry&, const Id& id) {
    if (&to == &session.repository) session.reported.push_back(id);
  };
  Progress progress;
  copy_snapshots({from, *source_index}, {to, *target_index}, request, events, progress,
                 session.stop);
}

void copy_to(Session& session) {
  const OtherStore other(true);
  copy_between(other.builder.repository(), session.repository, session);
}

void copy_from(Session& session) {
  OtherStore other(false);
  const auto reported_before = session.reported;
  copy_between(session.repository, other.builder.repository(), session);
  const auto target = open(other.store);
  for (const SnapshotEntry& entry : snapshots_of(*target)) {
    read_files(*target, entry.snapshot.tree);
  }
}

SnapshotChangeEvents reporting_to(Session& session) {
  SnapshotChangeEvents events;
  events.changed = [&session](const SnapshotChange& change) {
    if (change.saved) session.reported.push_back(*change.saved);
  };
  return events;
}

void rewrite(Session& session, bool forget) {
  const auto snapshots = load_snapshots(session.repository, session.stop);
  const auto index = load_index(session.repository, session.stop);
  session.confirm();
  RewriteRequest request;
  request.exclude.add("secret", false);
  request.forget = forget;
  request.writer = kSmallPacks;
  rewrite_snapshots(session.repository, *index, snapshots, request, reporting_to(session),
                    session.stop);
}

void tag(Session& session) {
  session.confirm();
  for (const SnapshotEntry& entry : load_snapshots(session.repository, session.stop)) {
    Snapshot changed = entry.snapshot;
    if (!change_tags(changed, {.add = {"marked"}})) continue;
    changed.original = changed.original.value_or(entry.id);
    session.reported.push_back(replace_snapshot(session.repository, changed, entry.id));
  }
}

void mend_index(Session& session) {
  session.confirm();
  Progress progress;
  repair_index(session.repository, {}, {}, progress, session.stop);
}

void mend_packs(Session& session) {
  session.confirm();
  const auto index = load_index(session.repository, session.stop);
  const auto snapshots = load_snapshots(session.repository, session.stop);
  if (snapshots.empty()) return;
  const auto place = index->find({.kind = BlobKind::tree, .id = snapshots.front().snapshot.tree});
  if (!place) return;
  Progress progress;
  repair_packs(session.repository, {.packs = {place->pack}, .writer = kSmallPacks}, {}, progress,
               session.stop);
}

void mend_snapshots(Session& session) {
  session.confirm();
  const auto snapshots = load_snapshots(session.repository, session.stop);
  const auto index = load_index(session.repository, session.stop);
  SnapshotRepairRequest request;
  request.forget = true;
  request.writer = kSmallPacks;
  repair_snapshots(session.repository, *index, snapshots, request, reporting_to(session),
                   session.stop);
}

void recover(Session& session) {
  session.confirm();
  Progress progress;
  const RecoverReport report =
      recover_trees(session.repository, {.writer = kSmallPacks}, {}, progress, session.stop);
  if (report.snapshot) session.reported.push_back(*report.snapshot);
}

void migrate(Session& session) {
  session.confirm();
  upgrade_to_version_2(session.repository, [](ByteView) {});
}

void new_key(Session& session) {
  session.confirm();
  add_key(session.repository, Secret("another password"), "anna", "host", kFast);
}

void remove_other_key(Session& session) {
  session.confirm();
  for (const KeyInfo& key : list_keys(session.repository).keys) {
    if (!key.current) remove_key(session.repository, key.id);
  }
}

void new_password(Session& session) {
  session.confirm();
  change_password(session.repository, Secret("new password"), {}, {}, kFast);
}

/// The index file with the fewest packs goes.
void lose_an_index(MemBackend& store) {
  const auto files = store.list(FileKind::index);
  const auto smallest = std::ranges::min_element(files, {}, &ListedFile::size);
  store.remove({.kind = FileKind::index, .id = smallest->id});
}

/// The pack with the data that only the last snapshot has goes, and the index knows.
void lose_data_of_the_last(MemBackend& store) {
  const auto repository = open(store);
  const auto index = load_index(*repository, {});
  const SnapshotEntry last = snapshots_of(*repository).back();
  const BlobReader reader(*repository, *index);
  walk_tree(reader, last.snapshot.tree, "",
            [&](const WalkedNode& walked) {
              if (walked.path == "/own2") {
                const auto place =
                    index->find({.kind = BlobKind::data, .id = walked.node->content.at(0)});
                store.remove({.kind = FileKind::pack, .id = place.value().pack});
              }
              return true;
            },
            {}, {});
  Progress progress;
  repair_index(*repository, {}, {}, progress, {});
}

void add_another_key(MemBackend& store) {
  add_key(*open(store), Secret("another password"), "anna", "host", kFast);
}

Files without_secret(Files files) {
  files.erase("/secret");
  return files;
}

/// A full check: prints what it finds.
void expect_sound(const Repository& repository) {
  Progress progress;
  CheckRequest request;
  request.read_data.kind = ReadDataSelection::Kind::all;
  const CheckReport report = run_check(repository, request,
                                       [](const Finding& finding) {
                                         if (!finding.is_hint) ADD_FAILURE() << finding.message;
                                       },
                                       {}, progress, {});
  EXPECT_EQ(report.errors, 0U);
}

}  // namespace

const std::vector<Engine>& every_engine() {
  static const std::vector<Engine> engines = {
      {.name = "Backup", .mode = LockMode::shared, .run = back_up},
      {.name = "Forget", .run = forget_and_prune},
      {.name = "Prune", .run = prune_tightly},
      {.name = "Copy", .mode = LockMode::shared, .run = copy_to},
      {.name = "Rewrite",
       .mode = LockMode::shared,
       .run = [](Session& session) { rewrite(session, false); },
       .shortens = true},
      {.name = "RewriteAndForget",
       .run = [](Session& session) { rewrite(session, true); },
       .shortens = true},
      {.name = "Tag", .run = tag},
      {.name = "RepairIndex", .run = mend_index, .prepare = lose_an_index, .heals = true},
      {.name = "RepairPacks", .run = mend_packs},
      {.name = "RepairSnapshots",
       .run = mend_snapshots,
       .prepare = lose_data_of_the_last,
       .damaged_last = true},
      {.name = "Recover", .run = recover},
      {.name = "Migrate", .run = migrate, .version = 1},
      {.name = "KeyAdd", .mode = LockMode::shared, .run = new_key},
      {.name = "KeyRemove", .run = remove_other_key, .prepare = add_another_key},
      {.name = "KeyPasswd", .run = new_password},
  };
  return engines;
}

const Engine& copying_from() {
  static const Engine engine = {.name = "CopyFrom", .mode = LockMode::shared, .run = copy_from};
  return engine;
}

std::unique_ptr<Repository> open_with_either_password(Backend& store) {
  try {
    return open(store);
  } catch (const Error& e) {
    if (e.code() != Errc::wrong_password) throw;
  }
  return Repository::open(RepoBuilder::forward(store), Secret("new password"), "");
}

LockOptions quick_lock(LockMode mode) {
  LockOptions options{.mode = mode};
  options.timing.recheck = std::chrono::milliseconds(1);
  options.timing.unreadable = {};
  return options;
}

bool run_locked(const Engine& engine, std::unique_ptr<Backend> backend, std::vector<Id>& reported) {
  try {
    const auto repository = RepoBuilder::open(std::move(backend));
    const std::stop_source stop;
    RepoLock lock(*repository, quick_lock(engine.mode), {}, stop);
    Session session{.repository = *repository, .lock = &lock, .stop = stop.get_token()};
    try {
      engine.run(session);
    } catch (...) {
      reported = session.reported;
      throw;
    }
    reported = session.reported;
    return true;
  } catch (const Error&) {
  } catch (const Interrupted&) {
  }
  return false;
}

EngineStore::EngineStore(const Engine& engine) : engine_(engine) {
  RepoBuilder builder(store_, engine.version);
  const Node gone = builder.file("gone", {noise(1), noise(2)});
  builder.start_packs();
  const Node beside = builder.file("beside", {noise(3)});
  const Node shared = builder.file("shared", {noise(4), "a short text"});
  const Node secret = builder.file("secret", {"not for everybody"});
  const Node folder = builder.dir("d", Tree{builder.file("deep", {noise(5)})});
  builder.snapshot(builder.tree({gone, beside, folder}), "gone");
  for (unsigned n = 0; n < 3; ++n) {
    builder.start_packs();
    const std::string name = "own" + std::to_string(n);
    const Node own = builder.file(name, {noise(10 + n)});
    builder.snapshot(builder.tree({shared, secret, folder, own}));
    kept_[1'700'000'001 + n] = {{"/shared", noise(4) + "a short text"},
                                {"/secret", "not for everybody"},
                                {"/d/", ""},
                                {"/d/deep", noise(5)},
                                {"/" + name, noise(10 + n)}};
  }
  if (engine.name != "Forget") {
    for (const SnapshotEntry& entry : snapshots_of(builder.repository())) {
      if (entry.snapshot.hostname == "gone") {
        store_.remove({.kind = FileKind::snapshot, .id = entry.id});
      }
    }
  }
  if (engine.prepare) engine.prepare(store_);
}

void EngineStore::expect_nothing_lost(MemBackend& left, const std::vector<Id>& reported) const {
  for (const ListedFile& file : left.list(FileKind::lock)) {
    left.remove({.kind = FileKind::lock, .id = file.id});
  }
  try {
    const auto repository = open_with_either_password(left);
    Progress progress;
    if (engine_.heals) repair_index(*repository, {}, {}, progress, {});
    if (!engine_.damaged_last) expect_sound(*repository);
    const auto snapshots = snapshots_of(*repository);
    std::map<std::int64_t, unsigned> found;
    for (const SnapshotEntry& entry : snapshots) {
      const std::int64_t time = entry.snapshot.time.instant.seconds;
      if (engine_.damaged_last && time == kept_.rbegin()->first) continue;
      const Files files = read_files(*repository, entry.snapshot.tree);
      const auto kept = kept_.find(time);
      if (kept == kept_.end() || entry.snapshot.hostname != "host") continue;
      if (files.contains("/copied/")) continue;
      EXPECT_TRUE(files == kept->second ||
                  (engine_.shortens && files == without_secret(kept->second)));
      ++found[time];
    }
    for (const auto& [time, files] : kept_) {
      if (engine_.damaged_last && time == kept_.rbegin()->first) continue;
      EXPECT_GE(found[time], 1U) << "the snapshot of " << time << " is gone";
    }
    for (const Id& id : reported) {
      EXPECT_TRUE(std::ranges::any_of(snapshots, [&](const auto& entry) { return entry.id == id; }))
          << "reported as saved: " << id.hex();
    }
  } catch (const std::exception& e) {
    ADD_FAILURE() << "what is left cannot be read: " << e.what();
  }
}

}  // namespace medsave::test
