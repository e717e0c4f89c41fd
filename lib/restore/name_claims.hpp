#pragma once

#include "medsave/sys/file_info.hpp"

#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace medsave {

/// Which names of one folder of the snapshot lead to which entries of the target (target_entry.hpp
/// tells why that matters). For folders that were there before; in one that this run made, an entry
/// cannot be made twice. Not thread-safe.
class NameClaims {
 public:
  /// `name` leads to the entry `key` of `dir`. Throws Error(exists) when another name does, and
  /// the two are not hard links.
  void claim(DirHandle dir, const std::string& name, const FileKey& key);

 private:
  using NameSet = std::unordered_set<std::string>;
  void tell_apart(DirHandle dir, const std::string& a, const std::string& b);

  std::map<FileKey, std::string> by_key_;
  std::unordered_map<std::string, std::string> by_lower_case_;  // where inode numbers tell nothing
  NameSet listed_;                                              // read when first needed
};

}  // namespace medsave
