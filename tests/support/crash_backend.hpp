#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/backend/mem_backend.hpp"
#include "medsave/base/error.hpp"

#include <algorithm>
#include <mutex>
#include <random>
#include <utility>
#include <vector>

namespace medsave::test {

/// A medium that may lose power. Saves and removals are visible at once, but reach `disk` only at
/// a barrier; crash() lets a random part of those since the last barrier happen there, loses the
/// rest, and fails every later call. Go on afterwards with `disk` itself. Thread-safe; `disk`
/// outlives it.
class CrashBackend : public Backend {
 public:
  explicit CrashBackend(MemBackend& disk) : disk_(disk) {}

  void crash(unsigned seed) {
    const std::lock_guard lock(mutex_);
    std::mt19937 random(seed);
    // Some seeds lose nearly nothing, some nearly all.
    std::bernoulli_distribution survives(std::uniform_real_distribution<>(0.0, 1.0)(random));
    for (Change& change : changes_) {
      if (survives(random)) apply(change);
    }
    changes_.clear();
    dead_ = true;
  }
  [[nodiscard]] std::size_t unsafe_changes() {
    const std::lock_guard lock(mutex_);
    return changes_.size();
  }

  [[nodiscard]] std::string location() const override { return "crash:"; }
  [[nodiscard]] unsigned connections() const override { return disk_.connections(); }
  void create() override { disk_.create(); }
  void save(const FileRef& file, Buffer&& data) override {
    const std::lock_guard lock(mutex_);
    require_alive();
    if (file.kind == FileKind::config && size_now(file)) {
      throw Error(Errc::exists, "config exists already");
    }
    changes_.push_back({.file = file, .content = std::move(data)});
  }
  void barrier() override {
    const std::lock_guard lock(mutex_);
    require_alive();
    for (Change& change : changes_) apply(change);
    changes_.clear();
  }
  void load(const FileRef& file, std::uint64_t limit, Buffer& out) override {
    const std::lock_guard lock(mutex_);
    require_alive();
    MemBackend last;
    last_state(file, last).load(file, limit, out);
  }
  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override {
    const std::lock_guard lock(mutex_);
    require_alive();
    MemBackend last;
    last_state(file, last).load_range(file, offset, length, out);
  }
  std::optional<std::uint64_t> size(const FileRef& file) override {
    const std::lock_guard lock(mutex_);
    require_alive();
    return size_now(file);
  }
  std::vector<ListedFile> list(FileKind kind) override {
    const std::lock_guard lock(mutex_);
    require_alive();
    std::vector<ListedFile> files = disk_.list(kind);
    for (const Change& change : changes_) {
      if (change.file.kind != kind) continue;
      std::erase_if(files, [&](const ListedFile& old) { return old.id == change.file.id; });
      if (change.content) {
        files.push_back({.id = change.file.id, .size = change.content->size()});
      }
    }
    return files;
  }
  void remove(const FileRef& file) override {
    const std::lock_guard lock(mutex_);
    require_alive();
    changes_.push_back({.file = file});
  }
  std::uint64_t remove_leftovers() override { return 0; }

 private:
  /// A save, or without content a removal.
  struct Change {
    FileRef file = {};
    std::optional<Buffer> content = {};
  };

  void require_alive() const {
    if (dead_) throw Error(Errc::io, "the power is off");
  }
  void apply(Change& change) {
    if (change.content) {
      disk_.save(change.file, std::move(*change.content));
    } else {
      disk_.remove(change.file);
    }
  }
  const Change* last_change(const FileRef& file) const {
    const auto found = std::find_if(changes_.rbegin(), changes_.rend(),
                                    [&](const Change& change) { return change.file == file; });
    return found == changes_.rend() ? nullptr : &*found;
  }
  std::optional<std::uint64_t> size_now(const FileRef& file) {
    const Change* change = last_change(file);
    if (change == nullptr) return disk_.size(file);
    if (!change->content) return std::nullopt;
    return change->content->size();
  }
  /// The disk, or `scratch` with the file's state where that differs.
  Backend& last_state(const FileRef& file, MemBackend& scratch) {
    const Change* change = last_change(file);
    if (change == nullptr) return disk_;
    if (change->content) scratch.save(file, Buffer(change->content->view()));
    return scratch;
  }

  MemBackend& disk_;
  std::mutex mutex_;  // guards changes_, dead_
  std::vector<Change> changes_;
  bool dead_ = false;
};

}  // namespace medsave::test
