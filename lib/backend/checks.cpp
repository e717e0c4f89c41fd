#include "medsave/backend/checks.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>

namespace medsave {

void throw_missing(const FileRef& file, const std::string& location) {
  throw Error(Errc::not_found, format_text(_("{} is missing in {}"), describe(file), location));
}

void throw_present(const FileRef& file, const std::string& location) {
  throw Error(Errc::exists, format_text(_("{} exists already in {}"), describe(file), location));
}

void throw_full(const Error& why) {
  throw Error(
      Errc::no_space,
      format_text(_("the medium of the repository is full; your earlier backups are intact. "
                    "Free some space with \"medsave prune --max-repack-size 0\", or thin "
                    "out old snapshots with \"medsave forget --policy cabinet --prune\" "
                    "({})."),
                  why.what()));
}

std::string missing_folder_advice(FileKind kind) {
  switch (kind) {
    case FileKind::key:
      return _(
          "without a key file nobody can read the repository, with any password: look whether its "
          "drive is damaged or the copying stopped early, and copy the folder back from another "
          "copy of the repository");
    case FileKind::index:
      return _(
          "put it back from a copy of the repository, or make an empty one and run \"medsave "
          "repair index\", which makes the index anew from the packs");
    case FileKind::snapshot:
      return _(
          "put it back from a copy of the repository; prune nothing before that. Without a copy, "
          "make an empty one and run \"medsave recover\", which finds again the folders that were "
          "backed up.");
    case FileKind::pack:
      return _(
          "it held all that was backed up: put it back from a copy of the repository. An empty one "
          "is right only if nothing was ever backed up here.");
    case FileKind::config:
    case FileKind::lock:
      break;
  }
  return _("put it back from a copy of the repository");
}

void refuse_upper_case(FileKind kind, std::string_view name, const std::string& folder) {
  if (kind != FileKind::snapshot && kind != FileKind::index) return;
  if (name.size() != 2 * Id::kSize || Id::parse(name)) return;
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  if (!Id::parse(lower)) return;
  throw Error(Errc::corrupt,
              format_text(_("the file {} in the folder \"{}\" of the repository has lost its name, "
                            "and nothing was changed; rename it to {}"),
                          name, folder, lower));
}

void require_within(const FileRef& file, std::uint64_t size, std::uint64_t limit) {
  if (size <= limit) return;
  throw Error(Errc::corrupt, format_text(_("{} is {} bytes long, at most {} can be right"),
                                         describe(file), size, limit));
}

void require_whole(const FileRef& file, std::uint64_t offset, std::size_t asked, std::size_t got) {
  if (got == asked) return;
  throw Error(Errc::corrupt,
              format_text(_("{} is cut off before byte {}, up to which it is needed"),
                          describe(file), offset + asked));
}

}  // namespace medsave
