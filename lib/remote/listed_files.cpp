#include "listed_files.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>
#include <tuple>

namespace medsave {

void make_unique_listing(std::vector<ListedFile>& files, const std::string& server) {
  std::ranges::sort(files, [](const ListedFile& a, const ListedFile& b) {
    return std::tie(a.id, a.size) < std::tie(b.id, b.size);
  });
  const auto differ = [](const ListedFile& a, const ListedFile& b) {
    return a.id == b.id && a.size != b.size;
  };
  if (const auto two = std::ranges::adjacent_find(files, differ); two != files.end()) {
    throw Error(Errc::corrupt,
                format_text(_("{}: the list of files names {} twice, with different sizes"), server,
                            two->id.hex()));
  }
  const auto repeated = std::ranges::unique(files, {}, &ListedFile::id);
  files.erase(repeated.begin(), repeated.end());
}

}  // namespace medsave
