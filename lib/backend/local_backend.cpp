#include "medsave/backend/local_backend.hpp"

#include "local_writer.hpp"
#include "open_files.hpp"

#include "medsave/backend/checks.hpp"
#include "medsave/backend/file_layout.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/host.hpp"
#include "medsave/sys/metadata.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace medsave {
namespace {

struct Modes {
  unsigned folder = 0700;
  unsigned file = 0400;
};

std::string parent_of(const std::string& path) {
  return path.substr(0, std::max<std::size_t>(path.find_last_of('/'), 1));
}

void sync_parent(const std::string& path) {
  try {
    sync_dir(parent_of(path));
  } catch (const Error& e) {
    if (e.code() != Errc::permission) throw;  // the parent need not be readable for us
  }
}

class LocalBackend : public Backend {
 public:
  LocalBackend(std::string shown, std::string root);

  [[nodiscard]] std::string location() const override { return shown_; }
  [[nodiscard]] unsigned connections() const override { return 2; }
  void create() override;
  void save(const FileRef& file, Buffer&& data) override;
  void barrier() override;
  void load(const FileRef& file, std::uint64_t limit, Buffer& out) override;
  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override;
  void done_reading(const FileRef& file, std::uint64_t offset, std::size_t length) override;
  std::optional<std::uint64_t> size(const FileRef& file) override;
  std::vector<ListedFile> list(FileKind kind) override;
  void remove(const FileRef& file) override;
  void replace_config(Buffer data) override;
  std::uint64_t remove_leftovers() override;

 private:
  [[nodiscard]] bool present() const;
  [[noreturn]] void throw_vanished() const;
  UniqueFd create_temporary(const std::string& folder, const std::string& temporary);
  WrittenFile write_temporary(const FileRef& file, const Buffer& data);
  template <typename Write>
  void write_with_advice(const Write& write);
  std::shared_ptr<const UniqueFd> open_for_range(const FileRef& file);
  UniqueFd open_listed_folder(const std::string& path) const;
  void list_folder(const std::string& path, std::vector<ListedFile>& files) const;
  std::uint64_t remove_leftovers_in(const std::string& path);
  template <typename Read>
  void read_with_context(const FileRef& file, const Read& read);

  const std::string shown_;
  const FileLayout layout_;
  Modes modes_;
  bool seen_ = false;  // the folder was there when we came
  OpenFiles open_packs_;
  std::mutex medium_mutex_;  // held while a pack is written: two at a time would not be faster
  LocalWriter writer_;
};

LocalBackend::LocalBackend(std::string shown, std::string root)
    : shown_(std::move(shown)), layout_(std::move(root)) {
  const std::optional<FileInfo> config =
      stat_at(kCurrentDirectory, layout_.path_of({.kind = FileKind::config}));
  if (config && (config->mode & 0040) != 0) modes_ = {.folder = 0770, .file = 0440};
  seen_ = present();
}

bool LocalBackend::present() const {
  const std::optional<FileInfo> root = stat_at(kCurrentDirectory, layout_.root());
  return root && root->is_dir();
}

void LocalBackend::throw_vanished() const {
  throw Error(Errc::io,
              format_text(_("the folder {} has vanished; is its drive still connected?"), shown_));
}

void LocalBackend::create() {
  const std::vector<std::string> folders = layout_.folders();
  for (const std::string& folder : folders) make_directories(folder, modes_.folder);
  sync_parent(layout_.root());
  writer_.note_change(layout_.root());
  writer_.note_change(layout_.folder_of(FileKind::pack));
  seen_ = true;
}

UniqueFd LocalBackend::create_temporary(const std::string& folder, const std::string& temporary) {
  try {
    return create_file_at(kCurrentDirectory, temporary, 0600);
  } catch (const Error& e) {
    // A folder that somebody removed is made again, but not a repository that vanished.
    if (e.code() != Errc::not_found || !present()) throw;
  }
  make_directories(folder, modes_.folder);
  writer_.note_change(parent_of(folder));
  return create_file_at(kCurrentDirectory, temporary, 0600);
}

WrittenFile LocalBackend::write_temporary(const FileRef& file, const Buffer& data) {
  WrittenFile written;
  written.file = file;
  written.folder = layout_.folder_of(file);
  written.final_path = layout_.path_of(file);
  written.temporary = temporary_name(written.final_path);
  written.mode = modes_.file;
  written.size = data.size();
  written.fd = create_temporary(written.folder, written.temporary);
  try {
    preallocate(written.fd.get(), data.size());
    if (file.kind == FileKind::pack) {
      // The page cache would cost a copy, and memory that may have to be found first.
      const std::lock_guard medium(medium_mutex_);
      write_uncached(written.fd.get(), data.view(), written.final_path);
    } else {
      write_all(written.fd.get(), data.view(), written.final_path);
    }
  } catch (...) {
    written.fd.reset();
    remove_file_at(kCurrentDirectory, written.temporary);
    throw;
  }
  return written;
}

/// Adds what a user can do about a failed write.
template <typename Write>
void LocalBackend::write_with_advice(const Write& write) {
  try {
    write();
  } catch (const Error& e) {
    if (e.code() == Errc::no_space) {
      throw Error(Errc::no_space,
                  format_text(_("{}. The medium of the repository is full: free some space there, "
                                "or thin out old snapshots with \"medsave forget --prune\""),
                              e.what()));
    }
    if (seen_ && !present()) throw_vanished();
    throw;
  }
}

void LocalBackend::save(const FileRef& file, Buffer&& data) {
  if (file.kind == FileKind::config && size(file)) throw_present(file, location());
  write_with_advice([&] {
    writer_.check();
    WrittenFile written = write_temporary(file, data);
    written.must_be_new = file.kind == FileKind::config;
    if (file.kind != FileKind::pack) {
      writer_.finish(std::move(written));
      return;
    }
    start_writeback(written.fd.get());
    writer_.enqueue(std::move(written));
  });
}

void LocalBackend::replace_config(Buffer data) {
  write_with_advice([&] {
    writer_.check();
    writer_.finish(write_temporary({.kind = FileKind::config}, data));
    writer_.barrier();
  });
}

void LocalBackend::barrier() {
  write_with_advice([this] { writer_.barrier(); });
}

template <typename Read>
void LocalBackend::read_with_context(const FileRef& file, const Read& read) {
  if (file.kind == FileKind::pack) writer_.wait_for(file);
  try {
    read();
  } catch (const Error& e) {
    if (e.code() == Errc::corrupt) throw;  // ours, and complete
    if (e.code() == Errc::not_found || e.code() == Errc::io) {
      if (seen_ && !present()) throw_vanished();
      if (e.code() == Errc::not_found) throw_missing(file, shown_);
      throw Error(Errc::io, format_text(_("{}: {}. The drive may be failing or no longer "
                                          "connected"),
                                        describe(file), e.what()));
    }
    throw e.with_context(describe(file));
  }
}

void LocalBackend::load(const FileRef& file, std::uint64_t limit, Buffer& out) {
  read_with_context(file, [&] {
    const std::string path = layout_.path_of(file);
    const UniqueFd fd = open_file_at(kCurrentDirectory, path);
    const std::uint64_t length = fstat_fd(fd.get()).size;
    require_within(file, length, limit);
    out.clear();
    out.resize(static_cast<std::size_t>(length));
    require_whole(file, 0, out.size(), pread_some(fd.get(), out.writable(), 0, path));
  });
  // A pack that a killed process stored is read whole before an index may name it. That process
  // made the data durable, but perhaps not the folder's entry: the next barrier must.
  if (file.kind == FileKind::pack) writer_.note_change(layout_.folder_of(file));
}

std::shared_ptr<const UniqueFd> LocalBackend::open_for_range(const FileRef& file) {
  if (file.kind != FileKind::pack) {
    return std::make_shared<const UniqueFd>(open_file_at(kCurrentDirectory, layout_.path_of(file)));
  }
  if (auto known = open_packs_.find(file.id)) return known;
  return open_packs_.open(file.id, layout_.path_of(file));
}

void LocalBackend::load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                              Buffer& out) {
  read_with_context(file, [&] {
    const std::shared_ptr<const UniqueFd> fd = open_for_range(file);
    out.clear();
    out.resize(length);
    const std::size_t got = pread_some(fd->get(), out.writable(), offset, shown_);
    require_whole(file, offset, length, got);
  });
}

void LocalBackend::done_reading(const FileRef& file, std::uint64_t offset, std::size_t length) {
  if (const auto fd = open_packs_.find(file.id)) drop_from_memory(fd->get(), offset, length);
}

std::optional<std::uint64_t> LocalBackend::size(const FileRef& file) {
  std::optional<std::uint64_t> bytes;
  if (file.kind == FileKind::pack) writer_.wait_for(file);
  if (const auto info = lstat_at(kCurrentDirectory, layout_.path_of(file))) bytes = info->size;
  return bytes;
}

/// No descriptor where there is no such folder.
UniqueFd LocalBackend::open_listed_folder(const std::string& path) const {
  try {
    return open_dir_at(kCurrentDirectory, path, true);
  } catch (const Error& e) {
    if (e.code() != Errc::not_found) throw;
    if (seen_ && !present()) throw_vanished();
    return {};
  }
}

void LocalBackend::list_folder(const std::string& path, std::vector<ListedFile>& files) const {
  const UniqueFd dir = open_listed_folder(path);
  if (!dir) return;
  for (const std::string& name : list_dir(dir.get())) {
    const std::optional<Id> id = Id::parse(name);
    if (!id) continue;
    const std::optional<FileInfo> info = lstat_at(dir.get(), name);
    if (info && info->is_regular()) files.push_back({.id = *id, .size = info->size});
  }
}

std::vector<ListedFile> LocalBackend::list(FileKind kind) {
  std::vector<ListedFile> files;
  const std::string folder = layout_.folder_of(kind);
  if (kind != FileKind::pack) {
    list_folder(folder, files);
    return files;
  }
  const UniqueFd data = open_listed_folder(folder);
  if (!data) return files;
  for (const std::string& name : list_dir(data.get())) {
    list_folder(std::string(folder).append("/").append(name), files);
  }
  return files;
}

void LocalBackend::remove(const FileRef& file) {
  if (file.kind == FileKind::pack) {
    writer_.wait_for(file);
    open_packs_.drop(file.id);
  }
  try {
    remove_file_at(kCurrentDirectory, layout_.path_of(file));
  } catch (const Error& e) {
    if (e.code() == Errc::not_found && present()) return;
    throw e.with_context(describe(file));
  }
  writer_.note_change(layout_.folder_of(file));
}

std::uint64_t LocalBackend::remove_leftovers_in(const std::string& path) {
  const UniqueFd dir = open_listed_folder(path);
  if (!dir) return 0;
  std::uint64_t freed = 0;
  for (const std::string& name : list_dir(dir.get())) {
    if (!is_temporary_name(name)) continue;
    const std::optional<FileInfo> info = lstat_at(dir.get(), name);
    if (!info || !info->is_regular()) continue;
    remove_file_at(dir.get(), name);
    freed += info->size;
  }
  return freed;
}

std::uint64_t LocalBackend::remove_leftovers() {
  writer_.wait_until_idle();  // what is pending has such names too
  std::uint64_t freed = 0;
  for (const std::string& folder : layout_.folders()) {
    freed += remove_leftovers_in(folder);
  }
  return freed;
}

std::string absolute(const std::string& path) {
  std::string full = path.starts_with('/') ? path : current_directory() + "/" + path;
  while (full.size() > 1 && full.ends_with('/')) full.pop_back();
  return full;
}

}  // namespace

std::unique_ptr<Backend> make_local_backend(const std::string& path) {
  return std::make_unique<LocalBackend>(path, absolute(path));
}

}  // namespace medsave
