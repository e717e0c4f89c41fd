#include "finish_stage.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/metadata.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace medsave {
namespace {

/// How many entries remove_tree_at() would remove.
std::uint64_t count_entries(int dir, const std::string& name) {
  const std::optional<FileInfo> info = lstat_at(dir, name);
  if (!info) return 0;
  std::uint64_t count = 1;
  if (!info->is_dir()) return count;
  const UniqueFd inside = open_dir_at(dir, name);
  for (const std::string& child : list_dir(inside.get())) {
    count += count_entries(inside.get(), child);
  }
  return count;
}

}  // namespace

void FinishStage::run(const std::stop_token& stop) {
  for (const PlannedLink& link : context_.plan.links) {
    check_stop(stop);
    try {
      make_link(link);
    } catch (const Error& e) {
      context_.item_failed(link.dir, link.name, e);
    }
  }
  for (const ExtraEntry& extra : context_.plan.extras) {
    check_stop(stop);
    try {
      remove_extra(extra);
    } catch (const Error& e) {
      context_.item_failed(extra.dir, extra.name, e);
    }
  }
  for (std::uint32_t dir = context_.target.count() - 1; dir != TargetTree::kRoot; --dir) {
    check_stop(stop);
    if (context_.target.is_ready(dir)) finish_dir(dir);
  }
}

void FinishStage::make_link(const PlannedLink& link) {
  const LinkSource& source = context_.plan.link_sources[link.source];
  if (source.file && !writer_.succeeded(*source.file)) {
    throw Error(Errc::corrupt,
                format_text(_("not restored: it shares the content of {}, which is damaged"),
                            context_.target.path(source.dir, source.name)));
  }
  if (context_.request.dry_run) {
    context_.finished(link.dir, link.name, RestoreAction::restored, 0);
    return;
  }
  const SharedFd from = context_.target.open(source.dir);
  const SharedFd to = context_.target.open(link.dir);
  const std::optional<FileInfo> wanted = lstat_at(from->get(), source.name);
  if (!wanted) {
    throw Error(Errc::not_found, format_text(_("not restored: {}, its other name, is not there"),
                                             context_.target.path(source.dir, source.name)));
  }
  const std::optional<FileInfo> present = lstat_at(to->get(), link.name);
  if (present && present->device == wanted->device && present->inode == wanted->inode) {
    context_.finished(link.dir, link.name, RestoreAction::unchanged, 0);
    return;
  }
  if (present) clear_way(to->get(), link.name, context_.request.delete_extra);
  make_link_at(from->get(), source.name, to->get(), link.name);
  context_.finished(link.dir, link.name, present ? RestoreAction::updated : RestoreAction::restored,
                    0);
}

void FinishStage::remove_extra(const ExtraEntry& extra) {
  const SharedFd dir = context_.target.open(extra.dir);
  const std::uint64_t gone = context_.request.dry_run ? count_entries(dir->get(), extra.name)
                                                      : remove_tree_at(dir->get(), extra.name);
  context_.log.deleted(context_.target.path(extra.dir, extra.name), gone);
}

void FinishStage::finish_dir(std::uint32_t dir) {
  const std::uint32_t parent = context_.target.parent(dir);
  const std::string name = context_.target.name(dir);
  try {
    if (!context_.request.dry_run) {
      context_.apply_metadata(parent, context_.target.open(parent), name,
                              context_.target.metadata(dir), context_.target.is_fresh(dir));
    }
    context_.finished(parent, name, RestoreAction::restored, 0);
  } catch (const Error& e) {
    context_.item_failed(parent, name, e);
  }
}

}  // namespace medsave
