#include "finish_stage.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/metadata.hpp"
#include "medsave/sys/remove_tree.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace medsave {

void FinishStage::run(const std::stop_token& stop) {
  // Extras are removed only after a restore without problems: one may be the only copy of a file
  // that could not be restored.
  if (context_.log.problems() == 0) {
    if (context_.request.is_derived && !context_.deferred.extras.empty()) {
      context_.log.notice(
          _("the snapshot is not the backup's own but one made of it (by rewrite, repair, tag or "
            "copy): what may have been taken out of it then is removed from the target too"));
    }
    remove_extras(stop);
  } else {
    tell_of_extras();
  }
  for (std::uint32_t dir = context_.target.count() - 1; dir != RestoreTarget::kRoot; --dir) {
    check_stop(stop);
    if (context_.target.is_ready(dir)) finish_dir(dir);
  }
  finish_root();
  context_.guard.report();
  tell_of_sockets();
  tell_of_newer();
}

void FinishStage::remove_extras(const std::stop_token& stop) {
  for (const ExtraEntry& extra : context_.deferred.extras) {
    check_stop(stop);
    try {
      remove_extra(extra);
    } catch (const Error& e) {
      context_.item_failed(extra.dir, extra.name, e);
    }
  }
}

void FinishStage::tell_of_extras() const {
  const unsigned long count = context_.deferred.extras.size();
  if (count == 0) return;
  context_.log.notice(format_text(
      n_("because not everything could be restored, {} file or folder that the snapshot does not "
         "have was left; the same command removes it once all is well",
         "because not everything could be restored, {} files and folders that the snapshot does "
         "not have were left; the same command removes them once all is well",
         count),
      count));
}

void FinishStage::remove_extra(const ExtraEntry& extra) {
  const SharedDir dir = context_.target.open(extra.dir);
  if (const auto there = lstat_at(dir->get(), extra.name)) {
    refuse_to_remove(context_.kept, there->key());
  }
  const RemovalJudge judge = context_.judge_in(extra.dir);
  std::uint64_t sockets = 0;
  const NewerJudge stays = [&](const FileInfo& entry) {
    if (entry.is_socket()) {
      ++sockets;
      return true;
    }
    return !context_.dry_run && context_.came_meanwhile(entry);
  };
  const TreeRemoval removal = context_.dry_run
                                  ? count_tree_at(dir->get(), extra.name, judge, stays)
                                  : remove_tree_at(dir->get(), extra.name, judge, stays);
  sockets_ += sockets;
  newer_ += removal.newer - sockets;
  if (removal.entries == 0) return;
  context_.log.deleted(context_.target.path(extra.dir, extra.name), removal.entries);
}

/// A backup saves none, so that their absence from the snapshot says nothing.
void FinishStage::tell_of_sockets() const {
  const unsigned long count = sockets_;
  if (count == 0) return;
  context_.log.notice(
      format_text(n_("{} socket of the target was kept, since no backup saves sockets",
                     "{} sockets of the target were kept, since no backup saves sockets", count),
                  count));
}

void FinishStage::tell_of_newer() const {
  const unsigned long count = newer_;
  if (count == 0) return;
  context_.log.notice(format_text(
      n_("{} file of the target was kept although the snapshot does not have it: it came there, or "
         "was changed, while the restore was running",
         "{} files of the target were kept although the snapshot does not have them: they came "
         "there, or were changed, while the restore was running",
         count),
      count));
}

void FinishStage::finish_dir(std::uint32_t dir) {
  const std::uint32_t parent = context_.target.parent(dir);
  const std::string name = context_.target.name(dir);
  try {
    if (!context_.dry_run) {
      context_.target.require_in_place(dir);
    }
    if (!context_.target.is_restored(dir)) {
      if (const std::optional<std::uint32_t> mode = context_.target.mode_before(dir)) {
        set_permissions_at(context_.target.open(parent)->get(), name, *mode);
      }
      return;
    }
    if (!context_.dry_run) {
      context_.apply_metadata(parent, context_.target.open(parent), name,
                              context_.target.metadata(dir), context_.target.is_fresh(dir));
    }
    const bool there = context_.target.existed(dir);
    context_.log.folder_restored(there);
    context_.finished(parent, name, there ? RestoreAction::entered : RestoreAction::restored, 0);
  } catch (const Error& e) {
    context_.item_failed(parent, name, e);
  }
}

/// Gives the target the metadata of the folder that is restored as it, unless it was a folder in
/// use.
void FinishStage::finish_root() {
  if (!context_.dry_run) {
    try {
      context_.target.require_in_place(RestoreTarget::kRoot);
    } catch (const Error& e) {
      context_.log.item_failed("/", e);
    }
  }
  if (!context_.target.becomes_folder()) return;
  Node folder = *context_.request.folder;
  const SharedDir root = context_.target.open(RestoreTarget::kRoot);
  context_.metadata.apply(root->get(), ".", context_.metadata.prepare(folder), true,
                          [&](const std::string& message) { context_.log.problem("/", message); });
}

}  // namespace medsave
