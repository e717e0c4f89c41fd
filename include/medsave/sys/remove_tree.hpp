#pragma once

#include "medsave/sys/dir_handle.hpp"
#include "medsave/sys/file_info.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace medsave {

/// What becomes of an entry of a tree that is removed.
enum class Fate { remove, keep, keep_all };  // keep: what is in it is judged by itself
/// Asked for each entry, with its path from `name` on and no `folder`; and once more for a
/// folder that is about to be entered, with itself: then only keep_all counts.
using RemovalJudge = std::function<Fate(const std::string& path, DirHandle folder)>;
struct TreeRemoval {
  std::uint64_t entries = 0;  // that went
  std::uint64_t newer = 0;    // kept, because is_newer said so
  bool complete = true;       // nothing was kept
};
/// Says of an entry whether it has been made, written or moved there so late that it stays, a
/// folder with all that is in it.
using NewerJudge = std::function<bool(const FileInfo& entry)>;
/// Removes a file, or a directory with everything in it except what the judges keep and the
/// folders that lead there; never follows symlinks. Throws Error(exists) at a folder where
/// something is mounted, unless the judge keeps that.
TreeRemoval remove_tree_at(DirHandle dir, const std::string& name, const RemovalJudge& judge = {},
                           const NewerJudge& is_newer = {});
/// What remove_tree_at() would do; throws as it.
TreeRemoval count_tree_at(DirHandle dir, const std::string& name, const RemovalJudge& judge = {},
                          const NewerJudge& is_newer = {});

}  // namespace medsave
