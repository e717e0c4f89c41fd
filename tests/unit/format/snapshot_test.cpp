#include "medsave/format/snapshot.hpp"

#include "fixtures.hpp"
#include "mutations.hpp"
#include "support/matchers.hpp"

#include <gtest/gtest.h>

namespace medsave::test {
namespace {

TEST(Snapshot, RecordedSnapshotsRoundTripByteForByte) {
  const auto expected = load_json("repo-v2.expected.json");
  for (const auto& recorded : expected["snapshots"]) {
    const std::string json = recorded["json"];
    EXPECT_EQ(encode_snapshot(decode_snapshot(json)), json);
  }
  EXPECT_EQ(expected["snapshots"].size(), 8U);
}

TEST(Snapshot, FieldsHaveTheirMeaning) {
  const auto expected = load_json("repo-v2.expected.json");
  const Snapshot s3 = decode_snapshot(std::string(expected["snapshots"][2]["json"]));
  EXPECT_EQ(s3.time.offset_seconds, 19800);
  EXPECT_EQ(s3.time.instant, (Timestamp{1795319517, 61931681}));
  EXPECT_EQ(s3.tree.short_hex(), "0a44bc5c");
  EXPECT_EQ(s3.parent, std::nullopt);
  EXPECT_EQ(s3.paths.size(), 4U);
  EXPECT_EQ(s3.hostname, "fixture-host");
  EXPECT_EQ(s3.username, "alice");
  EXPECT_EQ(s3.uid, 1000U);
  EXPECT_EQ(s3.gid, 1000U);
  EXPECT_EQ(s3.excludes, std::vector<std::string>{"*.tmp"});
  EXPECT_EQ(s3.tags, std::vector<std::string>{"relative"});
  EXPECT_EQ(s3.program_version, "restic 0.19.1");
  ASSERT_TRUE(s3.summary);
  EXPECT_EQ(s3.summary->files_new, 7U);
  EXPECT_EQ(s3.summary->data_added_packed, 5244U);
  EXPECT_EQ(s3.summary->total_bytes_processed, 139U);
}

TEST(Snapshot, OptionalFieldsAreOmitted) {
  EXPECT_EQ(encode_snapshot({}), R"({"time":"1970-01-01T00:00:00Z","tree":")" +
                                     std::string(64, '0') + R"(","paths":[]})");
}

TEST(Snapshot, IgnoresUnknownFieldsAndNulls) {
  const std::string id(64, '1');
  const Snapshot snapshot = decode_snapshot(
      R"({"future":{"a":[1]},"tree":")" + id +
      R"(","paths":null,"tags":null,"parent":null,"summary":null,"time":"2024-01-01T00:00:00Z"})");
  EXPECT_EQ(snapshot.tree.hex(), id);
  EXPECT_TRUE(snapshot.paths.empty());
  EXPECT_FALSE(snapshot.summary);
}

TEST(Snapshot, RejectsWhatIsNoSnapshot) {
  const std::string tree = R"("tree":")" + std::string(64, '1') + R"(")";
  const std::string time = R"("time":"2024-01-01T00:00:00Z")";
  for (const std::string& bad :
       {std::string(), std::string("{}"), std::string("[]"), "{" + tree + "}", "{" + time + "}",
        "{" + tree + "," + R"("time":"soon"})", "{" + tree + "," + time + R"(,"paths":"/a"})",
        "{" + tree + "," + time + R"(,"uid":-1})", "{" + tree + "," + time + "} ]"}) {
    EXPECT_THAT([&] { decode_snapshot(bad); }, throws_errc(Errc::corrupt)) << bad;
  }
}

TEST(Snapshot, RejectsEveryTruncationAndSurvivesMutations) {
  const std::string good = load_json("repo-v2.expected.json")["snapshots"][1]["json"];
  const auto decode = [](std::string_view text) { decode_snapshot(text); };
  expect_truncations_rejected(good, decode);
  expect_mutations_survived(good, 20000, decode);
}

}  // namespace
}  // namespace medsave::test
