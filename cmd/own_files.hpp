#pragma once

#include "context.hpp"

#include "medsave/archive/archiver.hpp"

namespace medsave::cli {

/// Keeps a backup from growing with every run by itself: what the program has made of the
/// repository and of its cache is left out, and said where it lies in a source. Files of others in
/// the same folders are saved like all others.
void leave_out_own_files(BackupRequest& request, Context& context);

}  // namespace medsave::cli
