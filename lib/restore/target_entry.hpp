#pragma once

#include "medsave/base/clock.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/unix_mode.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/metadata.hpp"
#include "medsave/sys/remove_tree.hpp"

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace medsave {

/// Some file systems take two names for one entry: upper and lower case are equal, accents are
/// stored in one form, a trailing dot is dropped. Two names of a snapshot's folder that end in one
/// entry are an error, for either's content would replace the other's. Such an entry is listed
/// under one of the names only, which tells it from a file with several hard links.

/// What planning found under a name, to recognise it later. Type and mtime are compared too, since
/// inode numbers are used again. ctime is not, because it changes when another link is made.
struct SeenEntry {
  FileKey key = {};
  Timestamp mtime = {};
  std::uint32_t type = 0;  // the type bits of st_mode

  [[nodiscard]] bool is_folder() const { return type == unix_mode::kDir; }
};
SeenEntry seen_entry(const FileInfo& info);

/// Permissions of a regular file until it is complete, whatever ends this program. The sticky bit
/// means nothing on a file, so that the next restore knows one that was left unfinished.
inline constexpr unsigned kUnfinished = 01600;
[[nodiscard]] bool is_unfinished(const FileInfo& file);

/// Whether `now` can be the entry that was `seen` before; `fd` is on their file system, which may
/// not keep inode numbers.
template <typename Handle>
bool is_same_entry(Handle handle, const FileKey& seen, const FileKey& now) {
  return seen == now || (seen.device == now.device && !keeps_inode_numbers(handle));
}
/// The names in a folder, by a descriptor of its own: `dir` may be in use by other threads.
std::vector<std::string> names_in(DirHandle dir);
/// Whether a folder lists all these names letter by letter.
bool lists_all(DirHandle dir, std::initializer_list<std::string> names);
[[noreturn]] void throw_not_told_apart(const std::string& first, const std::string& second);
/// After `name` turned out to exist unexpectedly: throws an error that names the entry the target
/// takes for it, or `error` when it is listed under this very name.
[[noreturn]] void throw_unexpected(DirHandle dir, const std::string& name, const Error& error);

/// Calls `make`, which creates `name` and fails where something is.
template <typename Make>
auto make_new_entry(DirHandle dir, const std::string& name, const Make& make) {
  try {
    return make();
  } catch (const Error& e) {
    if (e.code() != Errc::exists) throw;
    throw_unexpected(dir, name, e);
  }
}

/// What may be removed to make room.
struct Clearing {
  bool full_folders = false;      // with all they hold; else only empty ones
  bool has_patterns = false;      // why not, though --delete was given
  const std::set<FileKey>& kept;  // folders that stay all the same
  RemovalJudge judge = {};        // of what is in a full folder; a folder of which it keeps
                                  // anything stays whole
  // Nothing has failed so far. Else full folders stay: what could not be restored may be in them.
  bool all_well = true;
  NewerJudge is_newer = {};  // a full folder stays also for what this says of an entry in it
  // Is told of each full folder that went, and of how many entries with it.
  std::function<void(const std::string& name, std::uint64_t entries)> removed = {};
};

/// Throws Error(exists) for what is `kept`: it is or holds the repository or its password's file.
void refuse_to_remove(const std::set<FileKey>& kept, const FileKey& folder);

/// Whether something else than a folder has this name, and is what was `seen`.
bool is_file_as_seen(DirHandle dir, const std::string& name, const SeenEntry& seen);

/// Makes room for a new entry: removes what was `seen` of that name, a file or a folder as far as
/// `clearing` allows. Throws Error(exists) for other folders, and for whatever came into being
/// since, this run's own entries above all.
void clear_way(DirHandle dir, const std::string& name, const std::optional<SeenEntry>& seen,
               const Clearing& clearing);
/// What clear_way() would do to a folder of that name: tells of it as removed, or throws.
void foresee_clearing(DirHandle dir, const std::string& name, const Clearing& clearing);

}  // namespace medsave
