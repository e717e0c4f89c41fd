#include "entry_decision.hpp"

#include "target_entry.hpp"

#include "medsave/base/text.hpp"

#include <algorithm>

namespace medsave {
namespace {

/// Keeps the present entry if --overwrite says so. Unfinished files of an interrupted restore are
/// never kept. Where the snapshot's file has the mode that marks them, the time has to tell: it is
/// set when all else is done.
std::optional<Decision> keep_as_asked(const Node& node, const FileInfo& present,
                                      Overwrite overwrite) {
  const Timestamp& mtime = node.mtime;
  const bool may_keep = overwrite == Overwrite::never || overwrite == Overwrite::if_newer;
  if (is_unfinished(present)) {
    const bool is_saved_so = go_mode::to_unix_permissions(node.mode) == kUnfinished;
    if (!may_keep || !is_saved_so) return std::nullopt;
    if (present.mtime != mtime) return Decision{EntryAction::refuse, Reason::like_unfinished};
  }
  if (overwrite == Overwrite::never) return Decision{EntryAction::keep, Reason::overwrite_never};
  if (overwrite == Overwrite::if_newer && mtime <= present.mtime) {
    return Decision{EntryAction::keep, Reason::overwrite_if_newer};
  }
  return std::nullopt;
}

Decision decide_file(const Node& node, const FileInfo& present) {
  if (!present.is_regular()) return {EntryAction::replace, Reason::other_kind};
  if (present.links != 1 && node.content.empty()) {
    return {EntryAction::replace, Reason::has_other_names};
  }
  return {EntryAction::compare, Reason::content_unknown};
}

}  // namespace

RestorePolicy restore_policy(const RestoreRequest& request) {
  return {.overwrite = request.overwrite,
          // With patterns a full folder is not removed, because it may hold what they protect.
          .clears_folders =
              request.delete_extra && request.excludes.empty() && request.includes.empty(),
          .whole_files = request.under_temporary_names};
}

Decision decide_entry(const Node& node, const std::optional<FileInfo>& present,
                      bool opens_repository, const RestorePolicy& policy) {
  if (node.type == NodeType::socket) return {EntryAction::pass_by, Reason::socket};
  if (node.type == NodeType::irregular) return {EntryAction::refuse, Reason::unknown_type};
  if (!present) return {EntryAction::make, Reason::nothing_there};
  if (opens_repository) return {EntryAction::refuse, Reason::opens_repository};
  if (const auto keep = keep_as_asked(node, *present, policy.overwrite)) return *keep;
  if (present->is_dir()) {
    return {EntryAction::replace,
            policy.clears_folders ? Reason::whole_folder : Reason::empty_folder};
  }
  if (node.type == NodeType::file) return decide_file(node, *present);
  return {EntryAction::replace, Reason::made_anew};
}

Decision decide_damaged(const Decision& otherwise, const std::optional<FileInfo>& present) {
  if (!present || is_unfinished(*present)) return otherwise;
  return {EntryAction::refuse, Reason::damaged};
}

Decision decide_compared(const Comparison& found, const RestorePolicy& policy) {
  const bool same_content = found.complete && found.same_size;
  if (found.has_other_names && !(same_content && found.same_metadata)) {
    return {EntryAction::replace, Reason::has_other_names};
  }
  if (same_content) return {EntryAction::keep, Reason::same_content};
  if (found.complete) return {EntryAction::cut, Reason::longer};
  if (!found.can_be_marked) return {EntryAction::replace, Reason::not_ours};
  if (policy.whole_files) return {EntryAction::replace, Reason::written_whole};
  return {EntryAction::correct, Reason::content_differs};
}

bool is_source(const std::string& path, const RestoreRequest& request) {
  return std::ranges::find(request.sources, path) != request.sources.end();
}

bool leads_to_sources(const std::string& folder, const RestoreRequest& request) {
  const auto saves_it = [&](const std::string& source) {
    return source == "/" || folder == source || folder.starts_with(source + "/");
  };
  const auto lies_below = [&](const std::string& source) {
    return source.starts_with(folder + "/");
  };
  return !request.sources.empty() && (std::ranges::none_of(request.sources, saves_it) ||
                                      std::ranges::any_of(request.sources, lies_below));
}

Decision decide_folder(const FolderFacts& folder, const std::optional<FileInfo>& present,
                       const RestorePolicy& policy) {
  if (!present) return {EntryAction::make, Reason::nothing_there};
  if (present->is_dir()) return {EntryAction::enter, Reason::is_folder};
  if (folder.opens_repository) return {EntryAction::refuse, Reason::opens_repository};
  const bool is_newer = policy.overwrite == Overwrite::if_newer && present->mtime > folder.mtime;
  if (policy.overwrite == Overwrite::never) return {EntryAction::refuse, Reason::overwrite_never};
  if (is_newer) return {EntryAction::refuse, Reason::overwrite_if_newer};
  if (!folder.chosen) return {EntryAction::refuse, Reason::not_chosen};
  if (folder.leads_to_sources) return {EntryAction::refuse, Reason::leads_to_sources};
  // A source may have been the folder behind the link: "backup link/".
  if (folder.is_source && present->is_symlink()) {
    return {EntryAction::refuse, Reason::source_is_link};
  }
  return {EntryAction::replace, Reason::file_for_folder};
}

Error refusal(Reason reason, const std::string& name) {
  switch (reason) {
    case Reason::unknown_type:
      return {Errc::unsupported, _("a file of unknown type cannot be restored")};
    case Reason::opens_repository:
      return {Errc::exists, _("it opens the repository (a password or its place) and was left as "
                              "it is: with what the snapshot has here the backups might open no "
                              "more. To have that, restore to another folder.")};
    case Reason::damaged:
      return {Errc::corrupt,
              _("what is there was left as it is, because the snapshot has it only in part; to "
                "have that part, restore to an empty folder")};
    case Reason::not_chosen:
      return {Errc::exists,
              format_text(_("{} is no folder here and was not chosen to be restored, so it was "
                            "kept and nothing was restored below it"),
                          name)};
    case Reason::leads_to_sources:
      return {
          Errc::exists,
          format_text(_("{} is no folder here (a symbolic link?), and the backup saved only what "
                        "is below it; it was kept, and nothing was restored there. To restore to "
                        "where it leads: \"medsave restore SNAPSHOT:FOLDER --target FOLDER\"."),
                      name)};
    case Reason::like_unfinished:
      return {Errc::exists,
              _("its mode is the one by which a restore marks what it has not finished, so that "
                "nobody can tell whether it is to be kept; it was left as it is (--overwrite "
                "if-changed compares contents)")};
    case Reason::source_is_link:
      return {Errc::exists,
              format_text(_("{} is a symbolic link here; it was kept, and nothing was restored "
                            "there. To restore to where it leads: \"medsave restore "
                            "SNAPSHOT:FOLDER --target FOLDER\"."),
                          name)};
    default:
      return {Errc::exists, format_text(_("{} exists and is not a folder"), name)};
  }
}

}  // namespace medsave
