#pragma once

#include "context.hpp"

#include "medsave/maintain/snapshot_change.hpp"
#include "medsave/repo/blob_writer.hpp"
#include "medsave/repo/index_load.hpp"
#include "medsave/repo/reliable_index.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string_view>
#include <vector>

namespace medsave::cli {

/// load_reliable_index(), with a warning about what is absent. `damaged` as there.
ReliableIndex load_index_for_writing(const Repository& repository, Context& context,
                                     const std::stop_token& stop,
                                     std::vector<IndexProblem>* damaged = nullptr);

/// How new packs are written, as the global options say.
BlobWriterOptions chosen_writer_options(const GlobalOptions& global);

/// Events that print what becomes of each snapshot that changes (as restic, also the names of the
/// others); with `tell_all` also each path that is left out.
SnapshotChangeEvents snapshot_change_events(Context& context, bool dry_run, bool forget,
                                            bool tell_all);
/// What every command that changes the repository ends --dry-run with.
void end_dry_run(Context& context);
/// As restic, what its progress line ends with: "[0:12] 100.00%  4 / 4 packs". Programs look for
/// it.
void print_restic_progress(std::uint64_t count, std::string_view noun, std::chrono::seconds elapsed,
                           Context& context);
/// "made 2 snapshots anew"
void print_changed_snapshots(std::size_t count, bool dry_run, Context& context);

}  // namespace medsave::cli
