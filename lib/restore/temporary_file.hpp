#pragma once

#include "deferred_work.hpp"
#include "target_entry.hpp"

#include "medsave/sys/dir_handle.hpp"
#include "medsave/sys/fd.hpp"

#include <functional>
#include <optional>
#include <string>

namespace medsave {

/// RestoreRequest::under_temporary_names: a file is written beside its place and gets its name when
/// it is complete, so that at any time either what was there or all of what the snapshot has is
/// found under that name. Always the same name is used for it, so that what a restore leaves that
/// is killed does not pile up. `variant`: another one, for where the first is that of an entry of
/// the snapshot.
std::string unfinished_name(const std::string& name, unsigned variant = 0);
/// Whether a name may be one of these.
bool is_like_unfinished(const std::string& name);

/// Under which two names an entry is made, one after the other.
struct NewName {
  const std::string& own;
  std::string temporary;
};

/// Creates the temporary file, marked as unfinished. One that an earlier restore left goes first.
UniqueFd create_temporary(DirHandle dir, const NewName& name);

/// Gives a complete entry its name. What was `seen` there, if anything, goes; what came into being
/// since stays, and is an Error(exists).
void put_in_place(DirHandle dir, const NewName& name, const std::optional<SeenEntry>& seen,
                  const Clearing& clearing);

/// Makes a link, device or fifo, which bears no mark while it is unfinished: under the temporary
/// name, so that whatever ends this program it has its own name only with its metadata. `make` is
/// given that name; `dress` sets the metadata, then comes put_in_place().
void make_complete(DirHandle dir, const NewName& name, const std::optional<SeenEntry>& seen,
                   const Clearing& clearing,
                   const std::function<void(const std::string& temporary)>& make,
                   const std::function<void()>& dress);
/// A message about the entry by its own name.
std::string with_own_name(std::string message, const NewName& name);

}  // namespace medsave
