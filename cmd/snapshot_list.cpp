#include "snapshot_list.hpp"

#include "context.hpp"
#include "snapshot_options.hpp"

#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/format/snapshot.hpp"
#include "medsave/format/time_text.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/ui/display_text.hpp"
#include "medsave/ui/table.hpp"

#include <utility>

namespace medsave::cli {

std::string snapshot_json(const SnapshotEntry& entry) {
  JsonObject ids;
  ids.add("id", entry.id.hex()).add("short_id", entry.id.short_hex());
  return merge_json(encode_snapshot(entry.snapshot), ids);
}

std::string snapshots_json(const std::vector<SnapshotEntry>& snapshots) {
  std::string out = "[";
  for (const SnapshotEntry& entry : snapshots) {
    if (out.size() > 1) out += ',';
    out += snapshot_json(entry);
  }
  return out + "]";
}

std::string array_or_null(const std::vector<std::string>& texts) {
  return texts.empty() ? "null" : json_array(texts);
}

void print_snapshots(const std::vector<SnapshotEntry>& snapshots,
                     const std::vector<std::vector<std::string>>& reasons, bool compact,
                     Context& context) {
  const auto shown = [&](const std::vector<std::string>& texts, const std::string& separator) {
    std::vector<std::string> names;
    names.reserve(texts.size());
    for (const std::string& text : texts) names.push_back(escape_for_terminal(text));
    return join(names, separator);
  };
  const bool with_reasons = !compact && !reasons.empty();
  Table table;
  table.add_column({.heading = _("ID")});
  table.add_column({.heading = _("Time")});
  // With reasons, Host goes before Tags (most groups of a policy are of one host), and Reasons
  // last.
  constexpr unsigned kFirst = 5;
  constexpr std::size_t kReason = 23;  // columns
  constexpr std::size_t kPath = 20;    // beside the reasons; other columns go for it
  table.add_column({.heading = _("Host"), .wraps = true, .drop = with_reasons ? 4U : 3U});
  table.add_column({.heading = _("Tags"), .wraps = true, .drop = with_reasons ? 3U : 4U});
  if (with_reasons) {
    table.add_column({.heading = _("Reasons"), .wraps = true, .least = kReason, .drop = 1});
  }
  if (!compact) {
    table.add_column(
        {.heading = _("Paths"), .wraps = true, .least = with_reasons ? kPath : 0, .drop = 2});
  }
  // Piped output has restic's alignment.
  const bool for_people =
      context.console.out_is_terminal() && context.identity == Identity::medsave;
  table.add_column({.heading = _("Size"), .right = for_people, .drop = kFirst});
  for (std::size_t i = 0; i < snapshots.size(); ++i) {
    const Snapshot& s = snapshots[i].snapshot;
    std::vector<std::string> row = {snapshots[i].id.short_hex(), format_local_time(s.time.instant),
                                    escape_for_terminal(s.hostname),
                                    shown(s.tags, compact ? "\n" : ",")};
    if (with_reasons) row.push_back(join(reasons[i], "\n"));
    if (!compact) row.push_back(shown(s.paths, "\n"));
    row.push_back(s.summary ? format_size(s.summary->total_bytes_processed) : std::string());
    table.add_row(std::move(row));
  }
  table.add_footer(_("Timestamps shown in local time"));
  const unsigned long count = snapshots.size();
  table.add_footer(format_text(n_("{} snapshot", "{} snapshots", count), count));
  context.print(table);
}

std::string group_heading(const SnapshotGroup& group, const GroupBy& by, Identity identity) {
  const bool as_restic = identity == Identity::restic;
  const auto list = [as_restic](const std::vector<std::string>& texts) {
    return as_restic ? join(texts, ", ") : enumerate(texts);
  };
  std::vector<std::string> parts;
  if (by.host && !group.hostname.empty()) {
    parts.push_back(format_text(_("host {}"), group.hostname));
  }
  if (by.tags && !group.tags.empty()) {
    parts.push_back(format_text(n_("tag {}", "tags {}", group.tags.size()), list(group.tags)));
  }
  if (by.paths && !group.paths.empty()) {
    parts.push_back(format_text(n_("path {}", "paths {}", group.paths.size()), list(group.paths)));
  }
  if (parts.empty()) return {};
  return format_text(_("snapshots, {}:"), join(parts, ", "));
}

}  // namespace medsave::cli
