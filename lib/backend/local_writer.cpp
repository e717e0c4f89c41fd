#include "local_writer.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/thread.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/metadata.hpp"

#include <algorithm>
#include <utility>

namespace medsave {
namespace {

// Enough to keep the disk busy between two packs, and not too much to lose in a power cut.
constexpr std::size_t kMaxPending = 16;
constexpr std::uint64_t kMaxPendingBytes = std::uint64_t{256} << 20;

/// This user may lack permission to read the repository's own folder.
void sync_where_readable(const HeldFolder& root, const std::string& folder) {
  try {
    sync_dir_at(root.fd(), folder);
  } catch (const Error& e) {
    if (e.code() != Errc::permission) throw;
  }
}

}  // namespace

void LocalWriter::remove_quietly(const std::string& name) noexcept {
  try {
    remove_file_at(root_.fd(), name);
  } catch (const std::exception&) {
    // remove_leftovers() removes it later
  }
}

void LocalWriter::make_final(WrittenFile& written, const std::function<void()>& check) {
  try {
    sync_data(written.fd.get(), written.final_name);
    set_mode_where_possible(written.fd.get(), written.mode, written.final_name);
    close_fd(std::move(written.fd), written.final_name);
    if (check) check();
    const auto rename = written.must_be_new ? rename_new_at : rename_at;
    rename(root_.fd(), written.temporary, root_.fd(), written.final_name);
  } catch (...) {
    remove_quietly(written.temporary);
    throw;
  }
}

LocalWriter::~LocalWriter() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  for (const WrittenFile& written : pending_) remove_quietly(written.temporary);
}

void LocalWriter::check() {
  const std::lock_guard lock(mutex_);
  if (error_) std::rethrow_exception(error_);
}

void LocalWriter::finish(WrittenFile written, bool refers_to_others,
                         const std::function<void()>& check) {
  if (refers_to_others) {
    try {
      sync_found();
    } catch (...) {
      remove_quietly(written.temporary);
      throw;
    }
  }
  make_final(written, check);
  note_change(written.folder);
}

void LocalWriter::enqueue(WrittenFile written) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    return error_ || pending_.empty() ||
           (pending_.size() < kMaxPending && pending_bytes_ + written.size <= kMaxPendingBytes);
  });
  if (error_) {
    remove_quietly(written.temporary);
    std::rethrow_exception(error_);
  }
  if (!thread_.joinable()) {
    try {
      thread_ = start_thread([this](const std::stop_token& stop) { run(stop); });
    } catch (...) {
      remove_quietly(written.temporary);
      throw;
    }
  }
  pending_bytes_ += written.size;
  pending_.push_back(std::move(written));
  pending_count_ = pending_.size();
  changed_.notify_all();
}

void LocalWriter::note_change(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  folders_.insert(folder);
}

void LocalWriter::note_found(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  found_.insert(folder);
  found_unsynced_ = true;
}

void LocalWriter::sync_found() {
  if (!found_unsynced_) return;
  const std::lock_guard one_at_a_time(barrier_mutex_);
  std::set<std::string> folders;
  {
    const std::lock_guard lock(mutex_);
    folders.swap(found_);
  }
  try {
    for (const std::string& folder : folders) sync_where_readable(root_, folder);
  } catch (...) {
    fail(std::current_exception());
    throw;
  }
  const std::lock_guard lock(mutex_);
  found_unsynced_ = !found_.empty();
}

void LocalWriter::barrier() {
  const std::lock_guard one_at_a_time(barrier_mutex_);
  std::set<std::string> folders;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return error_ || pending_.empty(); });
    if (error_) std::rethrow_exception(error_);
    folders.swap(folders_);
  }
  try {
    for (const std::string& folder : folders) sync_dir_at(root_.fd(), folder);
  } catch (...) {
    fail(std::current_exception());
    throw;
  }
}

void LocalWriter::wait_until_idle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return pending_.empty(); });
}

void LocalWriter::wait_for(const FileRef& file) {
  if (pending_count_ == 0) return;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !is_pending(file); });
}

bool LocalWriter::is_pending(const FileRef& file) const {
  return std::ranges::find(pending_, file, &WrittenFile::file) != pending_.end();
}

void LocalWriter::fail(std::exception_ptr error) noexcept {
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = std::move(error);
}

void LocalWriter::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [&] { return !pending_.empty(); }) && !stop.stop_requested()) {
    WrittenFile& written =
        pending_.front();  // the reference stays valid: other threads only append
    const bool wanted = !error_;
    lock.unlock();
    std::exception_ptr failure;
    if (wanted) {
      try {
        make_final(written, {});
      } catch (...) {
        failure = std::current_exception();
      }
    } else {
      remove_quietly(written.temporary);
    }
    lock.lock();
    if (failure && !error_) error_ = failure;
    if (wanted && !failure) folders_.insert(written.folder);
    pending_bytes_ -= written.size;
    pending_.pop_front();
    pending_count_ = pending_.size();
    changed_.notify_all();
  }
}

}  // namespace medsave
