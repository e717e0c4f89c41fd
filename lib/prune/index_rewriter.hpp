#pragma once

#include "medsave/repo/index_load.hpp"
#include "medsave/repo/repository.hpp"

#include <functional>
#include <unordered_set>
#include <vector>

namespace medsave {

/// Knows which index file lists which packs, and takes packs out of the index.
class IndexRewriter {
 public:
  /// `contents`: of all index files but those that a BlobWriter adds meanwhile; these need no
  /// change. `delete_files` deletes all it gets or throws.
  IndexRewriter(const Repository& repository, const Index& index,
                std::vector<IndexFileContent> contents,
                std::function<void(const std::vector<FileRef>&)> delete_files);

  /// Stores new index files in place of those that list any of `packs`, then deletes these. So it
  /// does with files that list a pack otherwise than others do: each may lack entries of it. Files
  /// that are far from full are joined on the occasion. Durable when it returns.
  void drop(const std::unordered_set<Id>& packs);
  /// The same for a medium without room for a new file: deletes first. While it is under way
  /// `between` is called, when no index file exists. Whatever fails, what is left of the packs is
  /// listed again before that is thrown.
  void drop_without_room(const std::unordered_set<Id>& packs, const std::function<void()>& between);

 private:
  std::vector<IndexFileContent> take_replaced(const std::unordered_set<Id>& packs, bool all);
  std::vector<Id> packs_to_list(const std::vector<IndexFileContent>& replaced,
                                const std::unordered_set<Id>& dropped) const;
  void save(const std::vector<Id>& packs);
  /// What was deleted before; durable when it returns.
  void save_again(const std::vector<Id>& packs);
  void remove(const std::vector<IndexFileContent>& files);
  /// False also where that cannot be found out.
  [[nodiscard]] bool are_all_there(const std::vector<IndexFileContent>& files) const;

  const Repository& repository_;
  const Index& index_;
  std::vector<IndexFileContent> contents_;
  std::unordered_set<Id> differing_;  // packs that some of these files may list only in part
  const std::function<void(const std::vector<FileRef>&)> delete_files_;
};

}  // namespace medsave
