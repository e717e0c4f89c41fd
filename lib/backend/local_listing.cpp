#include "local_listing.hpp"

#include "medsave/base/error.hpp"
#include "medsave/sys/file_info.hpp"

#include <optional>
#include <string>

namespace medsave {
namespace {

/// Packs lie in folders with the first two digits of their names. In any other folder (a copy, a
/// renamed one) they are not found.
bool is_pack_folder(const std::string& name) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return name.size() == 2 && name.find_first_not_of(kDigits) == std::string::npos;
}

/// No descriptor for a file, or what was removed meanwhile.
UniqueDir open_pack_folder(const UniqueDir& data, const std::string& name) {
  try {
    return open_dir_at(data.get(), name, true);
  } catch (const Error& e) {
    if (e.code() != Errc::not_found) throw;
    // A link to a folder on a drive that is not connected is an error, not an empty folder.
    const std::optional<FileInfo> info = lstat_at(data.get(), name);
    if (info && info->is_symlink()) throw Error(Errc::io, e.what());
    return {};
  }
}

}  // namespace

void list_files(const UniqueDir& dir, std::string_view prefix, std::vector<ListedFile>& files) {
  for (const DirEntry& entry : list_entries(dir.get())) {
    const std::optional<Id> id = Id::parse(entry.name);
    if (!id || !entry.name.starts_with(prefix)) continue;
    const std::optional<FileInfo> info = stat_at(dir.get(), entry);
    if (info && info->is_regular()) {
      files.push_back({.id = *id, .size = info->size});
    } else if (lstat_at(dir.get(), entry.name)) {  // else removed meanwhile
      files.push_back({.id = *id, .size = 0});
    }
  }
}

void list_packs(const UniqueDir& data, std::vector<ListedFile>& files) {
  for (const std::string& name : list_dir(data.get())) {
    if (!is_pack_folder(name)) continue;
    if (const UniqueDir packs = open_pack_folder(data, name)) list_files(packs, name, files);
  }
}

}  // namespace medsave
