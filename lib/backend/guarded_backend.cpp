#include "medsave/backend/guarded_backend.hpp"

#include "medsave/base/error.hpp"

#include <mutex>
#include <utility>

namespace medsave {
namespace {

class GuardedBackend : public Backend {
 public:
  GuardedBackend(std::unique_ptr<Backend> inner, std::shared_ptr<const WriteCondition> condition)
      : inner_(std::move(inner)), condition_(std::move(condition)) {
    inner_->before_publishing([condition = condition_] { condition->require(); });
  }

  [[nodiscard]] std::string location() const override { return inner_->location(); }
  [[nodiscard]] unsigned connections() const override { return inner_->connections(); }
  void create() override { inner_->create(); }
  void save(const FileRef& file, Buffer&& data) override {
    if (file.kind == FileKind::lock || file.kind == FileKind::pack) {
      inner_->save(file, std::move(data));
      return;
    }
    condition_->require();
    inner_->save(file, std::move(data));
    require_afterwards(file);
  }
  void barrier() override { inner_->barrier(); }
  void sync_found() override {
    inner_->sync_found();
    condition_->require();  // otherwise another process may have deleted what was found
  }
  void load(const FileRef& file, std::uint64_t limit, Buffer& out) override {
    inner_->load(file, limit, out);
  }
  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override {
    inner_->load_range(file, offset, length, out);
  }
  void done_reading(const FileRef& file, std::uint64_t offset, std::size_t length) override {
    inner_->done_reading(file, offset, length);
  }
  void drop_from_memory(const FileRef& file) override { inner_->drop_from_memory(file); }
  std::optional<std::uint64_t> size(const FileRef& file) override { return inner_->size(file); }
  std::vector<ListedFile> list(FileKind kind) override { return inner_->list(kind); }
  [[nodiscard]] bool list_proves_names() const override { return inner_->list_proves_names(); }
  Opening load_opening() override { return inner_->load_opening(); }
  void remove(const FileRef& file) override {
    if (file.kind != FileKind::lock) condition_->require();
    inner_->remove(file);
  }
  void replace_config(Buffer data) override {
    condition_->require();
    inner_->replace_config(std::move(data));
  }
  std::uint64_t remove_leftovers() override {
    condition_->require();
    return inner_->remove_leftovers();
  }
  bool give_up_reserve() override { return inner_->give_up_reserve(); }
  void renew_reserve() override { inner_->renew_reserve(); }
  bool can_delete() override { return inner_->can_delete(); }
  bool retain(const FileRef& file) override { return inner_->retain(file); }
  [[nodiscard]] Traffic traffic() const override { return inner_->traffic(); }

 private:
  /// Checks the condition once more, since storing may have taken long. A process that deletes
  /// takes its lock before it lists, so it has seen this file if the condition held until the file
  /// was visible.
  void require_afterwards(const FileRef& file) {
    try {
      condition_->require();
    } catch (const Error& e) {
      // No file refers to a snapshot, so it can be deleted, and its user must not rely on it. An
      // index may already be used by other processes.
      if (e.code() == Errc::locked && file.kind == FileKind::snapshot)
        inner_->remove_unguarded(file);
      throw;
    }
  }

  std::unique_ptr<Backend> inner_;
  std::shared_ptr<const WriteCondition> condition_;
};

}  // namespace

void WriteCondition::set(std::function<void()> check) {
  const std::unique_lock lock(mutex_);
  check_ = std::move(check);
}

void WriteCondition::require() const {
  const std::shared_lock lock(mutex_);
  if (check_) check_();
}

std::unique_ptr<Backend> guard_writes(std::unique_ptr<Backend> inner,
                                      std::shared_ptr<const WriteCondition> condition) {
  return std::make_unique<GuardedBackend>(std::move(inner), std::move(condition));
}

}  // namespace medsave
