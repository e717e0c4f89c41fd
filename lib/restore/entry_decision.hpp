#pragma once

#include "medsave/base/clock.hpp"
#include "medsave/base/error.hpp"
#include "medsave/format/node.hpp"
#include "medsave/restore/restorer.hpp"
#include "medsave/sys/file_info.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace medsave {

/// What is done with an entry.
enum class EntryAction : std::uint8_t {
  pass_by,  // skip it: a socket cannot be restored
  make,     // create it
  replace,  // remove what is in its place, then create it
  compare,  // decide by content: decide_compared()
  correct,  // write the pieces that differ
  cut,      // truncate the file
  keep,     // leave what is in its place
  enter,    // use the folder in its place
  link,     // make a hard link to a restored entry
  remove,   // delete it: the snapshot does not have it
  refuse,   // report it: refusal(), or another Error
};
inline constexpr std::size_t kEntryActions = 11;

/// Why an action was chosen. The comments say what was found.
enum class Reason : std::uint8_t {
  nothing_there,
  other_kind,       // something else than a file is in a file's place
  whole_folder,     // a folder is in its place, and goes with what is in it
  empty_folder,     // a folder is in its place, and goes only if nothing is in it
  made_anew,        // links and devices are not compared
  file_for_folder,  // a file or link is in a folder's place
  is_folder,        // as in the snapshot
  content_unknown,  // not compared yet
  content_differs,
  longer,  // the content is right, but more follows it
  same_content,
  has_other_names,  // hard links, which writing would change too
  not_ours,         // its mode cannot be set to mark it unfinished
  written_whole,    // under_temporary_names: never corrected in place
  another_name,     // of what is restored
  overwrite_never,  // as --overwrite asks, and so the next one
  overwrite_if_newer,
  like_unfinished,  // by its mode, which the snapshot's file has too
  socket,
  unknown_type,
  opens_repository,  // and differs from what the snapshot has
  damaged,           // in the snapshot, while what is there may be whole
  not_chosen,        // a folder that only leads to what was chosen
  leads_to_sources,  // a folder that only leads to what was saved
  source_is_link,    // a link is in the place of a folder that was named to be saved
  failed,            // it could not be planned, as its Error says
};

struct Decision {
  EntryAction action = EntryAction::pass_by;
  Reason reason = Reason::socket;

  friend bool operator==(const Decision&, const Decision&) = default;
};

/// What was asked for, as far as it decides.
struct RestorePolicy {
  Overwrite overwrite = Overwrite::always;
  bool clears_folders = false;  // with what is in them: --delete, and no patterns protect anything
  bool whole_files = false;     // RestoreRequest::under_temporary_names
};
RestorePolicy restore_policy(const RestoreRequest& request);

/// For all but folders. `present`: what has the node's name in the target; `opens_repository`: it
/// opens the repository, and the snapshot has something else.
Decision decide_entry(const Node& node, const std::optional<FileInfo>& present,
                      bool opens_repository, const RestorePolicy& policy);

/// For a file of whose content the repository has only a part.
Decision decide_damaged(const Decision& otherwise, const std::optional<FileInfo>& present);

/// What comparing a file with the snapshot's has shown.
struct Comparison {
  bool complete = false;  // nothing is to be written
  bool same_size = false;
  bool same_metadata = false;  // time, owner and permissions
  bool has_other_names = false;
  bool can_be_marked = true;  // as unfinished, by its mode
};
Decision decide_compared(const Comparison& found, const RestorePolicy& policy);

/// Whether this path within the snapshot is one that was to be saved.
bool is_source(const std::string& path, const RestoreRequest& request);
/// Whether the snapshot has this folder, a path within it, only because it is above what was saved.
bool leads_to_sources(const std::string& folder, const RestoreRequest& request);

/// Of a folder: how the snapshot has it, and how it is reached.
struct FolderFacts {
  Timestamp mtime = {};
  bool chosen = false;            // itself, not only what is below it
  bool leads_to_sources = false;  // it is in the snapshot only as the way to what was saved
  bool is_source = false;         // it was named to be saved
  bool opens_repository = false;  // what is in its place, as in decide_entry()
};
Decision decide_folder(const FolderFacts& folder, const std::optional<FileInfo>& present,
                       const RestorePolicy& policy);

/// What to tell of an entry for which the decision is to refuse. `name`: its own.
Error refusal(Reason reason, const std::string& name);

}  // namespace medsave
