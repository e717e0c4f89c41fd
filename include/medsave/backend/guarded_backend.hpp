#pragma once

#include "medsave/backend/backend.hpp"

#include <functional>
#include <memory>
#include <shared_mutex>

namespace medsave {

/// A condition for publishing something in a repository or deleting it, such as that the lock of
/// this run is still there. Without a check it always holds. Thread-safe.
class WriteCondition {
 public:
  /// `check` throws when nothing may be published or deleted. It may use the guarded backend for
  /// lock files and for reading. When this returns, the check that was set before is not running
  /// any more.
  void set(std::function<void()> check);
  /// Calls the check.
  void require() const;

 private:
  mutable std::shared_mutex mutex_;  // guards check_; shared while it runs
  std::function<void()> check_;
};

/// Decorator that calls `condition` before each call that stores or replaces a key, a snapshot, an
/// index or the config, once more when the file becomes visible and afterwards, before each call
/// that deletes, and after sync_found(); the call throws what the condition throws. A snapshot that
/// became visible although the condition did not hold any more (Error locked) is deleted. Lock
/// files are exempt, since the condition may depend on them, and so are packs that are stored:
/// nothing refers to them yet. Belongs below a decorator that repeats calls, so that the condition
/// is checked for each attempt.
std::unique_ptr<Backend> guard_writes(std::unique_ptr<Backend> inner,
                                      std::shared_ptr<const WriteCondition> condition);

}  // namespace medsave
