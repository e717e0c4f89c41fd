#include "local_writer.hpp"

#include "medsave/base/error.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/metadata.hpp"

#include <algorithm>
#include <utility>

namespace medsave {
namespace {

// Enough to keep the disk busy between two packs, little enough to lose in a power cut.
constexpr std::size_t kMaxPending = 16;
constexpr std::uint64_t kMaxPendingBytes = std::uint64_t{256} << 20;

void remove_quietly(const std::string& path) noexcept {
  try {
    remove_file_at(kCurrentDirectory, path);
  } catch (const std::exception&) {
    // remove_leftovers() finds it later
  }
}

/// Some media know no modes; the file is as good without its write protection.
void protect(const std::string& path, unsigned mode) {
  try {
    set_permissions_at(kCurrentDirectory, path, mode);
  } catch (const Error& e) {
    if (e.code() != Errc::permission && e.code() != Errc::unsupported) throw;
  }
}

void make_final(const WrittenFile& written) {
  try {
    sync_data(written.fd.get(), written.final_path);
    protect(written.temporary, written.mode);
    const auto rename = written.must_be_new ? rename_new_at : rename_at;
    rename(kCurrentDirectory, written.temporary, kCurrentDirectory, written.final_path);
  } catch (...) {
    remove_quietly(written.temporary);
    throw;
  }
}

}  // namespace

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

void LocalWriter::finish(WrittenFile written) {
  make_final(written);
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
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
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
    for (const std::string& folder : folders) sync_dir(folder);
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
    WrittenFile& written = pending_.front();  // stays put: others only append
    const bool wanted = !error_;
    lock.unlock();
    std::exception_ptr failure;
    if (wanted) {
      try {
        make_final(written);
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
