#include "index_rewriter.hpp"

#include "prune_store.hpp"

#include "medsave/repo/index_files.hpp"

#include <algorithm>

namespace medsave {
namespace {

using test::RepoBuilder;

Id id_of(char digit) { return *Id::parse(std::string(64, digit)); }

PackEntry entry_of(char digit, std::uint32_t offset) {
  return {.kind = BlobKind::data,
          .id = id_of(digit),
          .offset = offset,
          .stored_length = 100,
          .plain_length = 0};
}

TEST(IndexRewriter, APackThatAFullFileListsInPartStaysListedWhole) {
  MemBackend store;
  const RepoBuilder builder(store);
  const IndexedPack part{.pack = id_of('1'), .blobs = {entry_of('a', 0)}};
  const IndexedPack whole{.pack = id_of('1'), .blobs = {entry_of('a', 0), entry_of('b', 100)}};
  const IndexedPack gone{.pack = id_of('2'), .blobs = {entry_of('c', 0)}};
  Index index;
  for (const IndexedPack& pack : {part, whole, gone}) index.add_pack(pack);
  const Id full = id_of('e');
  const Id other = id_of('f');
  std::vector<FileRef> deleted;
  IndexRewriter rewriter(builder.repository(), index,
                         {{.index = full, .packs = {part.pack}, .blobs = kBlobsPerIndexFile},
                          {.index = other, .packs = {whole.pack, gone.pack}, .blobs = 3}},
                         [&](const std::vector<FileRef>& files) { deleted = files; });
  rewriter.drop({gone.pack});
  EXPECT_TRUE(std::ranges::any_of(deleted, [&](const FileRef& file) { return file.id == full; }));
  const auto left = load_index(builder.repository(), {});
  EXPECT_TRUE(left->contains({.kind = BlobKind::data, .id = id_of('b')}));
  EXPECT_FALSE(left->contains_pack(gone.pack));
  deleted.clear();
  rewriter.drop({id_of('3')});  // now all say the same
  EXPECT_TRUE(
      load_index(builder.repository(), {})->contains({.kind = BlobKind::data, .id = id_of('b')}));
}

}  // namespace
}  // namespace medsave
