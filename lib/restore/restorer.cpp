#include "medsave/restore/restorer.hpp"

#include "content_stage.hpp"
#include "file_writer.hpp"
#include "finish_stage.hpp"
#include "link_stage.hpp"
#include "metadata_stage.hpp"
#include "plan_applier.hpp"
#include "plan_teller.hpp"
#include "restore_context.hpp"
#include "restore_walk.hpp"
#include "target_entry.hpp"
#include "verify_stage.hpp"

#include "medsave/backend/file_layout.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/host.hpp"
#include "medsave/sys/metadata.hpp"
#include "medsave/sys/path.hpp"

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace medsave {
namespace {

/// `--delete` on "/" would remove the running system, whatever the folder is called here: "//",
/// "/srv/..", a symbolic link, a bind mount.
void refuse_to_empty_the_system(const RestoreRequest& request) {
  if (!request.delete_extra || !request.includes.empty()) return;
  const std::optional<FileInfo> target = stat_at(kCurrentDirectory, request.target);
  const std::optional<FileInfo> root = stat_at(kCurrentDirectory, "/");
  if (target && root && target->key() == root->key()) {
    throw Error(Errc::usage, _("'--target / --delete' must be combined with an include filter"));
  }
}

/// A folder and those above it, wherever symbolic links and mounts lead; none if it is missing.
std::set<FileKey> folders_up_from(const std::string& folder) {
  std::set<FileKey> keys;
  std::string here = folder;
  std::optional<FileInfo> info = stat_at(kCurrentDirectory, here);
  while (info && keys.insert(info->key()).second) {
    info = stat_at(kCurrentDirectory, here.append("/.."));
  }
  return keys;
}

/// The repository and its own folders, because one of them may lie elsewhere; none for "".
std::vector<std::string> folders_of(const std::string& repository) {
  std::vector<std::string> folders;
  if (repository.empty()) return folders;
  folders.push_back(repository);
  for (const std::string_view part : repository_folders()) {
    folders.push_back(std::string(repository).append("/").append(part));
  }
  return folders;
}

std::set<FileKey> file_and_folders_up(const std::filesystem::path& file) {
  const std::optional<FileInfo> info = lstat_at(kCurrentDirectory, file);
  if (!info) return {};
  const std::filesystem::path folder = file.parent_path();
  std::set<FileKey> keys = folders_up_from(folder.empty() ? "." : folder.string());
  keys.insert(info->key());
  return keys;
}

/// As it was named and, where that is a symbolic link, the file itself.
std::set<FileKey> file_to_keep(const std::string& file) {
  std::set<FileKey> keys = file_and_folders_up(file);
  std::error_code failed;
  const std::string itself = real_path(file, failed);
  if (!failed) keys.merge(file_and_folders_up(itself));
  return keys;
}

/// The folders of the repository, the files that open it and the folders above them, where entries
/// may be removed at all.
std::set<FileKey> what_must_stay(const RestoreRequest& request) {
  std::set<FileKey> keys;
  if (!request.delete_extra) return keys;
  for (const std::string& file : request.opening_files) keys.merge(file_to_keep(file));
  for (const std::string& own : folders_of(request.repository)) keys.merge(folders_up_from(own));
  return keys;
}

/// The longest part of the path that exists, with symbolic links and ".." resolved.
std::string existing_part(const std::string& folder) {
  std::string path = resolve_links(make_absolute(folder).value_or(folder));
  while (!stat_at(kCurrentDirectory, path)) {
    const std::size_t slash = path.find_last_of('/');
    if (slash == std::string::npos) return ".";
    path.resize(slash);
    if (path.empty()) return "/";
  }
  return path;
}

/// False for a folder that this user may not list: one above the target may be only to pass
/// through.
bool may_hold_repository(const std::string& folder) {
  try {
    return holds_repository(open_dir_at(kCurrentDirectory, folder, true).get());
  } catch (const Error& e) {
    if (e.code() != Errc::permission) throw;
    return false;
  }
}

/// Whatever is written into the repository can damage it, and what is in it may be overwritten.
void refuse_to_fill_a_repository(const RestoreRequest& request) {
  const std::set<FileKey> above = folders_up_from(existing_part(request.target));
  for (const std::string& folder : folders_of(request.repository)) {
    const std::optional<FileInfo> own = stat_at(kCurrentDirectory, folder);
    if (!own || !above.contains(own->key())) continue;
    throw Error(Errc::usage,
                format_text(_("{} lies in the repository that is restored from ({}), which that "
                              "could destroy; nothing was written. Choose a folder outside it."),
                            request.target, request.repository));
  }
  std::string here = existing_part(request.target);
  std::set<FileKey> seen;
  for (std::optional<FileInfo> info = stat_at(kCurrentDirectory, here);
       info && info->is_dir() && seen.insert(info->key()).second;
       info = stat_at(kCurrentDirectory, here.append("/.."))) {
    if (!may_hold_repository(here)) continue;
    throw Error(Errc::usage,
                format_text(_("{} is or lies in a backup repository, which that could destroy; "
                              "nothing was written. Choose a folder outside it."),
                            request.target));
  }
}

/// Nothing counts as restored that a power cut can still take away. False when it may.
bool make_durable(RestoreTarget& target, RestoreLog& log) {
  try {
    target.sync();
    return true;
  } catch (const Error& e) {
    log.problem("/",
                format_text(_("not everything that was restored is safe on the medium; restore "
                              "again, to another medium if this one fails again: {}"),
                            e.what()));
    return false;
  }
}

void announce_dirs(const RestoreTarget& target, RestoreLog& log) {
  for (std::uint32_t dir = RestoreTarget::kRoot + 1; dir < target.count(); ++dir) {
    if (target.is_ready(dir) && target.is_restored(dir)) log.folder_planned();
  }
  log.plan_complete();
}

void walk(const RestoreContext& context, const std::stop_token& stop) {
  PlanTeller teller(context);
  PlanApplier applier(context);
  PlanVisitor& visitor = context.dry_run ? static_cast<PlanVisitor&>(teller) : applier;
  RestoreWalk(context, visitor).run(stop);
}

RestoreForecast make_forecast(const RestoreRequest& request, const PlanTotals& totals) {
  return {.made = totals.of(EntryAction::make).entries,
          .replaced = totals.of(EntryAction::replace).entries,
          .changed = totals.of(EntryAction::correct).entries + totals.of(EntryAction::cut).entries,
          .kept = totals.of(EntryAction::keep).entries + totals.of(EntryAction::enter).entries,
          .linked = totals.of(EntryAction::link).entries,
          .removed = totals.of(EntryAction::remove).entries,
          .refused = totals.of(EntryAction::refuse).entries,
          .bytes = totals.of(EntryAction::make).bytes + totals.of(EntryAction::replace).bytes +
                   totals.of(EntryAction::correct).bytes,
          .growth = totals.growth,
          .newer = totals.newer,
          .free = free_space(existing_part(request.target))};
}

/// What has changed since is not removed.
Timestamp time_of_begin(const RestoreRequest& request) {
  return request.delete_extra ? next_file_tick() : Timestamp{};
}

struct RunOptions {
  bool dry_run = false;
  Timestamp begun = {};
};

void carry_out(const BlobReader& reader, const RestoreRequest& request, const RunOptions& options,
               RestoreLog& log, const std::stop_token& stop) {
  const MetadataWriter metadata(request, [&](const std::string& text) { log.notice(text); });
  try {
    refuse_to_empty_the_system(request);
    refuse_to_fill_a_repository(request);
  } catch (const Error& e) {
    if (e.code() == Errc::usage) throw;
    throw unusable_target(e);
  }
  RestoreTarget target(request, options.dry_run);
  const std::set<FileKey> kept = what_must_stay(request);
  DeferredWork deferred;
  ExtraGuard guard(request, log);
  const RestoreContext context = {.reader = reader,
                                  .request = request,
                                  .metadata = metadata,
                                  .target = target,
                                  .deferred = deferred,
                                  .log = log,
                                  .guard = guard,
                                  .kept = kept,
                                  .begun = options.begun,
                                  .dry_run = options.dry_run};
  walk(context, stop);
  announce_dirs(target, log);
  log.forecast(make_forecast(request, deferred.totals));

  FileWriter writer(context);
  ContentStage(context, writer).run(stop);
  if (!options.dry_run) {
    PlanApplier(context).replace_folders(stop);
    writer.replace_folders(stop);
  }
  LinkStage(context, writer).run(stop);
  const bool sync = request.sync && !options.dry_run;
  const bool safe = !sync || make_durable(target, log);
  // Directories may end up without access for us, so verification comes before the end.
  if (request.verify && !options.dry_run) VerifyStage(context, writer).run(stop);
  if (safe && !options.dry_run) MetadataStage(context, writer).run(stop);
  FinishStage(context).run(stop);
  metadata.report();
  if (sync && safe) make_durable(target, log);
}

}  // namespace

std::string place_in_target(const std::string& target, const std::string& path) {
  const std::size_t end = target.find_last_not_of('/');
  std::string out = end == std::string::npos ? std::string() : target.substr(0, end + 1);
  if (path != "/") out += path;
  return out.empty() ? "/" : out;
}

std::optional<Overwrite> parse_overwrite(std::string_view text) {
  if (text == "always") return Overwrite::always;
  if (text == "if-changed") return Overwrite::if_changed;
  if (text == "if-newer") return Overwrite::if_newer;
  if (text == "never") return Overwrite::never;
  return std::nullopt;
}

RestorePlan plan_restore(const BlobReader& reader, const RestoreRequest& request,
                         const RestoreSinks& sinks, Progress& progress,
                         const std::stop_token& stop) {
  RestorePlan plan{.request = &request, .made = time_of_begin(request)};
  RestoreSinks telling = sinks;
  telling.forecast = [&](const RestoreForecast& forecast) {
    plan.forecast = forecast;
    if (sinks.forecast) sinks.forecast(forecast);
  };
  RestoreLog log(telling, progress, request.target);
  carry_out(reader, request, {.dry_run = true, .begun = plan.made}, log, stop);
  plan.outcome = log.result();
  return plan;
}

RestoreResult apply_restore(const BlobReader& reader, const RestorePlan& plan,
                            const RestoreSinks& sinks, Progress& progress,
                            const std::stop_token& stop) {
  RestoreLog log(sinks, progress, plan.request->target);
  carry_out(reader, *plan.request, {.begun = plan.made}, log, stop);
  return log.result();
}

RestoreResult run_restore(const BlobReader& reader, const RestoreRequest& request,
                          const RestoreSinks& sinks, Progress& progress,
                          const std::stop_token& stop) {
  RestoreLog log(sinks, progress, request.target);
  carry_out(reader, request, {.begun = time_of_begin(request)}, log, stop);
  return log.result();
}

}  // namespace medsave
