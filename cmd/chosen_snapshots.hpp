#pragma once

#include "medsave/snap/snapshot_finder.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace medsave::cli {

class Context;

/// The word for the newest snapshot, in place of an id.
inline const std::string kLatestSnapshot = "latest";

/// All snapshots, to look for the one that `id` means. A damaged one is a warning, but an error
/// when the latest is wanted: it might be that one, and an older state must not pass for it.
std::vector<SnapshotEntry> load_candidates(const Repository& repository, const std::string& id,
                                           const std::stop_token& stop, Context& context);

/// What the snapshots that `ids` name, or all where there are none, are chosen from.
struct ReadableSnapshots {
  std::vector<SnapshotEntry> snapshots = {};
  unsigned long unreadable = 0;  // that may be meant
};
/// A damaged one is a warning, but an error when the latest is among those meant, as in
/// load_candidates().
ReadableSnapshots load_to_choose(const Repository& repository, const std::vector<std::string>& ids,
                                 const std::stop_token& stop, Context& context);
/// For the end of a command: throws CommandFailed when not all that were meant could be read.
void require_all_read(const ReadableSnapshots& loaded);

/// What a name that fits no snapshot is. As restic, the program only warns.
enum class UnknownName {
  refused,         // an error
  latest_ignored,  // an error, but no latest is a warning
};

/// Those that `ids` name, in that order and once each, or all that fit the filter, oldest first.
std::vector<SnapshotEntry> choose_snapshots(const std::vector<SnapshotEntry>& all,
                                            const std::vector<std::string>& ids,
                                            const SnapshotFilter& filter, UnknownName unknown,
                                            Context& context);

/// For commands that are taken to have done something: throws Error(not_found) when a filter fits
/// none of `all`. As restic, the program only does nothing.
void require_chosen(const std::vector<SnapshotEntry>& chosen, const std::vector<SnapshotEntry>& all,
                    const Context& context);

/// For the others, where no snapshot was named: says why there is nothing to do or show. Not as
/// restic.
void tell_none_chosen(const std::vector<SnapshotEntry>& all, const Repository& repository,
                      Context& context);

}  // namespace medsave::cli
