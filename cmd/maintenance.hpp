#pragma once

#include "context.hpp"

#include "medsave/maintain/snapshot_change.hpp"
#include "medsave/repo/blob_writer.hpp"

#include <cstddef>

namespace medsave::cli {

/// How new packs are written, as the global options say.
BlobWriterOptions chosen_writer_options(const GlobalOptions& global);

/// Says what becomes of each snapshot. `tell_all`: also what is left out of it.
SnapshotChangeEvents snapshot_change_events(Context& context, bool dry_run, bool forget,
                                            bool tell_all);
/// "modified 2 snapshots"
void print_changed_snapshots(std::size_t count, bool dry_run, Context& context);

}  // namespace medsave::cli
