#include "medsave/repo/index_files.hpp"

#include <utility>

namespace medsave {

void save_index_files(const Repository& repository, std::vector<IndexedPack> packs) {
  std::vector<IndexedPack> file;
  std::size_t blobs = 0;
  const auto save = [&] {
    repository.save_json(FileKind::index, encode_index(file));
    file.clear();
    blobs = 0;
  };
  for (IndexedPack& pack : packs) {
    blobs += pack.blobs.size();
    file.push_back(std::move(pack));
    if (blobs >= kBlobsPerIndexFile) save();
  }
  if (!file.empty()) save();
}

}  // namespace medsave
