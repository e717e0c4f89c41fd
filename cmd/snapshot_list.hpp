#pragma once

#include "identity.hpp"

#include "medsave/snap/snapshot_finder.hpp"

#include <string>
#include <vector>

namespace medsave::cli {

class Context;

/// The snapshot's fields, `id` and `short_id` (restic's documentation, "Scripting").
std::string snapshot_json(const SnapshotEntry& entry);
/// An array of such objects.
std::string snapshots_json(const std::vector<SnapshotEntry>& snapshots);
/// `["a"]`, or null for an empty list, as Go writes it.
std::string array_or_null(const std::vector<std::string>& texts);

/// A table for people. `reasons`, if any, are the lines of a further column, in the same order.
void print_snapshots(const std::vector<SnapshotEntry>& snapshots,
                     const std::vector<std::vector<std::string>>& reasons, bool compact,
                     Context& context);

/// "snapshots of host a, path /b:"; empty when all are in one group.
std::string group_heading(const SnapshotGroup& group, const GroupBy& by, Identity identity);

}  // namespace medsave::cli
