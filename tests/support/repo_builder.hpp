#pragma once

#include "support/faulty_backend.hpp"

#include "medsave/backend/mem_backend.hpp"
#include "medsave/crypto/secret.hpp"
#include "medsave/format/snapshot.hpp"
#include "medsave/format/tree.hpp"
#include "medsave/format/tree_encode.hpp"
#include "medsave/repo/blob_writer.hpp"
#include "medsave/repo/repository.hpp"
#include "medsave/sys/host.hpp"

#include <algorithm>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace medsave::test {

/// Repositories for tests, made from nodes rather than from files: also such as no backup would
/// ever write. Everything lies in `store`, which outlives the repositories opened in it.
class RepoBuilder {
 public:
  explicit RepoBuilder(MemBackend& store, std::uint32_t version = 2,
                       Random& random = system_random())
      : store_(store),
        repository_(Repository::create(forward(store), Secret("password"),
                                       {.version = version,
                                        .polynomial = {},
                                        .kdf = KdfParams{.n = 16, .r = 8, .p = 1},
                                        .random = random})),
        index_(std::make_unique<Index>()) {
    start_packs();
  }

  [[nodiscard]] MemBackend& store() { return store_; }
  [[nodiscard]] const Repository& repository() const { return *repository_; }

  /// The blobs that follow go to new packs.
  void start_packs() {
    if (writer_) writer_->finish();
    writer_ =
        std::make_unique<BlobWriter>(*repository_, *index_, BlobWriterOptions{}, std::stop_token());
  }
  Id data(std::string_view content) { return writer_->save(BlobKind::data, as_bytes(content)).id; }
  Id raw_tree(std::string_view json) { return writer_->save(BlobKind::tree, as_bytes(json)).id; }
  Id tree(Tree nodes, bool sorted = true) {
    if (sorted) std::ranges::sort(nodes, {}, &Node::name);
    return raw_tree(encode_tree(nodes));
  }
  Id snapshot(const Id& tree, const std::string& host = "host") {
    start_packs();
    Snapshot snapshot;
    snapshot.time = {.instant = {.seconds = 1'700'000'000 + snapshots_++, .nanoseconds = 0},
                     .offset_seconds = 0};
    snapshot.tree = tree;
    snapshot.paths = {"/data"};
    snapshot.hostname = host;
    return repository_->save_json(FileKind::snapshot, encode_snapshot(snapshot));
  }

  /// Nodes with plausible metadata of the user who runs the test.
  static Node node(const std::string& name, NodeType type, std::uint32_t mode) {
    Node node;
    node.name = name;
    node.type = type;
    node.mode = mode;
    node.mtime = {.seconds = 1'600'000'000, .nanoseconds = 123'456'789};
    node.atime = {.seconds = 1'600'000'100, .nanoseconds = 5};
    node.ctime = node.mtime;
    node.uid = user_id();
    node.gid = group_id();
    return node;
  }
  /// A file with one blob per part.
  Node file(const std::string& name, const std::vector<std::string>& parts) {
    Node file = node(name, NodeType::file, 0640);
    file.content_is_null = false;
    file.links = 1;
    for (const std::string& part : parts) {
      file.content.push_back(data(part));
      file.size += part.size();
    }
    return file;
  }
  Node dir(const std::string& name, Tree nodes) { return dir(name, tree(std::move(nodes))); }
  static Node dir(const std::string& name, const Id& subtree) {
    Node dir = node(name, NodeType::dir, go_mode::kDir | 0750U);
    dir.subtree = subtree;
    return dir;
  }
  /// A folder that holds the same folder twice, "a" and "b", which holds ... `leaf`: a few trees
  /// with 2^levels paths.
  Id lattice(unsigned levels, Tree leaf) {
    Id below = tree(std::move(leaf));
    for (unsigned i = 0; i < levels; ++i) below = tree({dir("a", below), dir("b", below)});
    return below;
  }
  static Node symlink(const std::string& name, const std::string& target) {
    Node link = node(name, NodeType::symlink, go_mode::kSymlink | 0777U);
    link.link_target = target;
    link.links = 1;
    return link;
  }

  /// A backend that passes every call on to `store`.
  static std::unique_ptr<Backend> forward(Backend& store) {
    return std::make_unique<FaultyBackend>(store, 0, Error(Errc::internal, ""));
  }
  static std::unique_ptr<Repository> open(std::unique_ptr<Backend> backend) {
    return Repository::open(std::move(backend), Secret("password"), "");
  }

 private:
  MemBackend& store_;
  std::unique_ptr<Repository> repository_;
  std::unique_ptr<Index> index_;
  std::unique_ptr<BlobWriter> writer_;
  std::int64_t snapshots_ = 0;
};

/// Replaces a stored file by what `change` makes of it.
template <typename Change>
void damage(MemBackend& store, const FileRef& file, const Change& change) {
  Buffer content;
  store.load(file, ~0ULL, content);
  change(content);
  store.overwrite(file, std::move(content));
}

}  // namespace medsave::test
