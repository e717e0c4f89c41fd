#include "file_writer.hpp"
#include "restore_walk.hpp"
#include "target_entry.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/metadata.hpp"

#include <utility>

namespace medsave {
namespace {

bool holds(int fd, const FilePiece& piece, Buffer& content, const std::string& name) {
  content.resize(piece.length());
  return pread_some(fd, content.writable(), piece.offset, name) == content.size() &&
         sha256(content.view()) == piece.blob;
}

std::uint64_t total_length(const std::vector<FilePiece>& pieces) {
  std::uint64_t sum = 0;
  for (const FilePiece& piece : pieces) sum += piece.length();
  return sum;
}

}  // namespace

/// What of the file is not there yet. Throws Error when it cannot be read.
std::vector<FilePiece> RestoreWalk::missing_pieces(CompareJob& job, Buffer& content,
                                                   const std::stop_token& stop) {
  std::vector<FilePiece> missing;
  const UniqueFd fd = open_file_at(context_.target.open(job.file.dir)->get(), job.file.name);
  const FileInfo info = fstat_fd(fd.get());
  // If it was replaced, to write it tells.
  if (!is_same_entry(fd.get(), job.file.seen.key, info.key())) return job.pieces;
  job.present_size = info.size;
  for (const FilePiece& piece : job.pieces) {
    check_stop(stop);
    const bool inside = piece.offset + piece.length() <= job.present_size;
    if (!inside || !holds(fd.get(), piece, content, job.file.name)) missing.push_back(piece);
  }
  return missing;
}

void RestoreWalk::compare(CompareJob& job, Buffer& content, const std::stop_token& stop) {
  std::vector<FilePiece> wanted;
  try {
    if (!job.trusted) wanted = missing_pieces(job, content, stop);
  } catch (const Error&) {
    wanted = job.pieces;  // unreadable is no reason not to write it
  }
  try {
    settle(job, std::move(wanted));
  } catch (const Error& e) {
    context_.item_failed(job.file.dir, job.file.name, e);
  }
}

void RestoreWalk::settle(CompareJob& job, std::vector<FilePiece> wanted) {
  PlannedFile& file = job.file;
  const bool same = wanted.empty() && job.present_size == file.size && job.same_metadata;
  if (job.must_stay && !same) {
    file.in_place = false;
    file.replaces = true;
    plan_whole_file(job);
    return;
  }
  const bool complete = wanted.empty() && !file.damaged;
  if (!complete && !job.may_mark) {
    // Another user's file, half written over, would look like any other: a new one takes its place.
    file.in_place = false;
    file.replaces = true;
    wanted = job.pieces;
  }
  if (complete && job.present_size == file.size) {
    settle_unchanged(job);
    return;
  }
  note_if_newer(file);
  const std::uint64_t missing = total_length(wanted);
  context_.log.planned(1, missing);
  context_.log.bytes_skipped(total_length(job.pieces) - missing);
  if (context_.request.dry_run) {
    context_.log.bytes_restored(missing);
    context_.plan.link_source_ready(job.link_source);
    context_.finished(file.dir, file.name, RestoreAction::updated, file.size);
  } else if (complete) {
    cut_to_size(job);
  } else {
    context_.plan.add_file(std::move(file), wanted, job.link_source);
  }
}

void RestoreWalk::plan_whole_file(const CompareJob& job) {
  note_if_newer(job.file);
  context_.log.planned(1, job.file.size);
  if (context_.request.dry_run) {
    context_.log.bytes_restored(job.file.size);
    context_.plan.link_source_ready(job.link_source);
    context_.finished(job.file.dir, job.file.name,
                      job.file.existed ? RestoreAction::updated : RestoreAction::restored,
                      job.file.size);
  } else {
    context_.plan.add_file(job.file, job.pieces, job.link_source);
  }
}

void RestoreWalk::settle_unchanged(const CompareJob& job) {
  const PlannedFile& file = job.file;
  if (!context_.request.dry_run) finish_kept(job, context_.target.open(file.dir));
  context_.plan.link_source_ready(job.link_source);
  context_.finished(file.dir, file.name, RestoreAction::unchanged, file.size);
}

void RestoreWalk::cut_to_size(const CompareJob& job) {
  const PlannedFile& file = job.file;
  const SharedDir dir = context_.target.open(file.dir);
  UniqueFd fd = open_in_place(dir->get(), file.name, file.seen.key);
  truncate_fd(fd.get(), file.size, file.name);
  close_restored(std::move(fd), file.name);
  finish_kept(job, dir);
  context_.plan.link_source_ready(job.link_source);
  context_.finished(file.dir, file.name, RestoreAction::updated, file.size);
}

/// What an earlier restore left unfinished may be right in memory only, and is as if written now.
void RestoreWalk::finish_kept(const CompareJob& job, const SharedDir& dir) {
  PlannedFile file = job.file;
  file.has_metadata = !file.was_unfinished;
  if (file.has_metadata) context_.apply_metadata(file.dir, dir, file.name, file.metadata, false);
  if (file.has_metadata && !context_.request.verify) return;
  context_.plan.add_file(std::move(file), {}, job.link_source);
}

}  // namespace medsave
