#include "sftp_durability.hpp"

#include "sftp_files.hpp"
#include "sftp_folders.hpp"
#include "stored_files.hpp"

#include <iterator>
#include <utility>

namespace medsave {

std::unique_ptr<SftpFolderSync> SftpDurability::begin(SftpSession& session) {
  check();
  if (begun_) return nullptr;
  return std::make_unique<SftpFolderSync>(session, standard_);
}

void SftpDurability::begun(const SftpFolderSync* sync) {
  if (sync == nullptr) return;
  try {
    sync->check(true);  // a folder that is not there has no entries; list() tells of it
  } catch (const Error& e) {
    keep(e);
    throw;
  }
  begun_ = true;
}

void SftpDurability::note_change(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  work_.folders.insert(folder);
}

void SftpDurability::note_file(const std::string& folder, const std::string& path,
                               std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  work_.folders.insert(folder);
  work_.files.push_back({.path = path, .size = size});
}

void SftpDurability::keep(const Error& failure) {
  const std::lock_guard lock(mutex_);
  if (!failure_ && is_fatal(failure)) failure_ = failure;
}

void SftpDurability::check() {
  const std::lock_guard lock(mutex_);
  if (failure_) throw Error(*failure_);
}

SftpDurability::Work SftpDurability::take_work() {
  const std::lock_guard lock(mutex_);
  return std::exchange(work_, {});
}

void SftpDurability::put_back(Work work) {
  const std::lock_guard lock(mutex_);
  work_.folders.merge(work.folders);
  work_.files.insert(work_.files.end(), std::make_move_iterator(work.files.begin()),
                     std::make_move_iterator(work.files.end()));
}

void SftpDurability::sync(SftpSession& session, const Work& work, bool ask_for_files) {
  const std::unique_ptr<SftpFolderSync> standard = begin(session);
  const SftpFolderSync changed(session, {work.folders.begin(), work.folders.end()});
  session.finish();
  begun(standard.get());
  changed.check();
  if (!ask_for_files) return;
  std::vector<std::string> paths;
  for (const File& file : work.files) paths.push_back(file.path);
  const std::vector<SftpStat> there = stat_sftp_files(session, paths);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const std::optional<SftpAttributes>& attributes = there[i].attributes;
    const std::uint64_t stored = work.files[i].size;
    std::optional<std::uint64_t> size;
    if (attributes) size = attributes->size.value_or(stored);
    require_kept(paths[i], stored, size);
  }
}

bool SftpDurability::barrier(SftpPool& pool) {
  const std::lock_guard one_at_a_time(barrier_mutex_);
  check();
  Work work = take_work();
  if (work.folders.empty()) return false;
  try {
    const SftpPool::Lease lease = pool.take();
    const std::uint64_t lost = pool.lost();
    sync(*lease, work, lost != connections_lost_);
    connections_lost_ = lost;
    return true;
  } catch (const Error& e) {
    keep(e);
    put_back(std::move(work));
    throw;
  } catch (...) {
    put_back(std::move(work));
    throw;
  }
}

}  // namespace medsave
