#include "medsave/format/index_file.hpp"

#include "fixtures.hpp"
#include "mutations.hpp"
#include "random_node.hpp"
#include "support/matchers.hpp"

#include <gtest/gtest.h>

namespace medsave::test {
namespace {

std::vector<IndexedPack> decode_all(std::string_view json) {
  std::vector<IndexedPack> packs;
  decode_index(json, [&packs](IndexedPack& pack) { packs.push_back(std::move(pack)); });
  return packs;
}

std::vector<IndexedPack> random_packs(Generator& random) {
  std::vector<IndexedPack> packs(1 + pick(random, 4));
  for (IndexedPack& pack : packs) {
    pack.pack = random_id(random);
    for (std::uint64_t n = pick(random, 6); n > 0; --n) {
      PackEntry& blob = pack.blobs.emplace_back();
      blob.kind = pick(random, 2) == 0 ? BlobKind::data : BlobKind::tree;
      blob.id = random_id(random);
      blob.offset = static_cast<std::uint32_t>(random());
      blob.stored_length = 32 + static_cast<std::uint32_t>(pick(random, 1'000'000));
      blob.plain_length = static_cast<std::uint32_t>(sometimes(random));
    }
  }
  return packs;
}

TEST(IndexFile, RecordedIndexesRoundTripByteForByte) {
  std::size_t blobs = 0;
  const auto recorded = load_json("repo-v2.indexes.json");
  for (const auto& index : recorded) {
    const std::string text = index;
    const std::vector<IndexedPack> packs = decode_all(text);
    for (const IndexedPack& pack : packs) blobs += pack.blobs.size();
    EXPECT_EQ(encode_index(packs), text);
  }
  EXPECT_EQ(blobs, 171U);
}

TEST(IndexFile, RandomIndexesRoundTrip) {
  Generator random(9);
  for (int i = 0; i < 200; ++i) {
    const std::vector<IndexedPack> packs = random_packs(random);
    const std::string text = encode_index(packs);
    const std::vector<IndexedPack> again = decode_all(text);
    ASSERT_EQ(again.size(), packs.size());
    for (std::size_t k = 0; k < packs.size(); ++k) {
      EXPECT_EQ(again[k].pack, packs[k].pack);
      EXPECT_EQ(again[k].blobs, packs[k].blobs);
    }
  }
}

TEST(IndexFile, MembersMayComeInAnyOrderAndBeUnknown) {
  const std::string id(64, 'a');
  const std::vector<IndexedPack> packs =
      decode_all(R"({ "supersedes":[")" + id +
                 R"("], "packs":[{"blobs":[{"length":50,"x":{},"type":"tree","id":")" + id +
                 R"(","offset":3}],"id":")" + id + R"("},{"id":")" + id + R"(","blobs":null}]})");
  ASSERT_EQ(packs.size(), 2U);
  EXPECT_EQ(packs[0].pack.hex(), id);
  ASSERT_EQ(packs[0].blobs.size(), 1U);
  EXPECT_EQ(packs[0].blobs[0].offset, 3U);
  EXPECT_EQ(packs[0].blobs[0].kind, BlobKind::tree);
  EXPECT_TRUE(packs[1].blobs.empty());
  EXPECT_TRUE(decode_all(R"({"packs":null})").empty());
}

TEST(IndexFile, RejectsWhatCannotBe) {
  const std::string id(64, 'a');
  const auto with_blob = [&id](const std::string& members) {
    return R"({"packs":[{"id":")" + id + R"(","blobs":[{)" + members + "}]}]}";
  };
  const std::string blob_id = R"("id":")" + id + R"(",)";
  for (const std::string& bad : {
           std::string("[]"),
           std::string("{}"),
           std::string(R"({"packs":[{}]})"),
           std::string(R"({"packs":[{"blobs":[]}]})"),
           std::string(R"({"packs":[]} {})"),
           with_blob(""),
           with_blob(R"("type":"data","offset":0,"length":40)"),
           with_blob(blob_id + R"("offset":0,"length":40)"),
           with_blob(blob_id + R"("type":"data","offset":0)"),
           with_blob(blob_id + R"("type":"file","offset":0,"length":40)"),
           with_blob(blob_id + R"("type":"data","offset":0,"length":31)"),
           with_blob(blob_id + R"("type":"data","offset":0,"length":4294967296)"),
           with_blob(blob_id + R"("type":"data","offset":4294967296,"length":40)"),
           with_blob(blob_id + R"("type":"data","offset":-1,"length":40)"),
           with_blob(blob_id + R"("type":"data","offset":0,"length":4e1)"),
       }) {
    EXPECT_THAT([&] { decode_all(bad); }, throws_errc(Errc::corrupt)) << bad;
  }
}

TEST(IndexFile, RejectsEveryTruncation) {
  Generator random(10);
  std::string good = encode_index(random_packs(random));
  good.pop_back();
  expect_truncations_rejected(good, [](std::string_view text) { decode_all(text); });
}

TEST(IndexFile, SurvivesMutations) {
  Generator random(11);
  expect_mutations_survived(encode_index(random_packs(random)), 20000,
                            [](std::string_view text) { decode_all(text); });
}

}  // namespace
}  // namespace medsave::test
