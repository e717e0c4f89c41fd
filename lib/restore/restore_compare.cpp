#include "file_writer.hpp"
#include "restore_walk.hpp"

#include "medsave/base/error.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/metadata.hpp"

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

void RestoreWalk::compare(CompareJob& job, Buffer& content, const std::stop_token& stop) {
  const PlannedFile& file = job.file;
  std::vector<FilePiece> wanted;
  try {
    if (!job.trusted) {
      const UniqueFd fd = open_file_at(context_.target.open(file.dir)->get(), file.name);
      for (const FilePiece& piece : job.pieces) {
        check_stop(stop);
        const bool inside = piece.offset + piece.length() <= job.present_size;
        if (!inside || !holds(fd.get(), piece, content, file.name)) wanted.push_back(piece);
      }
    }
  } catch (const Error&) {
    wanted = job.pieces;  // unreadable is no reason not to write it
  }
  try {
    settle(job, wanted);
  } catch (const Error& e) {
    context_.item_failed(file.dir, file.name, e);
  }
}

void RestoreWalk::settle(CompareJob& job, const std::vector<FilePiece>& wanted) {
  PlannedFile& file = job.file;
  const bool complete = wanted.empty() && !file.damaged;
  if (complete && job.present_size == file.size) {
    settle_unchanged(job);
    return;
  }
  const std::uint64_t missing = total_length(wanted);
  context_.log.planned(1, missing);
  context_.log.bytes_skipped(total_length(job.pieces) - missing);
  if (context_.request.dry_run) {
    context_.log.bytes_restored(missing);
    context_.finished(file.dir, file.name, RestoreAction::updated, file.size);
  } else if (complete) {
    cut_to_size(job);
  } else {
    context_.plan.add_file(std::move(file), wanted, job.link_source);
  }
}

void RestoreWalk::settle_unchanged(const CompareJob& job) {
  const PlannedFile& file = job.file;
  if (!context_.request.dry_run) {
    context_.apply_metadata(file.dir, context_.target.open(file.dir), file.name, file.metadata,
                            false);
    if (context_.request.verify) context_.plan.add_file(file, {}, job.link_source);
  }
  context_.finished(file.dir, file.name, RestoreAction::unchanged, file.size);
}

void RestoreWalk::cut_to_size(const CompareJob& job) {
  const PlannedFile& file = job.file;
  const SharedFd dir = context_.target.open(file.dir);
  truncate_fd(open_in_place(dir->get(), file.name).get(), file.size, file.name);
  context_.apply_metadata(file.dir, dir, file.name, file.metadata, false);
  context_.finished(file.dir, file.name, RestoreAction::updated, file.size);
  if (context_.request.verify) context_.plan.add_file(file, {}, job.link_source);
}

}  // namespace medsave
