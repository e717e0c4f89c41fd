#include "restore_log.hpp"

#include "medsave/base/text.hpp"

namespace medsave {
namespace {

RestoreFault fault_behind(Errc code) {
  switch (code) {
    case Errc::corrupt:
      return RestoreFault::repository;
    case Errc::permission:
    case Errc::exists:
    case Errc::unsupported:
      return RestoreFault::target;
    default:
      return RestoreFault::either;
  }
}

}  // namespace

void RestoreLog::problem(const std::string& path, const std::string& message, RestoreFault fault) {
  problems_.fetch_add(1);
  if (fault == RestoreFault::target) target_fails_ = true;
  if (fault == RestoreFault::repository) repository_fails_ = true;
  progress_.errors.fetch_add(1);
  if (!sinks_.problem) return;
  const std::lock_guard lock(problem_mutex_);
  sinks_.problem({.path = path, .message = message});
}

void RestoreLog::item_failed(const std::string& path, const Error& error) {
  if (error.code() == Errc::no_space || error.code() == Errc::internal) {
    throw error.with_context(format_text(_("restoring {}"), path));
  }
  problem(path, error.what(), fault_behind(error.code()));
}

void RestoreLog::notice(const std::string& message) {
  if (!sinks_.notice) return;
  const std::lock_guard lock(notice_mutex_);
  sinks_.notice(message);
}

void RestoreLog::planned(std::uint64_t items, std::uint64_t bytes) {
  files_total_.fetch_add(items);
  bytes_total_.fetch_add(bytes);
  progress_.total_items.fetch_add(items);
  progress_.total_bytes.fetch_add(bytes);
}

void RestoreLog::folder_planned() {
  folders_total_.fetch_add(1);
  progress_.total_folders.fetch_add(1);
  planned(1, 0);
}

void RestoreLog::item_was_there() {
  files_total_.fetch_sub(1);
  progress_.total_items.fetch_sub(1);
}

void RestoreLog::folder_restored(bool there) {
  folders_restored_.fetch_add(1);
  if (there) folders_there_.fetch_add(1);
  progress_.done_folders.fetch_add(1);
}

void RestoreLog::finished(RestoreAction action, std::uint64_t size) {
  if (action == RestoreAction::restored || action == RestoreAction::updated ||
      action == RestoreAction::entered) {
    files_restored_.fetch_add(1);
    progress_.done_items.fetch_add(1);
    return;
  }
  files_skipped_.fetch_add(1);
  if (action == RestoreAction::skipped) {
    files_left_.fetch_add(1);
    bytes_left_.fetch_add(size);
  }
  progress_.skipped_items.fetch_add(1);
  bytes_skipped(size);
}

void RestoreLog::item(const std::string& path, RestoreAction action, std::uint64_t size) {
  if (!sinks_.item) return;
  const std::lock_guard lock(item_mutex_);
  sinks_.item({.path = path, .action = action, .size = size});
}

void RestoreLog::deleted(const std::string& path, std::uint64_t entries) {
  files_deleted_.fetch_add(entries);
  progress_.deleted_items.fetch_add(entries);
  item(path, RestoreAction::deleted, 0);
}

void RestoreLog::bytes_restored(std::uint64_t bytes) {
  bytes_restored_.fetch_add(bytes);
  progress_.done_bytes.fetch_add(bytes);
}

void RestoreLog::bytes_skipped(std::uint64_t bytes) {
  bytes_skipped_.fetch_add(bytes);
  progress_.skipped_bytes.fetch_add(bytes);
}

RestoreResult RestoreLog::result() const {
  return {.files_total = files_total_,
          .files_restored = files_restored_,
          .folders_total = folders_total_,
          .folders_restored = folders_restored_,
          .folders_there = folders_there_,
          .refused = refused_,
          .files_skipped = files_skipped_,
          .files_left = files_left_,
          .bytes_left = bytes_left_,
          .files_deleted = files_deleted_,
          .bytes_total = bytes_total_,
          .bytes_restored = bytes_restored_,
          .bytes_skipped = bytes_skipped_,
          .problems = problems_,
          .target_fails = target_fails_,
          .repository_fails = repository_fails_,
          .files_verified = files_verified_};
}

}  // namespace medsave
