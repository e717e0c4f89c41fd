#include "lock_list.hpp"

#include "damage.hpp"
#include "lock_owner.hpp"

#include "medsave/base/text.hpp"
#include "medsave/par/task_scope.hpp"

#include <condition_variable>
#include <mutex>

namespace medsave {
namespace {

LockFile load_lock(const Repository& repository, const FileRef& file) {
  Buffer json;
  repository.load_json(file, json);
  try {
    return decode_lock_file(as_text(json.view()));
  } catch (const Error& e) {
    throw damaged(file, e.what());
  }
}

/// nullopt when the lock is gone.
std::optional<LockFile> load_patiently(const Repository& repository, const FileRef& file,
                                       const LockTiming& timing, const std::stop_token& stop) {
  for (std::size_t attempt = 0;; ++attempt) {
    try {
      return load_lock(repository, file);
    } catch (const Error& e) {
      if (e.code() == Errc::not_found) return std::nullopt;
      if (attempt == timing.unreadable.size()) throw;
    }
    pause_for(timing.unreadable[attempt], stop);  // it may be on its way still
  }
}

}  // namespace

OtherLocks look_at_locks(const Repository& repository, const std::vector<ListedFile>& listed,
                         const Id& own, const LockOptions& options, const NoticeSink& notice,
                         const std::stop_token& stop) {
  Backend& backend = repository.backend();
  OtherLocks others;
  for (const ListedFile& one : listed) {
    if (one.id == own || one.size == 0) continue;  // empty: left by a crash of the system
    check_stop(stop);
    const FileRef file{.kind = FileKind::lock, .id = one.id};
    std::optional<LockFile> lock = load_patiently(repository, file, options.timing, stop);
    if (!lock) continue;
    if (owner_is_proven_dead(*lock)) {
      backend.remove(file);
      ++others.dead;
      if (notice) {
        notice(format_text(_("removed the lock of {}: that process has ended without doing so"),
                           describe_lock(*lock)));
      }
      continue;
    }
    ++others.count;
    if (options.mode == LockMode::exclusive || lock->exclusive) others.conflict = std::move(lock);
  }
  return others;
}

Error locked_by(const LockFile& lock) {
  return {Errc::locked,
          format_text(_("the repository is locked by {}; wait until that has finished (see "
                        "--retry-lock), or run `medsave unlock` if it no longer runs"),
                      describe_lock(lock))};
}

void pause_for(std::chrono::nanoseconds duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, duration, [] { return false; });
  if (stop.stop_requested()) throw Interrupted();
}

}  // namespace medsave
