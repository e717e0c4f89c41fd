#include "medsave/repo/index_files.hpp"

#include <utility>

namespace medsave {

IndexFileWriter::IndexFileWriter(const Repository& repository, OnSaved on_saved)
    : repository_(repository), on_saved_(std::move(on_saved)) {}

void IndexFileWriter::add(IndexedPack pack) {
  blobs_ += pack.blobs.size();
  packs_.push_back(std::move(pack));
  if (blobs_ >= kBlobsPerIndexFile) finish();
}

void IndexFileWriter::finish() {
  if (packs_.empty()) return;
  const Id file = repository_.save_json(FileKind::index, encode_index(packs_));
  if (on_saved_) on_saved_(file, packs_);
  packs_.clear();
  blobs_ = 0;
}

void save_index_files(const Repository& repository, std::vector<IndexedPack> packs) {
  IndexFileWriter writer(repository);
  for (IndexedPack& pack : packs) writer.add(std::move(pack));
  writer.finish();
}

}  // namespace medsave
