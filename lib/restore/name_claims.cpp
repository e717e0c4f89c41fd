#include "name_claims.hpp"

#include "target_entry.hpp"

#include "medsave/snap/path_filter.hpp"

#include <iterator>
#include <optional>
#include <vector>

namespace medsave {

void NameClaims::tell_apart(DirHandle dir, const std::string& a, const std::string& b) {
  if (listed_.contains(a) && listed_.contains(b)) return;
  std::vector<std::string> names = names_in(dir);
  listed_ = NameSet(std::make_move_iterator(names.begin()), std::make_move_iterator(names.end()));
  if (!listed_.contains(a) || !listed_.contains(b)) throw_not_told_apart(a, b);
}

void NameClaims::claim(DirHandle dir, const std::string& name, const FileKey& key) {
  const auto alike = by_lower_case_.try_emplace(case_folded(name), name);
  if (!alike.second && alike.first->second != name) tell_apart(dir, alike.first->second, name);

  const auto place = by_key_.try_emplace(key, name);
  std::string& other = place.first->second;
  if (place.second || other == name) return;
  const std::optional<FileInfo> there = lstat_at(dir, other);
  if (there && there->key() == key) {
    tell_apart(dir, other, name);
  } else {
    other = name;  // that entry went, and its number was given to this one
  }
}

}  // namespace medsave
