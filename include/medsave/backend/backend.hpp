#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/base/id.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

enum class FileKind : std::uint8_t { config, key, lock, snapshot, index, pack };

/// "config", "key", "lock", "snapshot", "index", "pack" in the user's language, for messages.
std::string_view file_kind_name(FileKind kind);

/// One file of a repository. `id` is zero for config.
struct FileRef {
  FileKind kind = FileKind::config;
  Id id = {};
  friend bool operator==(const FileRef&, const FileRef&) = default;
};
/// "pack 3f2a01c9…" for messages; "config".
std::string describe(const FileRef& file);

struct ListedFile {
  Id id = {};
  std::uint64_t size = 0;  // bytes
};

/// What went over a line since the backend was opened.
struct Traffic {
  std::uint64_t requests = 0;
  std::uint64_t sent = 0;      // bytes of content
  std::uint64_t received = 0;  // likewise
};

/// What opening a repository begins with.
struct Opening {
  std::optional<Buffer> config = {};
  std::optional<std::vector<ListedFile>> keys = {};
  std::optional<std::vector<ListedFile>> locks = {};
};

/// Whole immutable files by kind and id on some medium; knows nothing of their content.
/// Thread-safe. Every implementation passes tests/unit/backend/contract_test.cpp.
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

  /// Stores a file. It appears whole or not at all, but perhaps later, and may not be durable
  /// yet when this returns: see barrier(). `data` may be taken over, so that writing can go on
  /// behind the caller's back; it is untouched after an Error(io), for another try.
  virtual void save(const FileRef& file, Buffer&& data) = 0;
  /// `check` is called when an index, snapshot, key or config is about to become visible, where
  /// that comes some time after save() began. What it throws, save() throws, and nothing is
  /// visible.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): those that override it keep it.
  virtual void before_publishing(std::function<void()> /*check*/) {}
  /// Returns when everything saved before is visible and durable, directory entries included.
  /// Throws the first failure of a write that went on in the background; what failed is not
  /// visible then.
  virtual void barrier() = 0;

  /// Returns when the names that were listed or read before are durable too, which a killed process
  /// may not have come to. For a success that rests on what was found, with nothing stored: storing
  /// and deleting see to that by themselves.
  virtual void sync_found() {}

  /// Whole file into `out` (replaced). Throws Error(corrupt) above `limit` bytes.
  virtual void load(const FileRef& file, std::uint64_t limit, Buffer& out) = 0;
  /// Exactly `length` bytes from `offset` into `out` (replaced).
  virtual void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                          Buffer& out) = 0;
  /// A hint: nobody here will load this range again soon, so it need not stay in memory.
  virtual void done_reading(const FileRef& /*file*/, std::uint64_t /*offset*/,
                            std::size_t /*length*/) {}
  /// Size in bytes, nullopt when the file does not exist.
  virtual std::optional<std::uint64_t> size(const FileRef& file) = 0;
  /// Files of one kind (not config), any order; names that are not ids are invisible. Empty is only
  /// what is: that it cannot be found out, or that the place of this kind is missing in a
  /// repository that has a config, is an error.
  virtual std::vector<ListedFile> list(FileKind kind) = 0;
  /// Whether what list() names can be opened by that name. False for a server that lists a pack
  /// wherever it lies: one whose folder got another name is in the list, but cannot be read.
  [[nodiscard]] virtual bool list_proves_names() const { return true; }
  /// All of it at the same time, where that saves waiting. What is absent was not asked for, or
  /// is missing, or failed: load() and list() tell.
  virtual Opening load_opening() { return {}; }
  /// Deletes; a missing file is not an error.
  virtual void remove(const FileRef& file) = 0;
  /// Deletes what was stored just now, although nothing may be stored or deleted any more: does not
  /// ask the check of before_publishing().
  virtual void remove_unguarded(const FileRef& file) { remove(file); }
  /// Stores another config in place of the one there is; durable when it returns. At once where
  /// the medium can do that. Elsewhere (as here) the old one is deleted first, and put back if the
  /// new one cannot be stored.
  virtual void replace_config(Buffer data);

  /// Removes partial files that a killed writer left, where they are so old that nobody can still
  /// be writing them. Only while no other process writes. Returns the bytes freed.
  virtual std::uint64_t remove_leftovers() = 0;

  /// Frees the space that is kept for deleting on a full medium. Whether any was freed.
  virtual bool give_up_reserve() { return false; }
  /// Keeps that space again, in a repository that had it, once the medium has room. Never throws:
  /// without it deleting is harder on a full medium, no more.
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
