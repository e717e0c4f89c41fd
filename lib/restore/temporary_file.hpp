#pragma once

#include "restore_plan.hpp"
#include "target_entry.hpp"

#include "medsave/sys/dir_handle.hpp"
#include "medsave/sys/fd.hpp"

#include <string>

namespace medsave {

/// RestoreRequest::under_temporary_names: a file is written beside its place and gets its name when
/// it is complete, so that at any time either what was there or all of what the snapshot has is
/// found under that name. Always the same name is used for it, so that what a restore leaves that
/// is killed does not pile up.
std::string unfinished_name(const std::string& name);

/// Creates the temporary file, marked as unfinished. One that an earlier restore left goes first.
UniqueFd create_temporary(DirHandle dir, const std::string& name);

/// Gives a planned file its name. What was seen there goes; what came into being since stays, and
/// is an Error(exists).
void put_in_place(DirHandle dir, const PlannedFile& file, const Clearing& clearing);

/// Of a file that does not get its name.
void remove_temporary(DirHandle dir, const std::string& name);

}  // namespace medsave
