#include "sftp_listing.hpp"

#include "sftp_files.hpp"
#include "sftp_folders.hpp"

#include "medsave/backend/checks.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace medsave {
namespace {

/// An entry of a listing whose size the server did not tell.
struct Asked {
  Id id = {};
  bool is_file = true;  // false: a link or another kind of entry
};

/// All that have files of this kind.
std::vector<std::string> folders_of(const FileLayout& layout, FileKind kind) {
  if (kind != FileKind::pack) return {layout.folder_of(kind)};
  std::vector<std::string> folders;
  FileRef file{.kind = kind};
  for (unsigned first = 0; first < 256; ++first) {
    file.id.bytes()[0] = static_cast<std::byte>(first);
    folders.push_back(layout.folder_of(file));
  }
  return folders;
}

/// Adds the files at `paths`, whose sizes the list did not tell.
void add_asked(SftpSession& session, const std::vector<std::string>& paths,
               const std::vector<Asked>& asked_for, std::vector<ListedFile>& files) {
  const std::vector<SftpStat> asked = stat_sftp_files(session, paths);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const std::optional<SftpAttributes>& there = asked[i].attributes;
    if (!there && asked[i].status.code == SftpCode::no_such_file) {
      // Deleted meanwhile; but a link to something that is away must not look like nothing.
      if (!asked_for[i].is_file) files.push_back({.id = asked_for[i].id, .size = 0});
      continue;
    }
    if (!there) throw sftp_status_error(asked[i].status, paths[i]);
    if (!there->size) {
      throw Error(Errc::unsupported,
                  format_text(_("{}: the server does not say how long it is"), paths[i]));
    }
    files.push_back({.id = asked_for[i].id, .size = *there->size});
  }
}

}  // namespace

std::vector<ListedFile> list_sftp_files(SftpSession& session, const FileLayout& layout,
                                        FileKind kind,
                                        const std::function<void(bool any)>& on_folders) {
  const std::vector<std::string> folders = folders_of(layout, kind);
  std::vector<ListedFile> files;
  std::vector<std::string> paths;  // of files whose size has to be asked for
  std::vector<Asked> asked_for;
  std::vector<std::string> near_ids;  // a name of their length that is none
  const std::vector<std::size_t> missing =
      list_sftp_folders(session, folders, [&](std::size_t folder, const SftpName& entry) {
        const std::optional<Id> id = Id::parse(entry.name);
        if (!id) {
          if (entry.name.size() == 2 * Id::kSize && near_ids.empty())
            near_ids.push_back(entry.name);
          return;
        }
        // A pack in the wrong folder is not listed, because it would not be found there.
        if (layout.folder_of({.kind = kind, .id = *id}) != folders[folder]) return;
        const bool is_file = entry.attributes.may_be_file();
        if (is_file && entry.attributes.size) {
          files.push_back({.id = *id, .size = *entry.attributes.size});
        } else {
          paths.push_back(folders[folder] + "/" + entry.name);
          asked_for.push_back({.id = *id, .is_file = is_file});
        }
      });
  for (const std::string& name : near_ids) refuse_upper_case(kind, name, layout.folder_of(kind));
  on_folders(missing.size() < folders.size());
  add_asked(session, paths, asked_for, files);
  return files;
}

}  // namespace medsave
