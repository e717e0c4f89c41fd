#include "restore_walk.hpp"

#include "file_writer.hpp"
#include "target_entry.hpp"

#include "medsave/backend/file_layout.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/unix_mode.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/snap/tree_walker.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/host.hpp"
#include "medsave/sys/metadata.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace medsave {
namespace {

constexpr std::uint32_t kPrivateFile = 0600;
constexpr std::uint32_t kPermissions = 07777;
constexpr std::size_t kMaxName = 4096;  // far above what any file system takes

void create_special(DirHandle dir, const Node& node) {
  if (node.type == NodeType::symlink) {
    make_symlink_at(dir, node.name, node.link_target);
  } else if (node.type == NodeType::fifo) {
    make_node_at(dir, node.name, unix_mode::kFifo | kPrivateFile, 0);
  } else {
    make_node_at(dir, node.name, unix_mode::type_bits(node.type) | kPrivateFile, node.device);
  }
}

}  // namespace

/// About what stays in memory until the end.
std::uint64_t RestoreWalk::remembered(const Node& node) const {
  if (node.type != NodeType::dir && context_.request.dry_run) return 0;
  std::uint64_t bytes = sizeof(PlannedFile) + node.name.size();
  bytes += node.content.size() * sizeof(BlobUse);
  for (const ExtendedAttribute& attribute : node.extended_attributes) {
    bytes += sizeof(attribute) + attribute.name.size() + attribute.value.size();
  }
  return bytes;
}

void RestoreWalk::run(const std::stop_token& stop) {
  context_.target.set_root_tree(context_.request.tree);
  dirs_.push_back({.tree = context_.request.tree,
                   .dir = RestoreTarget::kRoot,
                   .depth = 0,
                   .path = {},
                   .saved = is_source("/")});
  TaskScope scope(stop);
  scope.spawn("walk",
              std::max(worker_count(), context_.reader.repository().backend().connections()),
              [this](const std::stop_token& token) { work(token); });
  scope.join();
  patterns_.report(context_.log);
  newer_.report(context_.log);
  tell_of_kept_extras();
}

void RestoreWalk::work(const std::stop_token& stop) {
  Buffer content;
  while (std::optional<Job> job = next_job(stop)) {
    if (auto* dir = std::get_if<DirJob>(&*job)) {
      visit_dir(*dir, stop);
    } else {
      compare(std::get<CompareJob>(*job), content, stop);
    }
    job_done();
  }
}

void RestoreWalk::add_job(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (auto* dir = std::get_if<DirJob>(&job)) {
      dirs_.push_back(std::move(*dir));
    } else {
      compares_.push_back(std::move(std::get<CompareJob>(job)));
    }
  }
  changed_.notify_one();
}

std::optional<RestoreWalk::Job> RestoreWalk::next_job(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [&] { return !dirs_.empty() || !compares_.empty() || busy_ == 0; });
  if (stop.stop_requested()) return std::nullopt;
  std::optional<Job> job;
  if (!compares_.empty()) {
    job = std::move(compares_.back());
    compares_.pop_back();
  } else if (!dirs_.empty()) {
    job = std::move(dirs_.back());
    dirs_.pop_back();
  } else {
    return std::nullopt;  // nobody is left who could add one
  }
  ++busy_;
  return job;
}

void RestoreWalk::job_done() {
  {
    const std::lock_guard lock(mutex_);
    --busy_;
  }
  changed_.notify_all();
}

void RestoreWalk::visit_dir(const DirJob& job, const std::stop_token& stop) {
  memory_.check();
  Tree tree;
  Visit visit = {.job = job};
  try {
    if (job.depth > kMaxTreeDepth) {
      throw Error(Errc::corrupt,
                  format_text(_("folders are nested deeper than {} levels"), kMaxTreeDepth));
    }
    if (job.dir == RestoreTarget::kRoot || context_.target.is_ready(job.dir)) {
      visit.fd = context_.target.open(job.dir);
    }
    if (visit.fd && !context_.target.is_fresh(job.dir)) {
      visit.is_repository = holds_repository(visit.fd->get());
    }
    tree = load_tree(context_.reader, job.tree);
    visit.is_another_repository =
        visit.is_repository && !may_be_repository_in(visit.fd->get(), tree, [this](const Id& id) {
          return load_tree(context_.reader, id);
        });
  } catch (const Error& e) {
    if (is_fatal(e)) throw;
    context_.log.item_failed(job.path.empty() ? "/" : job.path, e);
    return;
  }
  visit.path = job.path + "/";
  visit.sorted =
      std::ranges::adjacent_find(tree, std::ranges::greater_equal(), &Node::name) == tree.end();
  for (Node& node : tree) {
    check_stop(stop);
    visit.path.resize(job.path.size() + 1);
    visit.path += node.name;
    try {
      visit_node(visit, node);
    } catch (const Error& e) {
      context_.log.item_failed(visit.path, e);
    }
  }
  if (visit.kept_parts) {
    context_.log.item_failed(
        job.path.empty() ? "/" : job.path,
        Error(Errc::exists,
              _("in the target this folder holds a backup repository that is not the snapshot's; "
                "it was left as it is. To have what the snapshot holds here, restore to an empty "
                "folder")));
  }
  if (context_.request.delete_extra) collect_extras(visit, tree);
}

void RestoreWalk::judge_name(Visit& visit, const Node& node) {
  if (!is_safe_name(node.name) || node.name.size() > kMaxName) {
    throw Error(Errc::corrupt, _("refused: such a name must not be restored"));
  }
  if (!visit.sorted && !visit.names.insert(node.name).second) {
    throw Error(Errc::corrupt, _("refused: the folder lists this name twice"));
  }
}

RestoreWalk::Selection RestoreWalk::select(const std::string& path, bool is_dir) const {
  const RestoreRequest& request = context_.request;
  if (!request.includes.empty()) {
    const PathFilter::Verdict verdict = request.includes.check(path);
    return {.restore = verdict.matches,
            .descend = is_dir && (verdict.matches || verdict.child_may_match)};
  }
  const bool restore = context_.guard.selects(path);
  return {.restore = restore, .descend = is_dir && restore};
}

void RestoreWalk::visit_node(Visit& visit, Node& node) {
  judge_name(visit, node);
  patterns_.meet(visit.path);
  const Selection selection = select(visit.path, node.type == NodeType::dir);
  if (visit.is_another_repository && is_repository_part(node.name)) {
    visit.kept_parts |= selection.restore || selection.descend;
    return;
  }
  if (selection.restore || selection.descend) memory_.take(remembered(node));
  if (node.type == NodeType::dir) {
    visit_subdir(visit, node, selection);
  } else if (selection.restore) {
    visit_entry(visit, node);
  }
}

void RestoreWalk::make_subdir(Visit& visit, const Node& node, std::uint32_t dir) {
  const std::uint32_t here = visit.job.dir;
  if (!visit.fd) visit.fd = context_.target.ensure(here);
  std::optional<FileInfo> in_the_way;
  if (visit.fd && !context_.target.is_fresh(here)) {
    in_the_way = lstat_at(visit.fd->get(), node.name);
    if (in_the_way && in_the_way->is_dir()) in_the_way.reset();
    if (in_the_way) context_.guard.require_closed(visit.fd->get(), *in_the_way, node);
  }
  const bool exists = context_.target.ensure(dir) != nullptr;
  if (in_the_way) {  // and was replaced, or would be
    newer_.add_replaced(visit.path);
    context_.log.deleted(visit.path, 1);
  }
  if (exists && !context_.target.is_fresh(here)) {
    visit.claims.claim(visit.fd->get(), node.name, context_.target.key(dir));
  }
}

void RestoreWalk::visit_subdir(Visit& visit, Node& node, const Selection& selection) {
  if (!selection.restore && !selection.descend) return;
  const std::uint32_t dir =
      context_.target.add(visit.job.dir, node.name, context_.metadata.prepare(node),
                          node.subtree.value_or(Id{}), selection.restore);
  if (selection.restore) make_subdir(visit, node, dir);
  if (!selection.descend) return;
  if (!node.subtree) throw Error(Errc::corrupt, _("the folder has no list of its content"));
  const bool on_known_devices = node.device_id != 0 && visit.job.device != 0;
  add_job(DirJob{.tree = *node.subtree,
                 .dir = dir,
                 .depth = visit.job.depth + 1,
                 .path = visit.path,
                 .saved = visit.job.saved || is_source(visit.path),
                 .in_repository = visit.job.in_repository || visit.is_repository,
                 .device = node.device_id,
                 .was_mounted = on_known_devices && node.device_id != visit.job.device,
                 .was_in_place = on_known_devices && node.device_id == visit.job.device});
}

bool RestoreWalk::may_overwrite(const Node& node, const FileInfo& present) const {
  if (is_unfinished(present)) return true;
  switch (context_.request.overwrite) {
    case Overwrite::never:
      return false;
    case Overwrite::if_newer:
      return node.mtime > present.mtime;
    case Overwrite::always:
    case Overwrite::if_changed:
      break;
  }
  return true;
}

void RestoreWalk::visit_entry(Visit& visit, Node& node) {
  if (node.type == NodeType::socket) return;  // only a running program can make one
  if (node.type == NodeType::irregular) {
    throw Error(Errc::unsupported, _("a file of unknown type cannot be restored"));
  }
  const std::uint32_t dir = visit.job.dir;
  if (!visit.fd) visit.fd = context_.target.ensure(dir);
  std::optional<FileInfo> present;
  if (visit.fd && !context_.target.is_fresh(dir)) present = lstat_at(visit.fd->get(), node.name);
  if (present) visit.claims.claim(visit.fd->get(), node.name, present->key());
  const bool is_file = node.type == NodeType::file;
  if (present) context_.guard.require_closed(visit.fd->get(), *present, node);
  if (present && !may_overwrite(node, *present)) {
    context_.finished(dir, node.name, RestoreAction::skipped, is_file ? node.size : 0);
    return;
  }
  if (is_file) {
    plan_file(visit, node, present);
  } else {
    make_special(visit, node, present);
  }
}

/// What is made at once must not be taken for what was in the way, under another name of it.
void RestoreWalk::claim_made(Visit& visit, const std::string& name) {
  if (context_.target.is_fresh(visit.job.dir)) return;
  const std::optional<FileInfo> made = lstat_at(visit.fd->get(), name);
  if (made) visit.claims.claim(visit.fd->get(), name, made->key());
}

void RestoreWalk::make_special(Visit& visit, Node& node, const std::optional<FileInfo>& present) {
  const std::uint32_t dir = visit.job.dir;
  context_.log.planned(1, 0);
  std::optional<std::uint32_t> source;
  if (node.links > 1 && !context_.plan.claim_link(node, dir, present, source)) return;
  if (visit.fd && !context_.request.dry_run) {
    const DirHandle here = visit.fd->get();
    if (present) clear_way(here, node.name, seen_entry(*present), context_.clearing(dir));
    make_new_entry(here, node.name, [&] { create_special(here, node); });
    claim_made(visit, node.name);
    context_.apply_metadata(dir, visit.fd, node.name, context_.metadata.prepare(node), true);
  }
  context_.plan.link_source_ready(source);
  context_.finished(dir, node.name, present ? RestoreAction::updated : RestoreAction::restored, 0);
}

std::vector<FilePiece> RestoreWalk::locate_content(const std::string& path, const Node& node,
                                                   PlannedFile& file) {
  std::vector<FilePiece> pieces;
  pieces.reserve(node.content.size());
  std::optional<std::size_t> first_gap;  // in `pieces`, where blobs are missing
  std::uint64_t offset = 0;
  std::uint64_t gap_start = 0;
  for (const Id& blob : node.content) {
    const auto location = context_.reader.index().find({.kind = BlobKind::data, .id = blob});
    if (location) {
      pieces.push_back({.blob = blob, .location = *location, .offset = offset});
      offset += location->content_length();
      continue;
    }
    context_.log.problem(path, format_text(_("blob {} is missing from the index"), blob.hex()));
    file.damaged = true;
    if (!first_gap) {
      first_gap = pieces.size();
      gap_start = offset;
    }
    // How long the missing blob is, nobody knows: what lies between two gaps has no place.
    pieces.resize(*first_gap);
    offset = 0;
  }
  file.size = offset;
  if (first_gap) {
    // What follows the last gap is placed from the end of the file.
    file.size = node.size;
    const bool fits = node.size >= gap_start && node.size - gap_start >= offset;
    if (!fits) pieces.resize(*first_gap);
    const std::uint64_t tail = fits ? node.size - offset : node.size;
    for (std::size_t i = *first_gap; i < pieces.size(); ++i) pieces[i].offset += tail;
    context_.log.problem(path,
                         format_text(_("bytes {} to {} cannot be restored"), gap_start, tail));
  } else if (file.size != node.size) {
    context_.log.problem(path, format_text(_("the snapshot says {} bytes, its content has {}; the "
                                             "content was restored"),
                                           node.size, file.size));
  }
  return pieces;
}

void RestoreWalk::plan_file(Visit& visit, Node& node, const std::optional<FileInfo>& present) {
  const std::uint32_t dir = visit.job.dir;
  CompareJob job;
  if (node.links > 1 && !context_.plan.claim_link(node, dir, present, job.link_source)) {
    context_.log.planned(1, 0);
    return;
  }
  job.file = {.name = node.name, .dir = dir, .metadata = context_.metadata.prepare(node)};
  job.file.existed = present.has_value();
  job.pieces = locate_content(visit.path, node, job.file);

  if (job.file.damaged && present && !is_unfinished(*present)) {
    throw Error(Errc::corrupt,
                _("what is there was left as it is, because the snapshot has it only in part; to "
                  "have that part, restore to an empty folder"));
  }
  const bool has_one_name = present && present->links == 1;
  job.file.in_place = present && present->is_regular() && (has_one_name || !job.pieces.empty());
  job.file.replaces = present && !job.file.in_place;
  if (present) {
    job.file.seen = seen_entry(*present);
    job.file.was_unfinished = is_unfinished(*present);
  }
  if (!job.file.in_place) {
    plan_new_file(visit, job);
    return;
  }
  job.present_size = present->size;
  job.may_mark = is_root() || present->uid == user_id();
  // What is written to a file of several names changes the others, which may lie anywhere.
  job.must_stay = !has_one_name;
  job.same_metadata = present->mtime == node.mtime && present->uid == node.uid &&
                      present->gid == node.gid &&
                      (present->mode & kPermissions) == go_mode::to_unix_permissions(node.mode);
  job.trusted = context_.request.overwrite == Overwrite::if_changed && present->size == node.size &&
                present->mtime == node.mtime && !is_unfinished(*present);
  add_job(std::move(job));
}

/// What was left unfinished is newer only because that happened now.
void RestoreWalk::note_if_newer(const PlannedFile& file) {
  if (!context_.request.tell_of_newer || !file.existed || file.was_unfinished) return;
  if (file.seen.mtime <= file.metadata.mtime) return;
  newer_.add(context_.target.path(file.dir, file.name), file.seen.mtime);
}

void RestoreWalk::plan_new_file(Visit& visit, const CompareJob& job) {
  const bool is_empty = job.pieces.empty() && !job.file.damaged;
  if (!is_empty || context_.request.dry_run) {
    plan_whole_file(job);
    return;
  }
  note_if_newer(job.file);
  context_.log.planned(1, 0);
  make_empty_file(visit, job);
}

void RestoreWalk::make_empty_file(Visit& visit, const CompareJob& job) {
  PlannedFile file = job.file;
  const SharedDir fd = context_.target.open(file.dir);
  close_restored(create_planned(fd->get(), file, context_.clearing(file.dir)), file.name);
  claim_made(visit, file.name);
  context_.plan.link_source_ready(job.link_source);
  context_.apply_metadata(file.dir, fd, file.name, file.metadata, true);
  context_.finished(file.dir, file.name,
                    file.existed ? RestoreAction::updated : RestoreAction::restored, 0);
  if (!context_.request.verify) return;
  file.has_metadata = true;
  context_.plan.add_file(std::move(file), {}, job.link_source);
}

}  // namespace medsave
