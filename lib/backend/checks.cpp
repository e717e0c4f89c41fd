#include "medsave/backend/checks.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

namespace medsave {

void throw_missing(const FileRef& file, const std::string& location) {
  throw Error(Errc::not_found,
              format_text(_("{}: there is no such file in {}"), describe(file), location));
}

void throw_present(const FileRef& file, const std::string& location) {
  throw Error(Errc::exists, format_text(_("{}: exists already in {}"), describe(file), location));
}

void require_within(const FileRef& file, std::uint64_t size, std::uint64_t limit) {
  if (size <= limit) return;
  throw Error(Errc::corrupt, format_text(_("{}: is {} bytes long, at most {} can be right"),
                                         describe(file), size, limit));
}

void require_whole(const FileRef& file, std::uint64_t offset, std::size_t asked, std::size_t got) {
  if (got == asked) return;
  throw Error(Errc::corrupt,
              format_text(_("{}: is cut off: {} bytes wanted from offset {}, only {} are there"),
                          describe(file), asked, offset, got));
}

}  // namespace medsave
