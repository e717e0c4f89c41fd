#include "medsave/backend/local_backend.hpp"

#include "held_folder.hpp"
#include "local_leftovers.hpp"
#include "local_listing.hpp"
#include "local_names.hpp"
#include "local_reserve.hpp"
#include "local_writer.hpp"
#include "open_files.hpp"
#include "refused_access.hpp"

#include "medsave/backend/checks.hpp"
#include "medsave/backend/file_layout.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/host.hpp"
#include "medsave/sys/metadata.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <utility>

namespace medsave {
namespace {

struct Modes {
  unsigned folder = 0700;
  unsigned file = 0400;
};

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
// The reserve must not be what fills the medium.
constexpr std::uint64_t kRoomForReserve = 8 * kMiB;
constexpr std::uint64_t kRoomForNewReserve = 64 * kMiB;

/// Kinds for which every repository has a folder.
constexpr std::array kLasting = {FileKind::key, FileKind::snapshot, FileKind::index,
                                 FileKind::pack};
constexpr FileRef kConfig = {.kind = FileKind::config, .id = {}};
constexpr std::size_t kUsualRange = 32 * kMiB;

class LocalBackend : public Backend {
 public:
  LocalBackend(std::string shown, std::string root, unsigned connections, const Clock& clock);

  [[nodiscard]] std::string location() const override { return root_.shown(); }
  [[nodiscard]] unsigned connections() const override { return connections_; }
  void create() override;
  void save(const FileRef& file, Buffer&& data) override;
  void before_publishing(std::function<void()> check) override {
    publish_check_ = std::move(check);
  }
  void barrier() override;
  void sync_found() override;
  void load(const FileRef& file, std::uint64_t limit, Buffer& out) override;
  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override;
  void done_reading(const FileRef& file, std::uint64_t offset, std::size_t length) override;
  void drop_from_memory(const FileRef& file) override;
  std::optional<std::uint64_t> size(const FileRef& file) override;
  std::vector<ListedFile> list(FileKind kind) override;
  void remove(const FileRef& file) override;
  void remove_unguarded(const FileRef& file) override;
  void replace_config(Buffer data) override;
  std::uint64_t remove_leftovers() override;
  bool give_up_reserve() override;
  void renew_reserve() override;

 private:
  [[nodiscard]] bool has_config() const;
  [[nodiscard]] bool holds_no_snapshot() const;
  void require_folders() const;
  [[noreturn]] void throw_without(FileKind kind) const;
  UniqueFd create_temporary(const FileRef& file, const std::string& temporary);
  void make_folder_again(const FileRef& file);
  WrittenFile write_temporary(const FileRef& file, const Buffer& data);
  /// The whole path of a name, for messages.
  [[nodiscard]] std::string shown(const std::string& name) const {
    return name == kRoot ? root_.shown() : root_.shown() + "/" + name;
  }
  template <typename Write>
  void write_with_advice(const std::string& folder, const Write& write);
  std::shared_ptr<const UniqueFd> open_for_range(const FileRef& file);
  template <typename Read>
  void read_with_context(const FileRef& file, const Read& read);
  bool allow_removal(const std::string& name);
  void remove_file(const FileRef& file);

  const LocalNames names_;
  const unsigned connections_;
  const Clock& clock_;
  HeldFolder root_;
  Modes modes_;
  std::atomic<bool> config_seen_ = false;
  std::function<void()> publish_check_;
  OpenFiles pack_files_;
  std::mutex medium_mutex_;  // held while a pack is written: two at a time would not be faster
  LocalWriter writer_{root_};
};

LocalBackend::LocalBackend(std::string shown, std::string root, unsigned connections,
                           const Clock& clock)
    : connections_(connections), clock_(clock), root_(std::move(shown), std::move(root)) {
  if (!root_.is_open()) return;
  const std::optional<FileInfo> config = stat_at(root_.fd(), names_.name_of(kConfig));
  if (!config) return;
  config_seen_ = true;
  if ((config->mode & 0040) != 0) modes_ = {.folder = 0770, .file = 0440};
  // Files that were there before this run, whether or not it lists them.
  writer_.note_found(kRoot);
  for (const FileKind kind : kLasting) writer_.note_found(names_.folder_of(kind));
}

/// True also if there was one that is gone now.
bool LocalBackend::has_config() const {
  return config_seen_ || lstat_at(root_.fd(), names_.name_of(kConfig)).has_value();
}

void LocalBackend::require_folders() const {
  for (const FileKind kind : kLasting) {
    if (!lstat_at(root_.fd(), names_.folder_of(kind))) throw_without(kind);
  }
}

void LocalBackend::throw_without(FileKind kind) const {
  root_.require_in_place();
  throw Error(Errc::corrupt,
              format_text(_("the folder \"{}\" of the repository at {} is missing, and nothing was "
                            "changed; {}"),
                          names_.folder_of(kind), root_.shown(), missing_folder_advice(kind)));
}

void LocalBackend::create() {
  root_.make(modes_.folder);
  for (const std::string& folder : names_.folders()) {
    if (folder != kRoot) ensure_dir_at(root_.fd(), folder, modes_.folder);
  }
  ensure_dir_at(root_.fd(), kReserveFolder, modes_.folder);
  root_.sync_way_to_it();
  writer_.note_change(kRoot);
  writer_.note_change(names_.folder_of(FileKind::pack));
  make_reserve(root_, kRoomForReserve);
}

/// Only folders whose loss loses nothing are made again: those of locks, and one of the 256 for
/// packs.
void LocalBackend::make_folder_again(const FileRef& file) {
  const std::string folder = names_.folder_of(file);
  if (file.kind != FileKind::pack && file.kind != FileKind::lock) throw_without(file.kind);
  try {
    ensure_dir_at(root_.fd(), folder, modes_.folder);
  } catch (const Error& e) {
    if (e.code() != Errc::not_found) throw;
    throw_without(file.kind);
  }
  writer_.note_change(folder_above(folder));
}

UniqueFd LocalBackend::create_temporary(const FileRef& file, const std::string& temporary) {
  const DirHandle root = root_.fd();
  try {
    return create_file_at(root, temporary, 0600);
  } catch (const Error& e) {
    if (e.code() != Errc::not_found) throw;
  }
  make_folder_again(file);
  return create_file_at(root, temporary, 0600);
}

WrittenFile LocalBackend::write_temporary(const FileRef& file, const Buffer& data) {
  WrittenFile written;
  written.file = file;
  written.folder = names_.folder_of(file);
  written.final_name = names_.name_of(file);
  written.temporary = temporary_name(written.final_name);
  written.mode = modes_.file;
  written.size = data.size();
  written.fd = create_temporary(file, written.temporary);
  try {
    preallocate(written.fd.get(), data.size());
    if (file.kind == FileKind::pack) {
      // Written past the page cache, which would cost a copy and memory that the system may have to
      // free first.
      const std::lock_guard medium(medium_mutex_);
      write_uncached(written.fd.get(), data.view(), written.final_name);
    } else {
      write_all(written.fd.get(), data.view(), written.final_name);
    }
  } catch (...) {
    written.fd.reset();
    remove_file_at(root_.fd(), written.temporary);
    throw;
  }
  return written;
}

/// Where that cannot be seen, it may hold some.
bool LocalBackend::holds_no_snapshot() const {
  try {
    const UniqueDir dir = open_dir_at(root_.fd(), names_.folder_of(FileKind::snapshot), true);
    return list_dir(dir.get()).empty();
  } catch (const Error&) {
    return false;
  }
}

/// Adds what a user can do about a failed write in this folder.
template <typename Write>
void LocalBackend::write_with_advice(const std::string& folder, const Write& write) {
  try {
    write();
  } catch (const Error& e) {
    const Error error = e.with_context(root_.shown());
    switch (e.code()) {
      case Errc::no_space:
        if (holds_no_snapshot()) {
          throw Error(Errc::no_space,
                      format_text(_("the medium of the repository is full, and there is no "
                                    "snapshot that could be removed: free some space on it, or "
                                    "make a repository on a larger one ({})"),
                                  error.what()));
        }
        throw_full(error);
      case Errc::read_only:
        throw write_protected(root_.shown());
      case Errc::io:
        if (root_.is_open()) root_.require_in_place();
        throw Error(Errc::io, with_sentence(error.what(),
                                            _("The drive may be failing or no longer connected")));
      case Errc::permission:
      case Errc::not_found:
        if (root_.is_open()) {
          root_.require_in_place();
          require_folders();
        }
        if (e.code() == Errc::permission) throw refused_write(shown(folder), root_.shown());
        throw error;
      default:
        throw;  // ours, and complete
    }
  }
}

void LocalBackend::save(const FileRef& file, Buffer&& data) {
  if (file.kind == FileKind::config && size(file)) throw_present(file, location());
  write_with_advice(names_.folder_of(file), [&] {
    writer_.check();
    if (root_.is_open())
      root_.require_in_place();  // checked here as well, since the next barrier may be far away
    WrittenFile written = write_temporary(file, data);
    written.must_be_new = file.kind == FileKind::config;
    if (file.kind == FileKind::pack) {
      start_writeback(written.fd.get());
      writer_.enqueue(std::move(written));
      return;
    }
    const bool refers_to_others = file.kind != FileKind::lock && file.kind != FileKind::key;
    writer_.finish(std::move(written), refers_to_others,
                   file.kind == FileKind::lock ? std::function<void()>() : publish_check_);
  });
  if (file.kind == FileKind::config) config_seen_ = true;
}

void LocalBackend::replace_config(Buffer data) {
  write_with_advice(kRoot, [&] {
    writer_.check();
    if (root_.is_open()) root_.require_in_place();
    writer_.finish(write_temporary(kConfig, data), true, publish_check_);
    writer_.barrier();
  });
}

void LocalBackend::barrier() {
  write_with_advice(kRoot, [this] {
    writer_.barrier();
    // If the path leads elsewhere by now, the drive was exchanged, and the files are on the old
    // one.
    if (root_.is_open()) root_.require_in_place();
  });
}

void LocalBackend::sync_found() {
  write_with_advice(kRoot, [this] {
    writer_.sync_found();
    if (root_.is_open()) root_.require_in_place();
  });
}

template <typename Read>
void LocalBackend::read_with_context(const FileRef& file, const Read& read) {
  if (file.kind == FileKind::pack) writer_.wait_for(file);
  try {
    read();
  } catch (const Error& e) {
    if (e.code() == Errc::corrupt) throw;  // ours, and complete
    if (e.code() == Errc::not_found || e.code() == Errc::io) {
      if (root_.is_open()) root_.require_in_place();
      if (e.code() == Errc::not_found) {
        if (config_seen_) require_folders();
        throw_missing(file, root_.shown());
      }
      throw Error(Errc::io,
                  with_sentence(e.what(), _("The drive may be failing or no longer connected")));
    }
    // Long advice for config and keys only: other files may fail by the thousand, with a line each.
    const bool opens = file.kind == FileKind::config || file.kind == FileKind::key;
    if (opens && e.code() == Errc::permission) {
      throw refused_read(shown(names_.name_of(file)), root_.shown());
    }
    const std::string what = format_text(_("{} (in the repository {})"), e.what(), root_.shown());
    if (e.code() != Errc::permission) throw Error(e.code(), what);
    throw Error(e.code(),
                with_semicolon(
                    what, format_text(_("the user {} needs the right to read it"), user_name())));
  }
}

void LocalBackend::load(const FileRef& file, std::uint64_t limit, Buffer& out) {
  read_with_context(file, [&] {
    const std::string name = names_.name_of(file);
    const UniqueFd fd = open_file_at(root_.fd(), name, true);
    const std::uint64_t length = fstat_fd(fd.get()).size;
    require_within(file, length, limit);
    out.clear();
    out.resize(static_cast<std::size_t>(length));
    require_whole(file, 0, out.size(), pread_some(fd.get(), out.writable(), 0, name));
  });
  if (file.kind == FileKind::config) config_seen_ = true;
  if (file.kind != FileKind::lock) writer_.note_found(names_.folder_of(file));
}

std::shared_ptr<const UniqueFd> LocalBackend::open_for_range(const FileRef& file) {
  if (file.kind != FileKind::pack) {
    return std::make_shared<const UniqueFd>(open_file_at(root_.fd(), names_.name_of(file), true));
  }
  if (auto known = pack_files_.find(file.id)) return known;
  auto opened = pack_files_.open(file.id, root_.fd(), names_.name_of(file));
  writer_.note_found(names_.folder_of(file));  // an index may be about to name it
  return opened;
}

void LocalBackend::load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                              Buffer& out) {
  read_with_context(file, [&] {
    const std::shared_ptr<const UniqueFd> fd = open_for_range(file);
    out.clear();
    // A damaged index may give a blob any length: no memory is allocated for more than the file
    // has.
    if (length > kUsualRange) {
      const std::uint64_t there = fstat_fd(fd->get()).size;
      const std::uint64_t rest = there - std::min<std::uint64_t>(offset, there);
      require_whole(file, offset, length, std::min<std::uint64_t>(length, rest));
    }
    out.resize(length);
    const std::size_t got = pread_some(fd->get(), out.writable(), offset, names_.name_of(file));
    require_whole(file, offset, length, got);
  });
}

void LocalBackend::done_reading(const FileRef& file, std::uint64_t offset, std::size_t length) {
  if (const auto fd = pack_files_.find(file.id)) {
    medsave::drop_from_memory(fd->get(), offset, length);
  }
}

void LocalBackend::drop_from_memory(const FileRef& file) {
  try {
    if (file.kind == FileKind::pack) writer_.wait_for(file);
    const UniqueFd fd = open_file_at(root_.fd(), names_.name_of(file), true);
    medsave::drop_from_memory(fd.get(), 0, 0);
  } catch (const Error&) {  // the next load meets the same
  }
}

std::optional<std::uint64_t> LocalBackend::size(const FileRef& file) {
  if (file.kind == FileKind::pack) writer_.wait_for(file);
  if (!root_.is_open()) return std::nullopt;
  if (const auto info = stat_at(root_.fd(), names_.name_of(file))) return info->size;
  if (lstat_at(root_.fd(), names_.name_of(file))) return 0;  // a link that leads nowhere now
  root_.require_in_place();
  return std::nullopt;
}

std::vector<ListedFile> LocalBackend::list(FileKind kind) {
  std::vector<ListedFile> files;
  if (!root_.is_open()) return files;
  const std::string folder = names_.folder_of(kind);
  try {
    const UniqueDir dir = open_dir_at(root_.fd(), folder, true);
    if (kind == FileKind::pack) {
      list_packs(dir, files);
    } else {
      list_files(dir, "", files);
      for (const std::string& name : list_dir(dir.get())) refuse_upper_case(kind, name, folder);
    }
  } catch (const Error& e) {
    root_.require_in_place();
    if (e.code() == Errc::permission) throw refused_read(shown(folder), root_.shown());
    if (e.code() != Errc::not_found) throw e.with_context(root_.shown());
    // A missing folder has no locks in it; it is made again with the next lock.
    if (kind != FileKind::lock && has_config()) throw_without(kind);
  }
  if (kind != FileKind::lock) writer_.note_found(folder);
  return files;
}

bool LocalBackend::allow_removal(const std::string& name) {
  try {
    set_permissions_at(root_.fd(), name, 0600);
    return true;
  } catch (const Error& e) {
    if (e.code() != Errc::permission) throw;
    return false;
  }
}

void LocalBackend::remove_file(const FileRef& file) {
  const std::string name = names_.name_of(file);
  try {
    remove_file_at(root_.fd(), name);
  } catch (const Error& e) {
    if (e.code() != Errc::permission) throw;
    // Some servers keep write-protected files from being deleted.
    if (!allow_removal(name)) throw;
    remove_file_at(root_.fd(), name);
  }
}

void LocalBackend::remove(const FileRef& file) {
  if (file.kind == FileKind::pack) {
    writer_.wait_for(file);
    pack_files_.drop(file.id);
  }
  if (file.kind != FileKind::lock) {
    write_with_advice(kRoot, [this] { writer_.sync_found(); });
    if (publish_check_) publish_check_();  // sync_found() may have taken long
  }
  remove_unguarded(file);
}

void LocalBackend::remove_unguarded(const FileRef& file) {
  try {
    remove_file(file);
  } catch (const Error& e) {
    if (e.code() == Errc::not_found && root_.is_open()) {
      root_.require_in_place();
      return;
    }
    if (e.code() == Errc::permission)
      throw refused_write(shown(names_.folder_of(file)), root_.shown());
    if (e.code() == Errc::read_only) throw write_protected(root_.shown());
    throw Error(e.code(), format_text(_("{} (in the repository {})"), e.what(), root_.shown()));
  }
  writer_.note_change(names_.folder_of(file));
}

std::uint64_t LocalBackend::remove_leftovers() {
  writer_.wait_until_idle();  // pending files have temporary names too
  if (!root_.is_open()) return 0;
  return remove_old_leftovers(root_, names_.folders(), names_.folder_of(FileKind::lock),
                              clock_.now());
}

bool LocalBackend::give_up_reserve() { return root_.is_open() && remove_reserve(root_); }

void LocalBackend::renew_reserve() {
  if (root_.is_open()) make_reserve(root_, kRoomForNewReserve);
}

std::string absolute(const std::string& path) {
  std::string full = path.starts_with('/') ? path : current_directory() + "/" + path;
  while (full.size() > 1 && full.ends_with('/')) full.pop_back();
  return full;
}

}  // namespace

std::unique_ptr<Backend> make_local_backend(const std::string& path, unsigned connections,
                                            const Clock& clock) {
  return std::make_unique<LocalBackend>(path, absolute(path), connections, clock);
}

}  // namespace medsave
