#pragma once

#include "medsave/backend/mem_backend.hpp"
#include "medsave/base/error.hpp"
#include "medsave/repo/repository.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace medsave::test {

/// For adopt_unindexed_packs(): nobody else uses the repository.
inline bool alone() { return true; }

enum class Call {
  create,
  save,
  barrier,
  load,
  load_range,
  drop_from_memory,
  size,
  list,
  remove,
  remove_leftovers
};

/// A connection to a store that outlives it. `before` sees each call, and may throw.
class Connection : public Backend {
 public:
  using Hook = std::function<void(Call, const FileRef&)>;
  explicit Connection(Backend& store, Hook before = {})
      : store_(store), before_(std::move(before)) {}

  [[nodiscard]] std::string location() const override { return store_.location(); }
  [[nodiscard]] unsigned connections() const override { return store_.connections(); }
  void create() override {
    see(Call::create, {});
    store_.create();
  }
  void save(const FileRef& file, Buffer&& data) override {
    see(Call::save, file);
    store_.save(file, std::move(data));
  }
  void barrier() override {
    see(Call::barrier, {});
    store_.barrier();
  }
  void load(const FileRef& file, std::uint64_t limit, Buffer& out) override {
    see(Call::load, file);
    store_.load(file, limit, out);
  }
  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override {
    see(Call::load_range, file);
    store_.load_range(file, offset, length, out);
  }
  void drop_from_memory(const FileRef& file) override {
    see(Call::drop_from_memory, file);
    store_.drop_from_memory(file);
  }
  std::optional<std::uint64_t> size(const FileRef& file) override {
    see(Call::size, file);
    return store_.size(file);
  }
  std::vector<ListedFile> list(FileKind kind) override {
    see(Call::list, {.kind = kind});
    return store_.list(kind);
  }
  Opening load_opening() override { return store_.load_opening(); }
  void remove(const FileRef& file) override {
    see(Call::remove, file);
    store_.remove(file);
  }
  std::uint64_t remove_leftovers() override {
    see(Call::remove_leftovers, {});
    return store_.remove_leftovers();
  }

 private:
  void see(Call call, const FileRef& file) {
    if (before_) before_(call, file);
  }

  Backend& store_;
  Hook before_;
};

/// A store that says it deletes, and does not.
class Undeleting : public MemBackend {
 public:
  void remove(const FileRef&) override {}
};

/// Call number `n` (from 1) throws, and all later ones too if `dead`.
class FailAt {
 public:
  explicit FailAt(unsigned n, bool dead = false) : n_(n), dead_(dead) {}
  Connection::Hook hook() {
    return [this](Call, const FileRef&) {
      const unsigned call = ++calls_;
      if (call == n_ || (dead_ && call > n_)) throw Error(Errc::io, "injected");
    };
  }
  [[nodiscard]] bool fired() const { return calls_ >= n_; }

 private:
  const unsigned n_;
  const bool dead_;
  std::atomic<unsigned> calls_ = 0;
};

/// A medium that keeps a pack only after a barrier, but everything else at once: the worst order
/// for a writer that publishes too early.
class LazyMedium : public MemBackend {
 public:
  void save(const FileRef& file, Buffer&& data) override {
    if (file.kind == FileKind::pack) {
      const std::lock_guard lock(mutex_);
      unsure_.push_back(file);
    }
    MemBackend::save(file, std::move(data));
  }
  void barrier() override {
    const std::lock_guard lock(mutex_);
    unsure_.clear();
  }
  void lose_power() {
    const std::lock_guard lock(mutex_);
    for (const FileRef& file : unsure_) remove(file);
    unsure_.clear();
  }

 private:
  std::mutex mutex_;  // guards unsure_
  std::vector<FileRef> unsure_;
};

inline const KdfParams kFastKdf = {.n = 16, .r = 8, .p = 1};

inline std::unique_ptr<Repository> create_in(Backend& store, std::uint32_t version = 2,
                                             Connection::Hook hook = {}) {
  return Repository::create(std::make_unique<Connection>(store, std::move(hook)),
                            Secret("password"),
                            {.version = version, .polynomial = {}, .kdf = kFastKdf});
}

inline std::unique_ptr<Repository> open_in(Backend& store, Connection::Hook hook = {}) {
  return Repository::open(std::make_unique<Connection>(store, std::move(hook)), Secret("password"),
                          "");
}

/// Flips one bit in the middle of a stored file.
inline void damage(MemBackend& store, const FileRef& file) {
  Buffer content;
  store.load(file, ~0ULL, content);
  content.data()[content.size() / 2] ^= std::byte{4};
  store.overwrite(file, std::move(content));
}

inline Id only_file(Backend& store, FileKind kind) { return store.list(kind).at(0).id; }

/// `size` bytes that only `seed` determines; compressible or not.
inline Buffer content(unsigned seed, std::size_t size, bool compressible) {
  Buffer bytes(size);
  std::uint64_t state = seed * 0x9E3779B97F4A7C15ULL + 1;
  for (std::byte& b : bytes.writable()) {
    state ^= state << 13U;
    state ^= state >> 7U;
    state ^= state << 17U;
    b = static_cast<std::byte>(compressible ? (state & 1U) : (state >> 11U) & 0xFFU);
  }
  return bytes;
}

}  // namespace medsave::test
