#pragma once

#include "medsave/backend/backend.hpp"

#include <map>
#include <mutex>
#include <utility>

namespace medsave {

/// Everything in memory: for tests.
class MemBackend : public Backend {
 public:
  [[nodiscard]] std::string location() const override { return "mem:"; }
  [[nodiscard]] unsigned connections() const override { return 2; }
  void create() override {}
  void save(const FileRef& file, Buffer&& data) override;
  void barrier() override {}
  void load(const FileRef& file, std::uint64_t limit, Buffer& out) override;
  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override;
  std::optional<std::uint64_t> size(const FileRef& file) override;
  std::vector<ListedFile> list(FileKind kind) override;
  void remove(const FileRef& file) override;
  void replace_config(Buffer data) override {
    overwrite({.kind = FileKind::config}, std::move(data));
  }
  std::uint64_t remove_leftovers() override { return 0; }

  /// For damage tests: replaces stored bytes without asking.
  void overwrite(const FileRef& file, Buffer data);

 private:
  std::mutex mutex_;  // guards files_
  std::map<std::pair<FileKind, Id>, Buffer> files_;
};

}  // namespace medsave
