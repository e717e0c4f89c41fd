#include "index_rewriter.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"
#include "medsave/repo/index_files.hpp"
#include "medsave/repo/index_load.hpp"

#include <algorithm>
#include <utility>

namespace medsave {
namespace {

constexpr std::size_t kOverfull = 10 * kBlobsPerIndexFile;  // worth being split

}  // namespace

IndexRewriter::IndexRewriter(const Repository& repository, const Index& index,
                             std::vector<IndexFileContent> contents,
                             std::function<void(const std::vector<FileRef>&)> delete_files)
    : repository_(repository),
      index_(index),
      contents_(std::move(contents)),
      differing_(differing_packs(index)),
      delete_files_(std::move(delete_files)) {}

void IndexRewriter::drop(const std::unordered_set<Id>& packs) {
  const std::vector<IndexFileContent> replaced = take_replaced(packs, false);
  save(packs_to_list(replaced, packs));
  differing_.clear();  // now each is listed whole
  repository_.backend().barrier();
  remove(replaced);
  repository_.backend().barrier();
}

void IndexRewriter::drop_without_room(const std::unordered_set<Id>& packs,
                                      const std::function<void()>& between) {
  const std::vector<IndexFileContent> replaced = take_replaced(packs, true);
  try {
    remove(replaced);
    // Before the packs: after a power cut no index must name what is gone.
    repository_.backend().barrier();
  } catch (...) {
    try {
      save_again(packs_to_list(replaced, {}));  // some may be gone
    } catch (const Error&) {
      if (!are_all_there(replaced)) throw;
    }
    throw;
  }
  try {
    between();
  } catch (...) {
    save_again(packs_to_list(replaced, packs));
    throw;
  }
  save_again(packs_to_list(replaced, packs));
}

void IndexRewriter::save_again(const std::vector<Id>& packs) {
  try {
    save(packs);
    repository_.backend().barrier();
  } catch (const Error& e) {
    throw Error(
        e.code(),
        format_text(
            _("index files were deleted to make room and could not be stored again ({}). The data "
              "are all there: make room on the medium, then run \"medsave repair index\"."),
            without_stop(e.what())));
  }
}

std::vector<IndexFileContent> IndexRewriter::take_replaced(const std::unordered_set<Id>& packs,
                                                           bool all) {
  const auto stays = [&](const IndexFileContent& file) {
    const bool touched = std::any_of(file.packs.begin(), file.packs.end(), [&](const Id& pack) {
      return packs.contains(pack) || differing_.contains(pack);
    });
    return !all && !touched && file.blobs >= kBlobsPerIndexFile && file.blobs < kOverfull;
  };
  const auto first = std::stable_partition(contents_.begin(), contents_.end(), stays);
  std::vector<IndexFileContent> replaced(std::make_move_iterator(first),
                                         std::make_move_iterator(contents_.end()));
  contents_.erase(first, contents_.end());
  return replaced;
}

/// What the replaced files listed and no other file lists, each once, in a fixed order.
std::vector<Id> IndexRewriter::packs_to_list(const std::vector<IndexFileContent>& replaced,
                                             const std::unordered_set<Id>& dropped) const {
  std::unordered_set<Id> listed;
  for (const IndexFileContent& file : contents_) {
    listed.insert(file.packs.begin(), file.packs.end());
  }
  std::vector<Id> packs;
  for (const IndexFileContent& file : replaced) {
    for (const Id& pack : file.packs) {
      if (!dropped.contains(pack) && listed.insert(pack).second) packs.push_back(pack);
    }
  }
  std::sort(packs.begin(), packs.end());
  return packs;
}

void IndexRewriter::save(const std::vector<Id>& packs) {
  IndexFileWriter writer(repository_, [this](const Id& id, const std::vector<IndexedPack>& listed) {
    IndexFileContent file{.index = id};
    for (const IndexedPack& pack : listed) {
      file.packs.push_back(pack.pack);
      file.blobs += pack.blobs.size();
    }
    contents_.push_back(std::move(file));
  });
  for (const Id& pack : packs) writer.add({.pack = pack, .blobs = index_.pack_entries(pack)});
  writer.finish();
}

bool IndexRewriter::are_all_there(const std::vector<IndexFileContent>& files) const {
  std::unordered_set<Id> there;
  try {
    for (const ListedFile& file : repository_.backend().list(FileKind::index)) {
      there.insert(file.id);
    }
  } catch (const Error&) {
    return false;  // it cannot be found out
  }
  return std::all_of(files.begin(), files.end(),
                     [&](const IndexFileContent& file) { return there.contains(file.index); });
}

void IndexRewriter::remove(const std::vector<IndexFileContent>& files) {
  std::vector<FileRef> refs;
  refs.reserve(files.size());
  for (const IndexFileContent& file : files) {
    // A new file with the same bytes has the same name only where sealing is not random.
    refs.push_back({.kind = FileKind::index, .id = file.index});
  }
  delete_files_(refs);
}

}  // namespace medsave
