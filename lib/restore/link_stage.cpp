#include "link_stage.hpp"

#include "target_entry.hpp"
#include "temporary_file.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/metadata.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace medsave {
namespace {

constexpr std::uint64_t kCopyPiece = 1ULL << 20;  // bytes
constexpr unsigned kPrivateFile = 0600;

}  // namespace

void LinkStage::run(const std::stop_token& stop) {
  for (const PlannedLink& link : context_.deferred.links) {
    check_stop(stop);
    try {
      make(link, stop);
    } catch (const Error& e) {
      context_.item_failed(link.dir, link.name, e);
    }
  }
  const unsigned long copies = copies_;
  if (copies == 0) return;
  context_.log.notice(format_text(
      n_("the target refused a hard link: {} file was written as a copy of its own",
         "the target refused hard links: {} files were written as copies of their own", copies),
      copies));
}

void LinkStage::make(const PlannedLink& link, const std::stop_token& stop) {
  const LinkSource& source = context_.deferred.link_sources[link.source];
  if (source.file && !writer_.succeeded(*source.file)) {
    throw Error(Errc::corrupt,
                format_text(_("not restored: it shares the content of {}, which is damaged"),
                            context_.target.path(source.dir, source.name)));
  }
  if (!source.file && !source.ready) {
    throw Error(Errc::io, format_text(_("not restored: it is another name of {}, which was not "
                                        "restored"),
                                      context_.target.path(source.dir, source.name)));
  }
  if (context_.dry_run) {
    const Clearing clearing = context_.clearing(link.dir);
    if (link.seen && link.seen->is_folder()) {
      foresee_clearing(context_.target.open(link.dir)->get(), link.name, clearing);
    }
    context_.finished(link.dir, link.name,
                      link.seen ? RestoreAction::updated : RestoreAction::restored, 0);
    return;
  }
  if (source.file && !source.ready) writer_.require_in_place(*source.file);
  const SharedDir from = context_.target.open(source.dir);
  const SharedDir to = context_.target.open(link.dir);
  const std::optional<FileInfo> wanted = lstat_at(from->get(), source.name);
  if (!wanted) {
    throw Error(Errc::not_found, format_text(_("not restored: {}, its other name, is not there"),
                                             context_.target.path(source.dir, source.name)));
  }
  const std::optional<FileInfo> present = lstat_at(to->get(), link.name);
  if (present && link.seen && present->key() == wanted->key() &&
      is_same_entry(to->get(), link.seen->key, present->key())) {
    context_.log.item_was_there();
    context_.finished(link.dir, link.name, RestoreAction::unchanged, 0);
    return;
  }
  clear_way(to->get(), link.name, link.seen, context_.clearing(link.dir));
  const bool linked = make_new_entry(to->get(), link.name, [&] {
    return make_link_at(from->get(), source.name, to->get(), link.name);
  });
  if (!linked) copy(link, from, *wanted, to, stop);
  context_.finished(link.dir, link.name, present ? RestoreAction::updated : RestoreAction::restored,
                    0);
}

void LinkStage::copy(const PlannedLink& link, const SharedDir& from, const FileInfo& original,
                     const SharedDir& to, const std::stop_token& stop) {
  const std::string& name = context_.deferred.link_sources[link.source].name;
  const NoticeSink problem = [&](const std::string& message) {
    context_.report_problem(link.dir, link.name, message);
  };
  ++copies_;
  if (original.is_regular()) {
    copy_content(link, from->get(), original, to->get(), stop);
    const std::optional<std::uint32_t>& file = context_.deferred.link_sources[link.source].file;
    context_.deferred.copies.push_back(
        {.name = link.name,
         .dir = link.dir,
         .size = original.size,
         .metadata = file ? context_.deferred.files[*file].metadata
                          : present_metadata(from->get(), name, original, problem)});
    return;
  }
  const NewName new_name = context_.new_name(link.dir, link.name);
  make_complete(
      to->get(), new_name, std::nullopt, context_.clearing(link.dir),
      [&](const std::string& temporary) {
        if (original.is_symlink()) {
          make_symlink_at(to->get(), temporary, read_link_at(from->get(), name));
        } else {
          make_node_at(to->get(), temporary, original.mode, original.rdev);
        }
      },
      [&] {
        context_.dress(link.dir, to, new_name,
                       present_metadata(from->get(), name, original, problem));
      });
}

void LinkStage::copy_content(const PlannedLink& link, DirHandle from, const FileInfo& original,
                             DirHandle to, const std::stop_token& stop) {
  const std::string& name = context_.deferred.link_sources[link.source].name;
  const UniqueFd in = open_file_at(from, name);
  if (!is_same_entry(in.get(), original.key(), fstat_fd(in.get()).key())) {
    throw Error(Errc::io, format_text(_("{} was replaced while restoring"), name));
  }
  UniqueFd out =
      make_new_entry(to, link.name, [&] { return create_file_at(to, link.name, kUnfinished); });
  truncate_fd(out.get(), original.size, link.name);
  Buffer piece;
  for (std::uint64_t at = 0; at < original.size; at += piece.size()) {
    check_stop(stop);
    piece.resize(static_cast<std::size_t>(std::min(kCopyPiece, original.size - at)));
    if (pread_some(in.get(), piece.writable(), at, name) != piece.size()) {
      throw Error(Errc::io, format_text(_("{} was changed while restoring"), name));
    }
    if (context_.request.sparse) {
      pwrite_sparse(out.get(), at, piece.data(), piece.size(), link.name);
    } else {
      pwrite_all(out.get(), piece.view(), at, link.name);
    }
  }
  close_restored(std::move(out), link.name);
}

}  // namespace medsave
