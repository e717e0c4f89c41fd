#pragma once

#include "node_metadata.hpp"
#include "restore_log.hpp"
#include "restore_plan.hpp"
#include "target_tree.hpp"

#include "medsave/repo/blob_reader.hpp"
#include "medsave/restore/restorer.hpp"

#include <string>

namespace medsave {

/// What the stages of one restore share. All of it is thread-safe where stages are threaded.
struct RestoreContext {
  const BlobReader& reader;
  const RestoreRequest& request;
  const MetadataWriter& metadata;
  TargetTree& target;
  RestorePlan& plan;
  RestoreLog& log;

  void report_problem(std::uint32_t dir, const std::string& name,
                      const std::string& message) const {
    log.problem(target.path(dir, name), message);
  }
  void item_failed(std::uint32_t dir, const std::string& name, const Error& error) const {
    log.item_failed(target.path(dir, name), error);
  }
  void finished(std::uint32_t dir, const std::string& name, RestoreAction action,
                std::uint64_t size) const {
    log.finished(action, size);
    if (log.wants_items()) log.item(target.path(dir, name), action, size);
  }
  /// `fresh`: made by this run. Problems are reported for the entry.
  void apply_metadata(std::uint32_t dir, const SharedFd& fd, const std::string& name,
                      const NodeMetadata& wanted, bool fresh) const {
    metadata.apply(fd->get(), name, wanted, !fresh || target.bequeaths_xattrs(dir),
                   [&](const std::string& message) { report_problem(dir, name, message); });
  }
};

}  // namespace medsave
