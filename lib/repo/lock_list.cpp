#include "lock_list.hpp"

#include "damage.hpp"
#include "lock_owner.hpp"

#include "medsave/base/text.hpp"
#include "medsave/par/pause.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/repo/lock_text.hpp"

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
    pause_for(timing.unreadable[attempt], stop);  // its writer may not have completed it yet
  }
}

}  // namespace

OtherLocks look_at_locks(const Repository& repository, const std::vector<ListedFile>& listed,
                         const Id& own, const LockOptions& options, const NoticeSink& notice,
                         const std::stop_token& stop) {
  Backend& backend = repository.backend();
  const Clock& clock = repository.clock();
  OtherLocks others;
  for (const ListedFile& one : listed) {
    if (one.size == 0) continue;  // left by a crash of the system
    if (one.id == own) others.own_is_listed = true;
    if (one.id == own) continue;
    check_stop(stop);
    const FileRef file{.kind = FileKind::lock, .id = one.id};
    std::optional<LockFile> lock = load_patiently(repository, file, options.timing, stop);
    if (!lock) continue;
    if (judge_owner(*lock, clock.now()) == LockOwner::ended) {
      backend.remove(file);
      ++others.dead;
      if (notice) {
        notice(format_text(_("removed the lock of {}: that process has ended without doing so"),
                           describe_lock(*lock, clock.now())));
      }
      continue;
    }
    ++others.count;
    if (options.mode == LockMode::exclusive || lock->exclusive) others.conflict = std::move(lock);
  }
  return others;
}

Error locked_by(const LockFile& lock, bool waits, const Timestamp& now) {
  const std::string owner = describe_lock(lock, now);
  if (waits) return {Errc::locked, format_text(_("the repository is locked by {}"), owner)};
  if (judge_owner(lock, now) == LockOwner::went_down) {
    return {Errc::locked, format_text(_("the repository is locked by {}, which seems to have ended "
                                        "when this computer went down; this lock will be removed "
                                        "by itself in a few minutes: try again then"),
                                      owner)};
  }
  if (seems_to_be_gone(lock)) {
    return {Errc::locked,
            format_text(_("the repository is locked by {}; no such process is seen on this "
                          "computer, but it may run in a container or on a computer of the same "
                          "name. If you are sure that it has ended, run \"medsave unlock\"."),
                        owner)};
  }
  return {Errc::locked,
          format_text(_("the repository is locked by {}; wait until that has finished (see "
                        "--retry-lock), or run \"medsave unlock\" if it no longer runs"),
                      owner)};
}

}  // namespace medsave
