#pragma once

#include "deferred_work.hpp"
#include "extra_guard.hpp"
#include "node_metadata.hpp"
#include "restore_log.hpp"
#include "restore_target.hpp"
#include "target_entry.hpp"
#include "temporary_file.hpp"

#include "medsave/repo/blob_reader.hpp"
#include "medsave/restore/restorer.hpp"
#include "medsave/sys/remove_tree.hpp"

#include <set>
#include <string>

namespace medsave {

/// What the stages of one restore share. All of it is thread-safe where stages are threaded.
struct RestoreContext {
  const BlobReader& reader;
  const RestoreRequest& request;
  const MetadataWriter& metadata;
  RestoreTarget& target;
  DeferredWork& deferred;
  RestoreLog& log;
  ExtraGuard& guard;
  const std::set<FileKey>& kept;  // the repository, what opens it, what holds them: never removed
  const Timestamp begun = {};     // by the clock of files
  const bool dry_run = false;     // tells what would be done, and changes nothing

  /// Whether the patterns leave anything out.
  [[nodiscard]] bool filtered() const {
    return !request.excludes.empty() || !request.includes.empty();
  }
  /// Whether somebody made, wrote or moved it here since the restore began. Where this one has
  /// replaced another name of it, ctime tells nothing. Of a folder: whether it was moved here with
  /// all that is in it; where only entries came or went, each one is asked for.
  [[nodiscard]] bool came_meanwhile(const FileInfo& entry) const {
    if (entry.is_dir()) return entry.ctime >= begun && entry.mtime < begun;
    return entry.ctime >= begun && !(entry.mtime < begun && deferred.is_noted(entry));
  }
  /// What may go from a folder to make room. A full folder may hold what patterns protect.
  [[nodiscard]] Clearing clearing(std::uint32_t dir) const {
    if (!request.delete_extra || filtered()) {
      return {.has_patterns = request.delete_extra, .kept = kept};
    }
    // Only where there is such a folder, its path is needed.
    return {.full_folders = true,
            .kept = kept,
            .judge = [this, dir](const std::string& path,
                                 DirHandle folder) { return judge_in(dir)(path, folder); },
            .all_well = log.problems() == 0,
            .is_newer = [this](const FileInfo& entry) { return came_meanwhile(entry); },
            .removed =
                [this, dir](const std::string& name, std::uint64_t entries) {
                  log.deleted(target.path(dir, name), entries);
                }};
  }
  [[nodiscard]] RemovalJudge judge_in(std::uint32_t dir) const {
    return guard.judge_in(dir == RestoreTarget::kRoot ? std::string() : target.path(dir));
  }
  void report_problem(std::uint32_t dir, const std::string& name, const std::string& message,
                      RestoreFault fault = RestoreFault::either) const {
    log.problem(target.path(dir, name), message, fault);
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
  void apply_metadata(std::uint32_t dir, const SharedDir& fd, const std::string& name,
                      const NodeMetadata& wanted, bool fresh) const {
    metadata.apply(fd->get(), name, wanted, !fresh || target.bequeaths_xattrs(dir),
                   [&](const std::string& message) { report_problem(dir, name, message); });
  }
  [[nodiscard]] NewName new_name(std::uint32_t dir, const std::string& name) const {
    return {.own = name, .temporary = target.temporary_name(dir, name)};
  }
  /// As apply_metadata() for what was made just now and has its temporary name yet.
  void dress(std::uint32_t dir, const SharedDir& fd, const NewName& name,
             const NodeMetadata& wanted) const {
    metadata.apply(fd->get(), name.temporary, wanted, target.bequeaths_xattrs(dir),
                   [&](const std::string& message) {
                     report_problem(dir, name.own, with_own_name(message, name));
                   });
  }
};

}  // namespace medsave
