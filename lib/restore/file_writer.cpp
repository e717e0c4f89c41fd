#include "file_writer.hpp"

#include "target_entry.hpp"
#include "temporary_file.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/metadata.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <optional>
#include <utility>

namespace medsave {
namespace {

// Seconds. Servers of Windows shares set the time of a change only a while after it.
constexpr double kLateTimes = 5;

constexpr unsigned kPrivateFile = 0600;

}  // namespace

UniqueFd open_in_place(DirHandle dir, const std::string& name, const FileKey& expected) {
  UniqueFd fd;
  try {
    fd = open_file_for_update_at(dir, name);
  } catch (const Error& e) {
    if (e.code() != Errc::permission) throw;
    set_permissions_at(dir, name, kPrivateFile);
    fd = open_file_for_update_at(dir, name);
  }
  const FileInfo info = fstat_fd(fd.get());
  if (!info.is_regular() || info.links != 1 || !is_same_entry(fd.get(), expected, info.key())) {
    throw Error(Errc::io, format_text(_("{} was replaced while restoring"), name));
  }
  return fd;
}

UniqueFd create_planned(DirHandle dir, const PlannedFile& file, const Clearing& clearing) {
  if (file.replaces) clear_way(dir, file.name, file.seen, clearing);
  return make_new_entry(dir, file.name,
                        [&] { return create_file_at(dir, file.name, kUnfinished); });
}

void close_restored(UniqueFd fd, const std::string& name) {
  try {
    close_fd(std::move(fd), name);
  } catch (const Error& e) {
    throw Error(Errc::io, e.what());
  }
}

/// A quarter of the descriptors there may be, 256 of the usual 1024, for all stripes.
FileWriter::Stripe::Stripe()
    : open(std::clamp<std::size_t>(open_file_limit() / 4 / kStripes, 1, 16)) {}

FileWriter::FileWriter(const RestoreContext& context)
    : context_(context), states_(std::make_unique<State[]>(context.deferred.files.size())) {
  for (std::size_t i = 0; i < context.deferred.files.size(); ++i) {
    states_[i].missing = context.deferred.files[i].pieces;
    states_[i].failed = context.deferred.files[i].damaged;
  }
}

FileWriter::~FileWriter() {
  for (std::uint32_t i = 0; i < context_.deferred.files.size(); ++i) {
    if (states_[i].temporary) remove_temporary_file(i);
  }
}

void FileWriter::write(std::uint32_t file, std::uint64_t offset, ByteView content) {
  const PlannedFile& planned = context_.deferred.files[file];
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
       format_text(_("bytes {} to {} cannot be restored; {}"), offset, offset + length, reason));
  piece_done(file);
}

void FileWriter::fail(std::uint32_t number, const std::string& message) {
  const PlannedFile& file = context_.deferred.files[number];
  const bool first = !states_[number].failed;
  states_[number].failed = true;
  std::string text = message;
  if (first && file.in_place && !file.was_unfinished) {
    text = with_semicolon(message, _("what was in its place is overwritten in part"));
  } else if (first && file.replaces_folder) {
    text = with_semicolon(message, _("the folder in its place was kept"));
  }
  context_.report_problem(file.dir, file.name, text, RestoreFault::repository);
}

/// The usual case of a small file, in one go and without any bookkeeping.
void FileWriter::write_whole(const PlannedFile& file, std::uint32_t number, ByteView content) {
  const SharedDir dir = context_.target.open(file.dir);
  UniqueFd fd = create(dir->get(), file, number);
  if (context_.request.sparse) {
    truncate_fd(fd.get(), file.size, file.name);
    pwrite_sparse(fd.get(), 0, content.data(), content.size(), file.name);
  } else {
    large_.write(fd.get(), content, 0, file.name);
  }
  note_written(number, fstat_fd(fd.get()));
  if (states_[number].temporary && context_.request.sync) sync_fd(fd.get(), file.name);
  close_restored(std::move(fd), file.name);
  settle(file, dir, number);
  context_.log.bytes_restored(content.size());
}

UniqueFd FileWriter::create(DirHandle dir, const PlannedFile& file, std::uint32_t number) {
  if (!context_.request.under_temporary_names && !file.replaces_folder) {
    return create_planned(dir, file, context_.clearing(file.dir));
  }
  UniqueFd fd = create_temporary(dir, context_.new_name(file.dir, file.name));
  states_[number].temporary = true;
  return fd;
}

/// Where it is while it is written.
std::string FileWriter::present_name(const PlannedFile& file, std::uint32_t number) const {
  return states_[number].temporary ? context_.target.temporary_name(file.dir, file.name)
                                   : file.name;
}

/// Syncs the file before it replaces a complete one.
void FileWriter::make_durable(const PlannedFile& file, std::uint32_t number) {
  if (!context_.request.sync || states_[number].failed) return;
  try {
    if (const SharedFd fd = open(file, number)) sync_fd(fd->get(), file.name);
  } catch (const Error& e) {
    states_[number].failed = true;
    context_.item_failed(file.dir, file.name, e);
  }
}

/// Ends a file whose last piece was written: a temporary name becomes the real one. Files that
/// replace a folder wait for replace_folders().
void FileWriter::settle(const PlannedFile& file, const SharedDir& dir, std::uint32_t number) {
  const State& state = states_[number];
  if (file.replaces_folder && !state.failed) return;
  if (state.temporary) settle_name(file, dir, number);
  if (!state.failed) complete(file);
}

void FileWriter::replace_folders(const std::stop_token& stop) {
  for (std::uint32_t i = 0; i < context_.deferred.files.size(); ++i) {
    const PlannedFile& file = context_.deferred.files[i];
    State& state = states_[i];
    if (!file.replaces_folder || state.failed) continue;
    check_stop(stop);
    try {
      const SharedDir dir = context_.target.open(file.dir);
      if (file.pieces == 0) {
        UniqueFd fd = create(dir->get(), file, i);
        note_written(i, fstat_fd(fd.get()));
        close_restored(std::move(fd), file.name);
      }
      settle_name(file, dir, i);
      complete(file);
    } catch (const Error& e) {
      state.failed = true;
      remove_temporary_file(i);
      context_.item_failed(file.dir, file.name, e);
    }
  }
}

/// Gives the file its name, but a damaged one only where no complete file is in its place.
void FileWriter::settle_name(const PlannedFile& file, const SharedDir& dir, std::uint32_t number) {
  State& state = states_[number];
  if (state.failed && file.existed && !file.was_unfinished) {
    remove_temporary_file(number);
    return;
  }
  put_in_place(dir->get(), context_.new_name(file.dir, file.name),
               file.replaces ? std::optional(file.seen) : std::nullopt,
               context_.clearing(file.dir));
  state.temporary = false;
}

void FileWriter::remove_temporary_file(std::uint32_t number) noexcept {
  const PlannedFile& file = context_.deferred.files[number];
  states_[number].temporary = false;
  try {
    remove_file_at(context_.target.open(file.dir)->get(),
                   context_.target.temporary_name(file.dir, file.name));
  } catch (const std::exception&) {
    // Ignored, because the next restore removes the temporary file.
  }
}

void FileWriter::write_piece(const PlannedFile& file, std::uint32_t number, std::uint64_t offset,
                             ByteView content) {
  const SharedFd fd = open(file, number);
  if (!fd) return;
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
  State& state = states_[number];
  if (state.refused) return nullptr;
  state.refused = true;  // unless it succeeds
  const SharedDir dir = context_.target.open(file.dir);
  UniqueFd fd = state.opened ? open_in_place(dir->get(), present_name(file, number), state.key)
                             : open_first(dir->get(), file, number);
  if (!state.opened) state.key = fstat_fd(fd.get()).key();
  state.opened = true;
  state.refused = false;
  return files.open.insert(number, share(std::move(fd), number));
}

SharedFd FileWriter::share(UniqueFd fd, std::uint32_t number) {
  const auto close = [this, number](const UniqueFd* open) {
    close_shared(UniqueFd(std::unique_ptr<UniqueFd>(const_cast<UniqueFd*>(open))->release()),
                 number);
  };
  return {new UniqueFd(std::move(fd)), close};
}

/// A failed close is remembered until the file's end, because a file may be closed and opened again
/// between its pieces.
void FileWriter::close_shared(UniqueFd fd, std::uint32_t number) noexcept {
  try {
    close_fd(std::move(fd), context_.deferred.files[number].name);
  } catch (const std::exception& e) {
    const std::lock_guard lock(failures_mutex_);
    close_failures_.try_emplace(number, e.what());
  }
}

UniqueFd FileWriter::open_first(DirHandle dir, const PlannedFile& file, std::uint32_t number) {
  Progress& progress = context_.log.progress();
  if (progress.track_current) progress.begin_item(context_.target.path(file.dir, file.name));
  UniqueFd fd =
      file.in_place ? open_in_place(dir, file.name, file.seen.key) : create(dir, file, number);
  if (file.in_place && fstat_fd(fd.get()).mtime != file.seen.mtime) {
    throw Error(Errc::io, format_text(_("{} was changed while restoring"), file.name));
  }
  if (file.in_place) set_mode_where_possible(fd.get(), kUnfinished, file.name);
  if (!context_.request.sparse) preallocate(fd.get(), file.size);
  truncate_fd(fd.get(), file.size, file.name);
  return fd;
}

void FileWriter::piece_done(std::uint32_t number) {
  if (states_[number].missing.fetch_sub(1) != 1) return;
  const PlannedFile& file = context_.deferred.files[number];
  if (states_[number].temporary) make_durable(file, number);
  close_last(file, number);
  try {
    const SharedDir dir = context_.target.open(file.dir);
    confirm(file, dir, number);
    settle(file, dir, number);
  } catch (const Error& e) {
    states_[number].failed = true;
    context_.item_failed(file.dir, file.name, e);
  }
}

void FileWriter::close_last(const PlannedFile& file, std::uint32_t number) {
  {
    Stripe& files = stripe(number);
    const std::lock_guard lock(files.mutex);
    files.open.erase(number);
  }
  Progress& progress = context_.log.progress();
  if (progress.track_current) progress.end_item(context_.target.path(file.dir, file.name));
}

/// Throws when closing the file failed or its name now leads to another file.
void FileWriter::confirm(const PlannedFile& file, const SharedDir& dir, std::uint32_t number) {
  {
    const std::lock_guard lock(failures_mutex_);
    const auto failure = close_failures_.find(number);
    if (failure != close_failures_.end()) throw Error(Errc::io, failure->second);
  }
  if (states_[number].failed) return;
  const std::optional<FileInfo> there = lstat_at(dir->get(), present_name(file, number));
  if (!there || !is_same_entry(dir->get(), states_[number].key, there->key())) {
    throw Error(Errc::io, format_text(_("{} was replaced while restoring"), file.name));
  }
  if (there->size != file.size) {
    throw Error(Errc::io, format_text(_("{} was changed while restoring"), file.name));
  }
  note_written(number, *there);
}

void FileWriter::note_written(std::uint32_t number, const FileInfo& info) {
  states_[number].key = info.key();
  states_[number].mtime = info.mtime;
}

void FileWriter::require_in_place(std::uint32_t number) const {
  const PlannedFile& file = context_.deferred.files[number];
  const SharedDir dir = context_.target.open(file.dir);
  const bool is_kept = file.pieces == 0 && !file.replaces_folder;
  const FileKey& key = is_kept ? file.seen.key : states_[number].key;
  const Timestamp& mtime = is_kept ? file.seen.mtime : states_[number].mtime;
  const std::optional<FileInfo> there = lstat_at(dir->get(), file.name);
  if (!there || !is_same_entry(dir->get(), key, there->key()) || there->size != file.size ||
      std::abs(seconds_between(mtime, there->mtime)) > kLateTimes) {
    throw Error(Errc::io, format_text(_("{} was changed while restoring"), file.name));
  }
}

void FileWriter::complete(const PlannedFile& file) {
  context_.finished(file.dir, file.name,
                    file.existed ? RestoreAction::updated : RestoreAction::restored, file.size);
}

}  // namespace medsave
