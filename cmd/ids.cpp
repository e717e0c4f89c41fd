#include "ids.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <optional>

namespace medsave::cli {

Id find_file(Backend& backend, FileKind kind, const std::string& prefix) {
  if (const std::optional<Id> whole = Id::parse(prefix)) return *whole;
  std::optional<Id> found;
  for (const ListedFile& file : backend.list(kind)) {
    if (prefix.empty() || !file.id.hex().starts_with(prefix)) continue;
    if (found) {
      throw Error(Errc::usage,
                  format_text(_("several IDs begin with \"{}\"; give more digits"), prefix));
    }
    found = file.id;
  }
  if (!found) {
    throw Error(Errc::not_found, format_text(_("no matching ID found for prefix \"{}\""), prefix));
  }
  return *found;
}

}  // namespace medsave::cli
