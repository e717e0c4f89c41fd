// Repositories that restic made, read whole.
#include "stores.hpp"
#include "support/temp_dir.hpp"

#include "medsave/backend/local_backend.hpp"
#include "medsave/base/encoding.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/repo/adopt.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/repo/blob_writer.hpp"
#include "medsave/repo/index_load.hpp"
#include "medsave/repo/key_store.hpp"
#include "medsave/repo/repository.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fstream>
#include <map>

namespace medsave {
namespace {

using nlohmann::json;

class Fixture : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const std::string data = std::string(MEDSAVE_TEST_DATA) + "/" + GetParam();
    expected_ = json::parse(std::ifstream(data + ".expected.json"));
    const std::string command = "tar -xzf '" + data + ".tar.gz' -C '" + folder_.path() + "'";
    ASSERT_EQ(std::system(command.c_str()), 0);
  }

  std::unique_ptr<Repository> open(std::size_t n = 0) {
    const std::string password = expected_["passwords"][n];
    std::string hint;  // saves deriving the other key
    for (const json& key : expected_["keys"]) {
      if (key["password"] == password) hint = key["id"];
    }
    return Repository::open(make_local_backend(folder_ / GetParam()), Secret(password), hint);
  }

  test::TempDir folder_;
  json expected_;
};

TEST_P(Fixture, OpensWithEachPassword) {
  const json& key = expected_["masterkey"];
  for (const std::size_t n : {0U, 1U}) {
    const auto repository = open(n);
    EXPECT_EQ(to_base64(repository->key().encrypt_key()), key["encrypt"]);
    EXPECT_EQ(to_base64(repository->key().mac_k()), key["mac"]["k"]);
    EXPECT_EQ(to_base64(repository->key().mac_r()), key["mac"]["r"]);
    EXPECT_EQ(repository->config().version, expected_["config"]["version"]);
    EXPECT_EQ(repository->config().id, expected_["config"]["id"]);
    EXPECT_EQ(repository->polynomial().hex(), expected_["config"]["chunker_polynomial"]);
  }
}

TEST_P(Fixture, ListsItsKeys) {
  const auto repository = open();
  const KeyListing listing = list_keys(*repository);
  EXPECT_TRUE(listing.problems.empty());
  std::map<std::string, const KeyInfo*> by_id;
  for (const KeyInfo& key : listing.keys) by_id[key.id.hex()] = &key;
  ASSERT_EQ(by_id.size(), expected_["keys"].size());
  for (const json& key : expected_["keys"]) {
    const KeyInfo* found = by_id[key["id"]];
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->file.username, key["username"]);
    EXPECT_EQ(found->file.hostname, key["hostname"]);
    EXPECT_EQ(found->current, key["password"] == expected_["passwords"][0]);
  }
}

TEST_P(Fixture, GivesSnapshotsAndIndexesUnchanged) {
  const auto repository = open();
  Buffer loaded;
  for (const json& snapshot : expected_["snapshots"]) {
    const auto id = Id::parse(snapshot["id"].get<std::string>());
    repository->load_json({.kind = FileKind::snapshot, .id = *id}, loaded);
    EXPECT_EQ(as_text(loaded.view()), snapshot["json"].get<std::string>());
  }
  for (const json& index : expected_["indexes"]) {
    const auto id = Id::parse(index["id"].get<std::string>());
    repository->load_json({.kind = FileKind::index, .id = *id}, loaded);
    EXPECT_EQ(sha256(loaded.view()).hex(), index["json_sha256"]);
  }
}

TEST_P(Fixture, HasEveryPackAndBlob) {
  const auto repository = open();
  const auto index = load_index(*repository, {});
  const BlobReader reader(*repository, *index);
  EXPECT_EQ(index->packs().size(), expected_["packs"].size());
  std::map<std::string, PackSummary> packs;
  for (const PackSummary& pack : index->packs()) packs[pack.id.hex()] = pack;
  Buffer plain;
  for (const json& pack : expected_["packs"]) {
    EXPECT_EQ(packs[pack["id"]].size, pack["size"]);
    const auto id = Id::parse(pack["id"].get<std::string>());
    const std::vector<PackEntry> entries = index->pack_entries(*id);
    ASSERT_EQ(entries.size(), pack["entries"].size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const json& e = pack["entries"][i];
      EXPECT_EQ(entries[i].id.hex(), e["id"]);
      EXPECT_EQ(entries[i].offset, e["offset"]);
      EXPECT_EQ(entries[i].stored_length, e["length"]);
      EXPECT_EQ(entries[i].kind == BlobKind::tree, (e["type"].get<int>() & 1) != 0);
      EXPECT_EQ(entries[i].compressed(), e["type"].get<int>() >= 2);
      reader.load({.kind = entries[i].kind, .id = entries[i].id}, plain);
      EXPECT_EQ(sha256(plain.view()), entries[i].id);
    }
  }
}

TEST_P(Fixture, HasNothingToAdopt) {
  const auto repository = open();
  const auto index = load_index(*repository, {});
  EXPECT_EQ(adopt_unindexed_packs(*repository, *index, test::alone, {}).adopted.size(), 0U);
}

TEST_P(Fixture, IsReadFromItsPacksAloneWhenTheIndexIsGone) {
  const auto repository = open();
  const std::size_t blobs = load_index(*repository, {})->blob_count();
  for (const ListedFile& file : repository->backend().list(FileKind::index)) {
    repository->backend().remove({.kind = FileKind::index, .id = file.id});
  }
  Index index;
  EXPECT_EQ(adopt_unindexed_packs(*repository, index, test::alone, {}).adopted.size(),
            expected_["packs"].size());
  EXPECT_EQ(load_index(*repository, {})->blob_count(), blobs);
}

INSTANTIATE_TEST_SUITE_P(Restic, Fixture, testing::Values("repo-v1", "repo-v2"),
                         [](const auto& param) { return param.param.substr(5); });

}  // namespace
}  // namespace medsave
