#include "medsave/remote/sftp_backend.hpp"

#include "listed_files.hpp"
#include "sftp_address.hpp"
#include "sftp_durability.hpp"
#include "sftp_files.hpp"
#include "sftp_folders.hpp"
#include "sftp_listing.hpp"
#include "sftp_pool.hpp"

#include "medsave/backend/checks.hpp"
#include "medsave/backend/file_layout.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"

#include <atomic>
#include <mutex>
#include <utility>

namespace medsave {
namespace {

constexpr std::size_t kLong = 1 << 20;  // bytes of a request that is worth another connection

struct Modes {
  std::uint32_t folder = 0700;
  std::uint32_t file = 0600;
};

/// A file is durable when save() returns, with two exceptions: the folder entry of a pack waits for
/// barrier(), and a lock need not survive a crash of the server.
class SftpBackend : public Backend {
 public:
  SftpBackend(std::string location, const std::string& root, unsigned connections,
              SftpPool::Connect connect)
      : location_(std::move(location)),
        layout_(root),
        connections_(connections),
        pool_(std::move(connect), connections),
        durability_({this->root(), layout_.folder_of(FileKind::key),
                     layout_.folder_of(FileKind::snapshot), layout_.folder_of(FileKind::index)}) {}

  [[nodiscard]] std::string location() const override { return location_; }
  [[nodiscard]] unsigned connections() const override { return connections_; }
  void create() override;
  void save(const FileRef& file, Buffer&& data) override;
  void barrier() override {
    if (durability_.barrier(pool_)) ++requests_;
  }
  void sync_found() override;
  void load(const FileRef& file, std::uint64_t limit, Buffer& out) override;
  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override;
  std::optional<std::uint64_t> size(const FileRef& file) override;
  std::vector<ListedFile> list(FileKind kind) override;
  Opening load_opening() override;
  void remove(const FileRef& file) override;
  void replace_config(Buffer data) override;
  std::uint64_t remove_leftovers() override;
  [[nodiscard]] Traffic traffic() const override {
    return {.requests = requests_, .sent = sent_, .received = received_};
  }

 private:
  template <typename Request>
  auto with_session(const Request& request, std::size_t bytes = 0);
  template <typename Request>
  void with_file(const FileRef& file, const Request& request, std::size_t bytes = 0);
  template <typename Request>
  void with_opened(const FileRef& file, const Request& request, std::size_t bytes = 0);
  /// As a path of its own.
  [[nodiscard]] std::string root() const {
    return layout_.root().empty() ? std::string(1, '/') : layout_.root();
  }
  [[nodiscard]] bool present(SftpSession& session) const;
  void require_present(SftpSession& session) const;
  void require_folder(SftpSession& session, FileKind kind) const;
  Modes modes(SftpSession& session);
  Modes note_modes(std::uint32_t config_mode);
  std::unique_ptr<SftpNewFile> write_temporary(SftpSession& session, const FileRef& file,
                                               ByteView data);
  void put_in_place(SftpSession& session, const FileRef& file, SftpNewFile& written,
                    std::uint64_t size);
  void explain_failed_write(SftpSession& session, const FileRef& file, const Error& error,
                            std::size_t size) const;

  const std::string location_;
  const FileLayout layout_;
  const unsigned connections_;
  SftpPool pool_;
  SftpDurability durability_;
  std::atomic<bool> seen_ = false;  // the repository's folder was there
  std::atomic<std::uint64_t> requests_ = 0;
  std::atomic<std::uint64_t> sent_ = 0;
  std::atomic<std::uint64_t> received_ = 0;
  std::mutex mutex_;  // guards what follows
  std::optional<Modes> modes_;
};

template <typename Request>
auto SftpBackend::with_session(const Request& request, std::size_t bytes) {
  ++requests_;
  const SftpPool::Lease lease = pool_.take(bytes >= kLong);
  return request(*lease);
}

/// Says which file an error is about.
template <typename Request>
void SftpBackend::with_file(const FileRef& file, const Request& request, std::size_t bytes) {
  with_session(
      [&](SftpSession& session) {
        try {
          request(session);
        } catch (const Error& e) {
          if (!session.usable() || e.code() == Errc::corrupt || e.code() == Errc::exists) throw;
          if (e.code() == Errc::not_found) {
            require_present(session);
            throw_missing(file, location_);
          }
          throw e.with_context(describe(file));
        }
      },
      bytes);
}

/// The same for reading it.
template <typename Request>
void SftpBackend::with_opened(const FileRef& file, const Request& request, std::size_t bytes) {
  with_file(
      file,
      [&](SftpSession& session) {
        SftpFile opened(session, layout_.path_of(file));
        seen_ = true;
        if (file.kind == FileKind::config) note_modes(opened.mode());
        request(opened);
      },
      bytes);
}

bool SftpBackend::present(SftpSession& session) const {
  const std::optional<SftpAttributes> folder = stat_sftp(session, root());
  return folder && folder->is_folder();
}

/// A folder that was there and is not now is no empty repository.
void SftpBackend::require_present(SftpSession& session) const {
  if (!seen_ || present(session)) return;
  throw Error(
      Errc::io,
      format_text(_("the folder {} has vanished; is its drive still connected to the server?"),
                  location_));
}

/// Throws when the repository has a config but not the folder to be listed. A missing folder of
/// locks means that there are none; one of the 256 folders of packs may have got lost in copying.
void SftpBackend::require_folder(SftpSession& session, FileKind kind) const {
  require_present(session);
  if (kind == FileKind::lock) return;
  const std::string folder = layout_.folder_of(kind);
  if (kind == FileKind::pack && stat_sftp(session, folder)) return;
  if (!stat_sftp(session, layout_.path_of({.kind = FileKind::config}))) return;
  throw Error(Errc::not_found, format_text(_("{}: the repository's folder {} is missing; {}"),
                                           location_, folder, missing_folder_advice(kind)));
}

/// A config that the group can read means that a group shares the repository, so new files and
/// folders are for the group too.
Modes SftpBackend::note_modes(std::uint32_t config_mode) {
  constexpr std::uint32_t kGroupReads = 0040;
  Modes found;
  if ((config_mode & kGroupReads) != 0) found = {.folder = 0770, .file = 0660};
  const std::lock_guard lock(mutex_);
  modes_ = found;
  return found;
}

Modes SftpBackend::modes(SftpSession& session) {
  {
    const std::lock_guard lock(mutex_);
    if (modes_) return *modes_;
  }
  const std::optional<SftpAttributes> config =
      stat_sftp(session, layout_.path_of({.kind = FileKind::config}));
  return note_modes(config ? config->mode.value_or(0) : 0);
}

void SftpBackend::create() {
  with_session([this](SftpSession& session) {
    const Modes wanted = modes(session);
    std::vector<std::string> above;
    const std::string top = root();
    for (std::size_t end = top.find('/', 1); end != std::string::npos;
         end = top.find('/', end + 1)) {
      above.push_back(top.substr(0, end));
    }
    if (!present(session)) {
      // mkdir fails for folders that exist or that we may not see; those answers are ignored.
      ask_sftp(session, SftpType::mkdir, above.size(), [&](std::size_t i, SftpWriter& w) {
        w.text(above[i]).attributes({.mode = wanted.folder});
      });
    }
    std::vector<std::string> folders = layout_.folders();
    folders.front() = top;
    make_sftp_folders(session, folders, wanted.folder);
    durability_.note_change(top);
    durability_.note_change(layout_.folder_of(FileKind::pack));
  });
  seen_ = true;
}

std::unique_ptr<SftpNewFile> SftpBackend::write_temporary(SftpSession& session, const FileRef& file,
                                                          ByteView data) {
  const Modes wanted = modes(session);
  const std::string folder = layout_.folder_of(file);
  SftpNewFile::Wanted how{.mode = wanted.file, .durable = file.kind != FileKind::lock};
  // Many packs come before a barrier; of other files each is waited for.
  if (how.durable && file.kind != FileKind::pack) how.folder = folder;
  const auto write = [&] {
    return std::make_unique<SftpNewFile>(session, temporary_name(layout_.path_of(file)), data, how);
  };
  try {
    return write();
  } catch (const Error& e) {
    // A folder that somebody removed is made again, but not a repository that vanished.
    if (e.code() != Errc::not_found || !session.usable() || !present(session)) throw;
  }
  std::vector<std::string> folders = {folder};
  if (file.kind == FileKind::pack) folders.insert(folders.begin(), layout_.folder_of(file.kind));
  make_sftp_folders(session, folders, wanted.folder);
  return write();
}

/// Gives a file its final name. A config is never replaced here; other files are named by their
/// content, and one of another size is a damaged one.
void SftpBackend::put_in_place(SftpSession& session, const FileRef& file, SftpNewFile& written,
                               std::uint64_t size) {
  const bool replace = file.kind != FileKind::config;
  const std::string path = layout_.path_of(file);
  try {
    written.rename(path, replace);
    return;
  } catch (const Error& e) {
    if (!session.usable() || is_fatal(e)) throw;
    const std::optional<SftpAttributes> there = stat_sftp(session, path);
    const bool another_way = there || can_replace_sftp(session);
    if (!another_way || (there && (!replace || there->size == size))) {
      written.remove();
      if (there && replace) return;
      if (there) throw_present(file, location_);
      throw;
    }
    if (there) remove_sftp_files(session, {path});
  }
  // Also for a config on a file system without hard links, where OpenSSH cannot rename otherwise.
  written.rename(path, true);
}

/// Throws what says more than `error`, where there is something.
void SftpBackend::explain_failed_write(SftpSession& session, const FileRef& file,
                                       const Error& error, std::size_t size) const {
  if (error.code() == Errc::permission) {
    throw Error(
        Errc::permission,
        format_text(_("permission denied: the server does not let this user write in {}. What is "
                      "saved in the repository is untouched. Log in as the user who made the "
                      "repository, or have the rights of its folders changed on the server."),
                    layout_.folder_of(file)));
  }
  if (error.code() != Errc::io || !session.usable()) return;
  const std::optional<SftpSpace> space = sftp_space(session, root());
  if (space && (space->free_bytes <= size || (space->total_files != 0 && space->free_files == 0))) {
    throw_full(error);
  }
  if (space && space->read_only) {
    throw Error(Errc::permission,
                with_sentence(error.what(), _("The server's file system can only be read")));
  }
  throw Error(error.code(),
              with_sentence(error.what(), _("A used up quota or a failing disk would do that")));
}

void SftpBackend::save(const FileRef& file, Buffer&& data) {
  with_file(
      file,
      [&](SftpSession& session) {
        if (file.kind == FileKind::config && stat_sftp(session, layout_.path_of(file))) {
          throw_present(file, location_);
        }
        try {
          const bool lasts = file.kind != FileKind::lock;
          const auto begun = lasts ? durability_.begin(session) : nullptr;
          const auto written = write_temporary(session, file, data.view());
          durability_.begun(begun.get());
          put_in_place(session, file, *written, data.size());
        } catch (const Error& e) {
          durability_.keep(e);
          explain_failed_write(session, file, e, data.size());
          throw;
        }
      },
      data.size());
  seen_ = true;
  if (file.kind == FileKind::pack) {
    durability_.note_file(layout_.folder_of(file), layout_.path_of(file), data.size());
  }
  sent_ += data.size();
}

void SftpBackend::replace_config(Buffer data) {
  const FileRef config{.kind = FileKind::config};
  bool replaced = false;
  with_file(config, [&](SftpSession& session) {
    if (!can_replace_sftp(session)) return;
    try {
      const auto begun = durability_.begin(session);
      const auto written = write_temporary(session, config, data.view());
      durability_.begun(begun.get());
      written->rename(layout_.path_of(config), true);
    } catch (const Error& e) {
      durability_.keep(e);
      explain_failed_write(session, config, e, data.size());
      throw;
    }
    replaced = true;
  });
  if (!replaced) {
    Backend::replace_config(std::move(data));
    return;
  }
  sent_ += data.size();
}

void SftpBackend::load(const FileRef& file, std::uint64_t limit, Buffer& out) {
  with_opened(file, [&](SftpFile& opened) {
    require_within(file, opened.size(), limit);
    out.clear();
    out.resize(static_cast<std::size_t>(opened.size()));
    require_whole(file, 0, out.size(), opened.read(0, out.writable()));
  });
  received_ += out.size();
}

void SftpBackend::load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                             Buffer& out) {
  with_opened(
      file,
      [&](SftpFile& opened) {
        out.clear();
        out.resize(length);
        require_whole(file, offset, length, opened.read(offset, out.writable()));
      },
      length);
  received_ += length;
}

std::optional<std::uint64_t> SftpBackend::size(const FileRef& file) {
  std::optional<std::uint64_t> bytes;
  with_file(file, [&](SftpSession& session) {
    const std::optional<SftpAttributes> there = stat_sftp(session, layout_.path_of(file));
    if (!there) {
      require_present(session);
      return;
    }
    seen_ = true;
    bytes = there->size;
  });
  return bytes;
}

std::vector<ListedFile> SftpBackend::list(FileKind kind) {
  return with_session([&](SftpSession& session) {
    const auto on_folders = [&](bool any) {
      if (any) {
        seen_ = true;
      } else {
        require_folder(session, kind);
      }
    };
    std::vector<ListedFile> files = list_sftp_files(session, layout_, kind, on_folders);
    make_unique_listing(files, location_);
    return files;
  });
}

Opening SftpBackend::load_opening() {
  Opening found;
  with_session([&](SftpSession& session) {
    SftpSmallFile config;
    request_sftp_file(session, layout_.path_of({.kind = FileKind::config}), config);
    std::vector<ListedFile> files[2];
    bool complete = true;
    try {
      const std::vector<std::size_t> missing = list_sftp_folders(
          session, {layout_.folder_of(FileKind::key), layout_.folder_of(FileKind::lock)},
          [&](std::size_t folder, const SftpName& entry) {
            const std::optional<Id> id = Id::parse(entry.name);
            if (!id) return;
            complete =
                complete && entry.attributes.may_be_file() && entry.attributes.size.has_value();
            files[folder].push_back({.id = *id, .size = entry.attributes.size.value_or(0)});
          });
      complete = complete && missing.empty();
    } catch (const Error&) {
      if (!session.usable()) throw;
      complete = false;
    }
    if (config.whole) {
      seen_ = true;
      note_modes(config.mode);
      received_ += config.content.size();
      found.config = std::move(config.content);
    }
    if (!complete) return;
    found.keys = std::move(files[0]);
    found.locks = std::move(files[1]);
  });
  return found;
}

void SftpBackend::remove(const FileRef& file) {
  with_file(file, [&](SftpSession& session) {
    // Deleting relies on files that others stored, which must be durable first.
    if (file.kind != FileKind::lock) {
      const auto begun = durability_.begin(session);
      session.finish();
      durability_.begun(begun.get());
    }
    if (remove_sftp_files(session, {layout_.path_of(file)}) == 0) {
      require_present(session);
      return;
    }
    durability_.note_change(layout_.folder_of(file));
  });
}

void SftpBackend::sync_found() {
  with_session([this](SftpSession& session) {
    const auto begun = durability_.begin(session);
    session.finish();
    durability_.begun(begun.get());
  });
}

std::uint64_t SftpBackend::remove_leftovers() {
  return with_session([this](SftpSession& session) {
    std::vector<std::string> folders = layout_.folders();
    folders.front() = root();
    return remove_sftp_leftovers(session, folders);
  });
}

}  // namespace

std::unique_ptr<Backend> make_sftp_backend(const std::string& address,
                                           const RemoteOptions& options) {
  const SftpAddress where = parse_sftp_address(address);
  const unsigned connections = sftp_connections(options);
  const std::string location = "sftp:" + address;
  // What is wrong with the options is said now and not at the first request.
  const std::vector<std::string> asking = sftp_command(where, options, true);
  const std::vector<std::string> silent = sftp_command(where, options, false);
  const std::chrono::seconds stuck_timeout = options.stuck_request_timeout;
  const bool library_words = options.library_words;
  const std::stop_token interrupt = options.stop;
  const auto connect = [=](bool may_ask, const std::stop_token& stop) {
    return std::make_unique<SftpSession>(SftpSetup{.command = may_ask ? asking : silent,
                                                   .location = location,
                                                   .stuck_timeout = stuck_timeout,
                                                   .library_words = library_words,
                                                   .stop = stop,
                                                   .interrupt = interrupt});
  };
  return std::make_unique<SftpBackend>(location, where.path, connections, connect);
}

}  // namespace medsave
