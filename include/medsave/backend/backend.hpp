#pragma once

// backend: whole files of a repository by kind and id, on some medium, without knowledge of their
// content. Begin here: Backend is the interface of all media. local_backend.hpp is a folder (those
// of servers are in the area remote); the other headers are decorators, which add a cache, a rate
// limit or a condition for writing to another backend.

#include "medsave/backend/file_ref.hpp"
#include "medsave/base/bytes.hpp"
#include "medsave/base/id.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace medsave {

struct ListedFile {
  Id id = {};
  std::uint64_t size = 0;  // bytes
};

/// Requests and bytes since the backend was opened.
struct Traffic {
  std::uint64_t requests = 0;
  std::uint64_t sent = 0;      // bytes of content
  std::uint64_t received = 0;  // likewise
};

/// What is read first when a repository is opened; see Backend::load_opening().
struct Opening {
  std::optional<Buffer> config = {};
  std::optional<std::vector<ListedFile>> keys = {};
  std::optional<std::vector<ListedFile>> locks = {};
};

/// Whole immutable files by kind and id on some medium; knows nothing of their content.
/// Thread-safe. Every implementation passes tests/support/backend_contract.hpp.
///
/// Errors: not_found for a missing file, no_space, read_only, permission, io, corrupt for a file
/// that is shorter than asked for.
class Backend {
 public:
  virtual ~Backend() = default;

  /// Where it is, for messages; never shows a password.
  [[nodiscard]] virtual std::string location() const = 0;
  /// How many requests at a time serve it best.
  [[nodiscard]] virtual unsigned connections() const = 0;

  /// Makes the empty layout. Fine if it exists.
  virtual void create() = 0;

  /// Stores a file. It becomes visible as a whole or not at all, perhaps only after this has
  /// returned, and need not be durable before barrier(). The backend may move from `data` and write
  /// it in the background; after an Error(io) it is unchanged, so that the caller can try again.
  virtual void save(const FileRef& file, Buffer&& data) = 0;
  /// `check` is called when an index, snapshot, key or config is about to become visible, where
  /// that comes some time after save() began. save() throws what it throws, and the file does not
  /// become visible.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): those that override it keep it.
  virtual void before_publishing(std::function<void()> /*check*/) {}
  /// Returns when everything saved before is visible and durable, directory entries included.
  /// Throws the first failure of a write in the background; that file is not visible then.
  virtual void barrier() = 0;

  /// Returns when the files that were listed or read before are durable too: the process that
  /// stored them may have been killed before it made them so. To be called before a command reports
  /// a success that relies on files it found, if it has stored nothing; storing and deleting do
  /// this themselves.
  virtual void sync_found() {}

  /// Whole file into `out` (replaced). Throws Error(corrupt) above `limit` bytes.
  virtual void load(const FileRef& file, std::uint64_t limit, Buffer& out) = 0;
  /// Exactly `length` bytes from `offset` into `out` (replaced).
  virtual void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                          Buffer& out) = 0;
  /// A hint: this range will not be loaded again soon, so it need not stay in the page cache.
  virtual void done_reading(const FileRef& /*file*/, std::uint64_t /*offset*/,
                            std::size_t /*length*/) {}
  /// What this computer's memory holds of the file is given up, so far as the medium has it (after
  /// barrier(): all of it). The next load then shows what the medium has, where this is a folder of
  /// this computer. Has no effect on a server, which is always asked, and which may answer from
  /// memory of its own. Never throws: the next load tells what is wrong.
  virtual void drop_from_memory(const FileRef& /*file*/) {}
  /// Size in bytes, nullopt when the file does not exist.
  virtual std::optional<std::uint64_t> size(const FileRef& file) = 0;
  /// Files of one kind (not config), in any order; other names than ids are left out. An empty list
  /// means that there are no files: it is an error when that cannot be found out, or when the
  /// folder of this kind is missing in a repository that has a config.
  virtual std::vector<ListedFile> list(FileKind kind) = 0;
  /// Whether every file that list() returns can be read. False for a server that lists packs in any
  /// folder, but reads them only from the right one.
  [[nodiscard]] virtual bool list_proves_names() const { return true; }
  /// Requests all of it at the same time, where that saves waiting. A member without a value was
  /// not requested, or is missing, or failed: load() and list() find out which.
  virtual Opening load_opening() { return {}; }
  /// Deletes; a missing file is not an error.
  virtual void remove(const FileRef& file) = 0;
  /// Deletes a file that was stored just now without calling the check of before_publishing(): for
  /// when that check does not allow anything any more.
  virtual void remove_unguarded(const FileRef& file) { remove(file); }
  /// Stores another config in place of the one there is; durable when it returns. Atomic where the
  /// medium can do that. Elsewhere (as in this default) the old one is deleted first, and stored
  /// again if the new one cannot be stored.
  virtual void replace_config(Buffer data);

  /// Removes partial files that a killed writer left, where they are so old that nobody can still
  /// be writing them. Only while no other process writes. Returns the bytes freed.
  virtual std::uint64_t remove_leftovers() = 0;

  /// Frees the space that is reserved for deleting on a full medium. Returns whether any was freed.
  virtual bool give_up_reserve() { return false; }
  /// Reserves that space again, in a repository that had it, once enough is free. Never throws:
  /// without the reserve only deleting on a full medium is harder.
  virtual void renew_reserve() {}

  /// False where files can be added but not deleted (an append-only server). May ask the server.
  virtual bool can_delete() { return true; }
  /// Makes sure that an existing file is protected against deletion for the time asked for when
  /// the backend was opened (see make_s3_backend()), counted from now. Whether anything had to be
  /// extended; false as well where no such time was asked for.
  virtual bool retain(const FileRef& /*file*/) { return false; }
  /// Zero for media that are not remote.
  [[nodiscard]] virtual Traffic traffic() const { return {}; }
};

}  // namespace medsave
