#pragma once

#include "medsave/base/progress.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/snap/path_filter.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace medsave {

enum class Overwrite { always, if_changed, if_newer, never };
std::optional<Overwrite> parse_overwrite(std::string_view text);

struct RestoreRequest {
  Id tree = {};              // root of what is restored (a snapshot's tree or a subfolder's)
  std::string target = {};   // directory; made if missing
  PathFilter excludes = {};  // at most one of the two is non-empty
  PathFilter includes = {};
  PathFilter exclude_xattrs = {};  // on attribute names ("user.*"), matched as a single component
  PathFilter include_xattrs = {};
  Overwrite overwrite = Overwrite::always;
  bool delete_extra = false;  // remove what the snapshot does not have (within the filters)
  bool dry_run = false;
  bool verify = false;  // read back and compare after restoring
  bool sparse = false;
  bool ownership_by_name = false;
};

enum class RestoreAction { restored, updated, unchanged, deleted, skipped };

struct RestoreItem {
  std::string path = {};  // within the snapshot, "/srv/a"
  RestoreAction action = RestoreAction::restored;
  std::uint64_t size = 0;  // bytes
};

struct RestoreProblem {
  std::string path = {};
  std::string message = {};
};

/// Callbacks come from any thread, one at a time per sink.
struct RestoreSinks {
  std::function<void(const RestoreProblem&)> problem = {};
  std::function<void(const RestoreItem&)> item = {};  // empty: not collected
  NoticeSink notice = {};
};

struct RestoreResult {
  std::uint64_t files_total = 0;  // including folders and specials
  std::uint64_t files_restored = 0;
  std::uint64_t files_skipped = 0;
  std::uint64_t files_deleted = 0;
  std::uint64_t bytes_total = 0;
  std::uint64_t bytes_restored = 0;
  std::uint64_t bytes_skipped = 0;
  std::uint64_t problems = 0;
  std::uint64_t files_verified = 0;
};

/// Restores below `target` and nowhere else: every step works on directory descriptors opened
/// without following symlinks, names are judged by is_safe_name, duplicates are refused. Blobs
/// are grouped by pack, each needed range is read once, opened on all cores and written at its
/// offset; metadata follows, directories last. A file any of whose blobs fails is reported and
/// never silently wrong. In place only differing parts are written.
/// Problems go to the sink (exit 1 at the end). Throws Error for the target itself.
RestoreResult run_restore(const BlobReader& reader, const RestoreRequest& request,
                          const RestoreSinks& sinks, Progress& progress,
                          const std::stop_token& stop);

}  // namespace medsave
