#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/base/error.hpp"

#include <atomic>
#include <utility>

namespace medsave::test {

/// Fails the n-th call (counted from 1) with a given error, for sweeps over n = 1, 2, ... until
/// fired() is false. Every call that does I/O counts. With `from_then_on` all later calls fail
/// too, as on a dead medium. n = 0 never fails. Thread-safe; `inner` outlives it.
class FaultyBackend : public Backend {
 public:
  FaultyBackend(Backend& inner, unsigned n, Error error, bool from_then_on = false)
      : inner_(inner), n_(n), error_(std::move(error)), from_then_on_(from_then_on) {}

  [[nodiscard]] bool fired() const { return fired_; }
  [[nodiscard]] unsigned calls() const { return calls_; }

  [[nodiscard]] std::string location() const override { return inner_.location(); }
  [[nodiscard]] unsigned connections() const override { return inner_.connections(); }
  void create() override {
    count();
    inner_.create();
  }
  void save(const FileRef& file, Buffer&& data) override {
    count();
    inner_.save(file, std::move(data));
  }
  void barrier() override {
    count();
    inner_.barrier();
  }
  void load(const FileRef& file, std::uint64_t limit, Buffer& out) override {
    count();
    inner_.load(file, limit, out);
  }
  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override {
    count();
    inner_.load_range(file, offset, length, out);
  }
  void drop_from_memory(const FileRef& file) override { inner_.drop_from_memory(file); }
  std::optional<std::uint64_t> size(const FileRef& file) override {
    count();
    return inner_.size(file);
  }
  std::vector<ListedFile> list(FileKind kind) override {
    count();
    return inner_.list(kind);
  }
  void remove(const FileRef& file) override {
    count();
    inner_.remove(file);
  }
  std::uint64_t remove_leftovers() override {
    count();
    return inner_.remove_leftovers();
  }
  bool can_delete() override {
    count();
    return inner_.can_delete();
  }
  bool retain(const FileRef& file) override {
    count();
    return inner_.retain(file);
  }

 private:
  void count() {
    const unsigned call = ++calls_;
    if (n_ == 0 || call < n_ || (call > n_ && !from_then_on_)) return;
    fired_ = true;
    throw error_;
  }

  Backend& inner_;
  const unsigned n_;
  const Error error_;
  const bool from_then_on_;
  std::atomic<unsigned> calls_ = 0;
  std::atomic<bool> fired_ = false;
};

}  // namespace medsave::test
