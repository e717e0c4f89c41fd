#include "medsave/restore/restorer.hpp"

#include "content_stage.hpp"
#include "file_writer.hpp"
#include "finish_stage.hpp"
#include "restore_context.hpp"
#include "restore_walk.hpp"
#include "verify_stage.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

namespace medsave {
namespace {

/// `--delete` on "/" would remove the running system.
void refuse_to_empty_the_system(const RestoreRequest& request, TargetTree& target) {
  if (!request.delete_extra || !request.includes.empty() || !request.excludes.empty()) return;
  const SharedFd root = target.open(TargetTree::kRoot);
  if (!root) return;
  const FileInfo here = fstat_fd(root->get());
  const std::optional<FileInfo> above = lstat_at(root->get(), "..");
  if (above && above->device == here.device && above->inode == here.inode) {
    throw Error(Errc::usage,
                _("refused: --delete with the target \"/\" would remove everything the snapshot "
                  "does not have; give --include or --exclude as well"));
  }
}

void announce_dirs(const TargetTree& target, RestoreLog& log) {
  for (std::uint32_t dir = TargetTree::kRoot + 1; dir < target.count(); ++dir) {
    if (target.is_ready(dir)) log.planned(1, 0);
  }
  log.plan_complete();
}

}  // namespace

std::optional<Overwrite> parse_overwrite(std::string_view text) {
  if (text == "always") return Overwrite::always;
  if (text == "if-changed") return Overwrite::if_changed;
  if (text == "if-newer") return Overwrite::if_newer;
  if (text == "never") return Overwrite::never;
  return std::nullopt;
}

RestoreResult run_restore(const BlobReader& reader, const RestoreRequest& request,
                          const RestoreSinks& sinks, Progress& progress,
                          const std::stop_token& stop) {
  RestoreLog log(sinks, progress);
  const MetadataWriter metadata(request, [&](const std::string& text) { log.notice(text); });
  TargetTree target(request);
  refuse_to_empty_the_system(request, target);
  RestorePlan plan;
  const RestoreContext context = {.reader = reader,
                                  .request = request,
                                  .metadata = metadata,
                                  .target = target,
                                  .plan = plan,
                                  .log = log};
  RestoreWalk(context).run(stop);
  announce_dirs(target, log);

  FileWriter writer(context);
  ContentStage(context, writer).run(stop);
  // Directories may end up without access for us, so verification comes before the end.
  if (request.verify && !request.dry_run) VerifyStage(context, writer).run(stop);
  FinishStage(context, writer).run(stop);
  return log.result();
}

}  // namespace medsave
