#include "exclusion_tags.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/file_io.hpp"

#include <algorithm>

namespace medsave {
namespace {

constexpr const char* kCacheTag = "CACHEDIR.TAG";
constexpr const char* kCacheSignature = "Signature: 8a477f597d28d172789f06886806bc55";

bool starts_with_header(DirHandle folder, const std::string& name, const std::string& header) {
  try {
    const UniqueFd fd = open_file_at(folder, name);
    Buffer start(header.size());
    const std::size_t got = read_some(fd.get(), start.writable(), name);
    return as_text(start.view().first(got)) == header;
  } catch (const Error&) {
    return false;  // what is no readable tag excludes nothing
  }
}

}  // namespace

ExclusionTags::ExclusionTags(const SourceFilter& filter) {
  if (filter.exclude_caches) tags_.push_back({kCacheTag, kCacheSignature});
  for (const std::string& text : filter.exclude_if_present) {
    const std::size_t colon = text.find(':');
    if (text.empty() || colon == 0) {
      throw Error(Errc::usage,
                  format_text(_("\"{}\" names no file whose presence excludes a folder"), text));
    }
    tags_.push_back(
        {text.substr(0, colon), colon == std::string::npos ? "" : text.substr(colon + 1)});
  }
}

std::vector<std::string> ExclusionTags::in(DirHandle folder,
                                           const std::vector<DirEntry>& sorted) const {
  std::vector<std::string> found;
  for (const Tag& tag : tags_) {
    if (!std::ranges::binary_search(sorted, tag.name, {}, &DirEntry::name)) continue;
    if (tag.header.empty() || starts_with_header(folder, tag.name, tag.header)) {
      found.push_back(tag.name);
    }
  }
  return found;
}

bool ExclusionTags::exclude(const std::vector<std::string>& found, const std::string& name) {
  return std::ranges::any_of(found, [&](const std::string& tag) { return tag != name; });
}

std::optional<std::string> ExclusionTags::excluding(DirHandle folder) const {
  if (tags_.empty()) return std::nullopt;
  std::optional<Error> cut_short;  // which the list of what is saved tells
  std::vector<DirEntry> entries = list_entries(folder, cut_short);
  std::ranges::sort(entries, {}, &DirEntry::name);
  const std::vector<std::string> tags = in(folder, entries);
  const auto is_out = [&](const DirEntry& entry) { return exclude(tags, entry.name); };
  if (std::ranges::none_of(entries, is_out)) return std::nullopt;
  return tags.front();
}

}  // namespace medsave
