// lattice FOLDER: two snapshots into the local repository there, of folders that each hold the same
// folder twice, 40 levels deep: some 80 folder lists with more paths than anybody can visit. The
// snapshots differ in the one file at all their ends.
// lattice --twice FOLDER: one whose folder "twice" lists the name "f" twice, and "g" once.
// Password: RESTIC_PASSWORD.
#include "medsave/backend/local_backend.hpp"
#include "medsave/crypto/secret.hpp"
#include "medsave/format/snapshot.hpp"
#include "medsave/format/tree.hpp"
#include "medsave/format/tree_encode.hpp"
#include "medsave/repo/blob_writer.hpp"
#include "medsave/repo/index_load.hpp"
#include "medsave/repo/repository.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace {

using medsave::Id;
using medsave::Node;

constexpr int kLevels = 40;

Node folder(const std::string& name, const Id& content) {
  Node node;
  node.name = name;
  node.type = medsave::NodeType::dir;
  node.mode = medsave::go_mode::kDir | 0755U;
  node.subtree = content;
  return node;
}

Node file(const std::string& name, std::string_view content, medsave::BlobWriter& writer) {
  Node node;
  node.name = name;
  node.type = medsave::NodeType::file;
  node.mode = 0644;
  node.size = content.size();
  node.content_is_null = false;
  node.content = {writer.save(medsave::BlobKind::data, medsave::as_bytes(content)).id};
  return node;
}

Id save(const medsave::Tree& tree, medsave::BlobWriter& writer) {
  return writer.save(medsave::BlobKind::tree, medsave::as_bytes(medsave::encode_tree(tree))).id;
}

Id lattice(std::string_view content, medsave::BlobWriter& writer) {
  Id below = save({file("file", content, writer)}, writer);
  for (int i = 0; i < kLevels; ++i) {
    below = save({folder("a", below), folder("b", below)}, writer);
  }
  return below;
}

Id twice(medsave::BlobWriter& writer) {
  const Id inside =
      save({file("f", "one", writer), file("f", "two", writer), file("g", "good", writer)}, writer);
  return save({folder("twice", inside)}, writer);
}

void run(bool with_twice, const std::string& place, const char* password) {
  const auto repository =
      medsave::Repository::open(medsave::make_local_backend(place), medsave::Secret(password), "");
  const auto index = medsave::load_index(*repository, {});
  medsave::BlobWriter writer(*repository, *index, {}, {});
  std::vector<Id> roots;
  if (with_twice) {
    roots = {twice(writer)};
  } else {
    roots = {lattice("one", writer), lattice("two", writer)};
  }
  writer.finish();
  std::int64_t day = with_twice ? 2 : 0;
  for (const Id& root : roots) {
    medsave::Snapshot snapshot;
    snapshot.time = {.instant = {.seconds = 1'700'000'000 + 86'400 * day++, .nanoseconds = 0},
                     .offset_seconds = 0};
    snapshot.tree = root;
    snapshot.paths = {"/data"};
    snapshot.hostname = "host";
    repository->save_json(medsave::FileKind::snapshot, medsave::encode_snapshot(snapshot));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const char* const password = std::getenv("RESTIC_PASSWORD");
  const bool with_twice = argc == 3 && std::string_view(argv[1]) == "--twice";
  if ((argc != 2 && !with_twice) || password == nullptr) {
    std::fputs("usage: RESTIC_PASSWORD=... lattice [--twice] FOLDER\n", stderr);
    return 2;
  }
  try {
    run(with_twice, argv[argc - 1], password);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "lattice: %s\n", e.what());
    return 1;
  }
  return 0;
}
