#pragma once

#include "support/repo_builder.hpp"
#include "unit/repo/stores.hpp"

#include "medsave/check/checker.hpp"
#include "medsave/check/read_data_selection.hpp"
#include "medsave/prune/pruner.hpp"
#include "medsave/repo/index_load.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace medsave::test {

inline constexpr std::array kKinds = {FileKind::config,   FileKind::key,   FileKind::lock,
                                      FileKind::snapshot, FileKind::index, FileKind::pack};

inline std::vector<FileRef> all_files(Backend& store) {
  std::vector<FileRef> files;
  for (const FileKind kind : kKinds) {
    if (kind == FileKind::config) {
      files.push_back({.kind = kind, .id = {}});
      continue;
    }
    for (const ListedFile& file : store.list(kind)) files.push_back({.kind = kind, .id = file.id});
  }
  return files;
}

inline void copy_store(Backend& from, Backend& to) {
  Buffer content;
  for (const FileRef& file : all_files(from)) {
    from.load(file, ~0ULL, content);
    to.save(file, std::move(content));
  }
}

inline std::uint64_t stored_bytes(Backend& store) {
  std::uint64_t sum = 0;
  for (const FileRef& file : all_files(store)) sum += store.size(file).value_or(0);
  return sum;
}

inline void flip_a_bit(MemBackend& store, const FileRef& file) { damage(store, file); }

/// Wants everything gone that is not needed.
inline PruneRequest tidy() {
  return {.options = {.max_unused = {.percent = 0}}, .writer = {.pack_size = 64 << 10}};
}

inline PruneReport prune_through(std::unique_ptr<Backend> backend, const PruneRequest& request,
                                 const PruneEvents& events = {}, const std::stop_token& stop = {}) {
  const auto repository = RepoBuilder::open(std::move(backend));
  Progress progress;
  return run_prune(*repository, request, events, progress, stop);
}
inline PruneReport prune(Backend& store, const PruneRequest& request = tidy()) {
  return prune_through(RepoBuilder::forward(store), request);
}
inline PruneReport prune_dry(Backend& store) {
  PruneRequest request = tidy();
  request.dry_run = true;
  return prune(store, request);
}
inline PruneReport prune_with_undeletable_packs(Backend& store,
                                                std::vector<std::string>& warnings) {
  auto backend = std::make_unique<Connection>(store, [](Call call, const FileRef& file) {
    if (call == Call::remove && file.kind == FileKind::pack) {
      throw Error(Errc::permission, "injected");
    }
  });
  PruneEvents events;
  events.warning = [&](const std::string& line) { warnings.push_back(line); };
  return prune_through(std::move(backend), tidy(), events);
}

/// A store whose listings are changed by `edit(kind, n, files)`, n counting from 1 for each kind.
class ListingStore : public Connection {
 public:
  using Edit = std::function<void(FileKind, unsigned, std::vector<ListedFile>&)>;
  ListingStore(Backend& store, Edit edit) : Connection(store), edit_(std::move(edit)) {}
  std::vector<ListedFile> list(FileKind kind) override {
    std::vector<ListedFile> files = Connection::list(kind);
    edit_(kind, ++counts_[kind], files);
    return files;
  }

 private:
  Edit edit_;
  std::map<FileKind, unsigned> counts_;
};

/// Three snapshots that share files and folders. Once the first is forgotten there are packs to
/// delete, packs to repack, folder lists among them, and packs to keep.
class History {
 public:
  explicit History(MemBackend& store, std::uint32_t version = 2) : store_(store) {
    RepoBuilder repo(store, version);
    const Node gone = repo.file("gone", {noise(1), noise(2)});
    repo.start_packs();
    const Node old = repo.file("old", {noise(3), noise(4)});
    const Node shared = repo.file("shared", {noise(5), "a short text", noise(6)});
    shared_ = {.kind = BlobKind::data, .id = shared.content.front()};
    const Node folder = repo.dir("folder", {repo.file("deep", {noise(7)})});
    first_ = repo.snapshot(repo.tree({gone, old, shared, folder}));
    const Node fresh = repo.file("fresh", {noise(8)});
    root_ = {.kind = BlobKind::tree, .id = repo.tree({shared, folder, fresh})};
    kept_.push_back(repo.snapshot(root_.id));
    kept_.push_back(repo.snapshot(repo.tree({fresh, repo.file("new", {noise(9)})}), "other"));
  }

  [[nodiscard]] const Id& forgettable() const { return first_; }
  void forget_first() const { store_.remove({.kind = FileKind::snapshot, .id = first_}); }
  void forget_all() const {
    forget_first();
    for (const Id& id : kept_) store_.remove({.kind = FileKind::snapshot, .id = id});
  }

  /// The other snapshots are there, and all data is whole.
  void expect_intact() const { expect_intact_in(store_); }
  void expect_intact_in(Backend& store) const {
    const auto repository = RepoBuilder::open(RepoBuilder::forward(store));
    Progress progress;
    CheckRequest request;
    request.read_data.kind = ReadDataSelection::Kind::all;
    const CheckReport report = run_check(*repository, request,
                                         [](const Finding& finding) {
                                           if (!finding.is_hint) ADD_FAILURE() << finding.message;
                                         },
                                         {}, progress, {});
    EXPECT_EQ(report.errors, 0U);
    const auto snapshots = load_snapshots(*repository, {});
    for (const Id& id : kept_) {
      EXPECT_TRUE(std::ranges::any_of(snapshots,
                                      [&](const SnapshotEntry& entry) { return entry.id == id; }));
    }
  }

  void damage_tree() const { damage_blob(root_); }
  /// Damages the only copy of a blob in a pack that is to be repacked. Returns all packs.
  [[nodiscard]] std::vector<Id> damage_shared_data() const {
    damage_blob(shared_);
    std::vector<Id> packs;
    for (const ListedFile& file : store_.list(FileKind::pack)) packs.push_back(file.id);
    return packs;
  }
  /// The index file that lists the root folder of a kept snapshot.
  [[nodiscard]] Id index_of_kept() const {
    const auto repository = RepoBuilder::open(RepoBuilder::forward(store_));
    LoadIndexReport report;
    const auto index = load_index(*repository, {}, &report);
    const Id pack = index->find(root_)->pack;
    for (const IndexFileContent& file : report.contents) {
      if (std::ranges::find(file.packs, pack) != file.packs.end()) return file.index;
    }
    return {};
  }

 private:
  static std::string noise(unsigned seed) {
    return std::string(as_text(content(seed, 20'000, false).view()));
  }

  void damage_blob(const BlobRef& blob) const {
    const auto repository = RepoBuilder::open(RepoBuilder::forward(store_));
    const BlobLocation at = load_index(*repository, {})->find(blob).value();
    damage(store_, {.kind = FileKind::pack, .id = at.pack},
           [&](Buffer& bytes) { bytes.data()[at.offset + at.stored_length / 2] ^= std::byte{1}; });
  }

  MemBackend& store_;
  Id first_;
  std::vector<Id> kept_;
  BlobRef shared_;
  BlobRef root_;
};

}  // namespace medsave::test
