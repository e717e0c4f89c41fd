#include "file_writer.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/metadata.hpp"

#include <utility>

namespace medsave {
namespace {

constexpr std::size_t kOpenFilesPerStripe = 16;  // 256 in all, of usually 1024 descriptors
constexpr unsigned kPrivateFile = 0600;

}  // namespace

UniqueFd open_in_place(int dir, const std::string& name) {
  UniqueFd fd;
  try {
    fd = open_file_for_update_at(dir, name);
  } catch (const Error& e) {
    if (e.code() != Errc::permission) throw;
    set_permissions_at(dir, name, kPrivateFile);
    fd = open_file_for_update_at(dir, name);
  }
  const FileInfo info = fstat_fd(fd.get());
  if (!info.is_regular() || info.links != 1) {
    throw Error(Errc::io, format_text(_("{} was replaced while restoring"), name));
  }
  return fd;
}

FileWriter::Stripe::Stripe() : open(kOpenFilesPerStripe) {}

FileWriter::FileWriter(const RestoreContext& context)
    : context_(context), states_(std::make_unique<State[]>(context.plan.files.size())) {
  for (std::size_t i = 0; i < context.plan.files.size(); ++i) {
    states_[i].missing = context.plan.files[i].pieces;
    states_[i].failed = context.plan.files[i].damaged;
  }
}

void FileWriter::write(std::uint32_t file, std::uint64_t offset, ByteView content) {
  const PlannedFile& planned = context_.plan.files[file];
  const bool whole = planned.pieces == 1 && !planned.in_place && content.size() == planned.size;
  try {
    if (whole) {
      write_whole(planned, file, content);
    } else {
      write_piece(planned, file, offset, content);
    }
  } catch (const Error& e) {
    states_[file].failed = true;
    context_.item_failed(planned.dir, planned.name, e);
  }
  if (!whole) piece_done(file);
}

void FileWriter::give_up(std::uint32_t file, std::uint64_t offset, std::uint64_t length,
                         const std::string& reason) {
  fail(file,
       format_text(_("bytes {} to {} cannot be restored: {}"), offset, offset + length, reason));
  piece_done(file);
}

void FileWriter::fail(std::uint32_t number, const std::string& message) {
  states_[number].failed = true;
  const PlannedFile& file = context_.plan.files[number];
  context_.report_problem(file.dir, file.name, message);
}

UniqueFd FileWriter::create(int dir, const PlannedFile& file) const {
  if (file.replaces) clear_way(dir, file.name, context_.request.delete_extra);
  return create_file_at(dir, file.name, kPrivateFile);
}

/// The usual case of a small file, in one go and without any bookkeeping.
void FileWriter::write_whole(const PlannedFile& file, std::uint32_t number, ByteView content) {
  const SharedFd dir = context_.target.open(file.dir);
  UniqueFd fd = create(dir->get(), file);
  if (context_.request.sparse) {
    truncate_fd(fd.get(), file.size, file.name);
    pwrite_sparse(fd.get(), 0, content.data(), content.size(), file.name);
  } else {
    large_.write(fd.get(), content, 0, file.name);
  }
  fd.reset();
  context_.log.bytes_restored(content.size());
  if (!states_[number].failed) complete(file, dir);
}

void FileWriter::write_piece(const PlannedFile& file, std::uint32_t number, std::uint64_t offset,
                             ByteView content) {
  const SharedFd fd = open(file, number);
  if (context_.request.sparse && !file.in_place) {
    pwrite_sparse(fd->get(), offset, content.data(), content.size(), file.name);
  } else {
    large_.write(fd->get(), content, offset, file.name);
  }
  context_.log.bytes_restored(content.size());
}

SharedFd FileWriter::open(const PlannedFile& file, std::uint32_t number) {
  Stripe& files = stripe(number);
  const std::lock_guard lock(files.mutex);
  if (SharedFd fd = files.open.find(number)) return fd;
  const SharedFd dir = context_.target.open(file.dir);
  State& state = states_[number];
  if (state.created) return files.open.insert(number, open_in_place(dir->get(), file.name));
  UniqueFd fd = open_first(dir->get(), file);
  state.created = true;
  return files.open.insert(number, std::move(fd));
}

UniqueFd FileWriter::open_first(int dir, const PlannedFile& file) {
  Progress& progress = context_.log.progress();
  if (progress.track_current) progress.begin_item(context_.target.path(file.dir, file.name));
  UniqueFd fd = file.in_place ? open_in_place(dir, file.name) : create(dir, file);
  if (!context_.request.sparse) preallocate(fd.get(), file.size);
  truncate_fd(fd.get(), file.size, file.name);
  return fd;
}

void FileWriter::piece_done(std::uint32_t number) {
  if (states_[number].missing.fetch_sub(1) != 1) return;
  const PlannedFile& file = context_.plan.files[number];
  {
    Stripe& files = stripe(number);
    const std::lock_guard lock(files.mutex);
    files.open.erase(number);
  }
  Progress& progress = context_.log.progress();
  if (progress.track_current) progress.end_item(context_.target.path(file.dir, file.name));
  if (states_[number].failed) return;
  try {
    complete(file, context_.target.open(file.dir));
  } catch (const Error& e) {
    states_[number].failed = true;
    context_.item_failed(file.dir, file.name, e);
  }
}

void FileWriter::complete(const PlannedFile& file, const SharedFd& dir) {
  context_.apply_metadata(file.dir, dir, file.name, file.metadata, !file.in_place);
  context_.finished(file.dir, file.name,
                    file.existed ? RestoreAction::updated : RestoreAction::restored, file.size);
}

}  // namespace medsave
