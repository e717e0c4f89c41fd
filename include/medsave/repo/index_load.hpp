#pragma once

#include "medsave/base/error.hpp"
#include "medsave/base/id.hpp"
#include "medsave/base/progress.hpp"
#include "medsave/repo/index.hpp"
#include "medsave/repo/repository.hpp"

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace medsave {

/// Why an index file cannot be read. check reports it and goes on; other commands fail with it.
struct IndexProblem {
  Id index = {};
  std::string message = {};
  Errc code = Errc::corrupt;  // other codes: it may be readable later
};

/// What one index file lists.
struct IndexFileContent {
  Id index = {};
  std::vector<Id> packs = {};
  std::size_t blobs = 0;
};

struct LoadIndexReport {
  std::size_t files = 0;
  std::vector<IndexFileContent> contents = {};  // of the readable files, any order
  std::vector<IndexProblem> problems = {};      // unreadable files
  std::vector<Id> duplicate_packs = {};         // described identically in several files
};

/// Loads all index files, in parallel. Call after listing snapshots (medsave-repository(5), "ORDER
/// OF WRITING"). With `report`, unreadable files are entered there and the rest is loaded; without,
/// the first one throws Error(corrupt).
std::unique_ptr<Index> load_index(const Repository& repository, const std::stop_token& stop,
                                  LoadIndexReport* report = nullptr, Progress* progress = nullptr);

}  // namespace medsave
