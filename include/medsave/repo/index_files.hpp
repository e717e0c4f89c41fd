#pragma once

#include "medsave/format/index_file.hpp"
#include "medsave/repo/repository.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace medsave {

inline constexpr std::size_t kBlobsPerIndexFile = 50'000;  // medsave-repository(5), "INDEX"

/// Saves index files, each as soon as the packs for it have about kBlobsPerIndexFile blobs; a pack
/// is listed in one file. Durable only after a barrier.
class IndexFileWriter {
 public:
  using OnSaved = std::function<void(const Id& file, const std::vector<IndexedPack>& packs)>;
  /// `repository` outlives it. `on_saved` is called for each file that has been saved.
  explicit IndexFileWriter(const Repository& repository, OnSaved on_saved = {});

  void add(IndexedPack pack);
  /// Saves what is left; to be called after the last pack.
  void finish();

 private:
  const Repository& repository_;
  const OnSaved on_saved_;
  std::vector<IndexedPack> packs_;  // for the next file
  std::size_t blobs_ = 0;           // in them
};

/// Saves `packs` in as many index files as IndexFileWriter makes of them.
void save_index_files(const Repository& repository, std::vector<IndexedPack> packs);

}  // namespace medsave
