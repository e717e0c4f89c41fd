// Config, key files and locks: the plain records of a repository.
#include "fixtures.hpp"
#include "mutations.hpp"
#include "support/matchers.hpp"

#include "medsave/format/key_file.hpp"
#include "medsave/format/lock_file.hpp"
#include "medsave/format/repo_config.hpp"

#include <gtest/gtest.h>

namespace medsave::test {
namespace {

/// Plaintexts, or the JSON within, of the crypto vectors whose name has `part` in it.
std::vector<std::string> recorded(const std::string& part) {
  std::vector<std::string> texts;
  const auto data = load_json("crypto.json");
  for (const auto& vector : data["vectors"]) {
    const std::string name = vector["name"];
    if (name.find(part) == std::string::npos) continue;
    texts.push_back(vector.contains("json") ? std::string(vector["json"])
                                            : from_hex_text(std::string(vector["plaintext"])));
  }
  return texts;
}

TEST(RepoConfig, RecordedConfigsRoundTripByteForByte) {
  const std::vector<std::string> configs = recorded(" config");
  ASSERT_EQ(configs.size(), 2U);
  for (const std::string& json : configs) {
    EXPECT_EQ(encode_repo_config(decode_repo_config(json)), json);
  }
  const RepoConfig v2 = decode_repo_config(configs[1]);
  EXPECT_EQ(v2.version, 2U);
  EXPECT_EQ(v2.chunker_polynomial, "2bce9c8286df81");
  EXPECT_EQ(v2.id, "00e23c646bba1e78b5c3091a6b71f86883337ee9c73d6bf18adb927af604bd65");
}

TEST(RepoConfig, RejectsUnknownVersionsAndUnusableIds) {
  const std::string rest = R"(,"id":")" + std::string(64, 'a') + R"(","chunker_polynomial":"3da"})";
  EXPECT_NO_THROW(decode_repo_config(R"({"version":1)" + rest));
  for (const char* version : {"0", "3", "4294967295"}) {
    EXPECT_THAT([&] { decode_repo_config(R"({"version":)" + std::string(version) + rest); },
                throws_errc(Errc::unsupported));
  }
  for (const std::string& bad :
       {std::string("{}"), "{" + rest.substr(1), std::string(R"({"version":2})"),
        std::string(R"({"version":2,"id":"../../etc","chunker_polynomial":"3da"})"),
        std::string(R"({"version":2,"id":")") + std::string(64, 'a') + R"("})"}) {
    EXPECT_THAT([&] { decode_repo_config(bad); }, throws_errc(Errc::corrupt)) << bad;
  }
}

TEST(MasterKey, RecordedKeysRoundTripByteForByte) {
  for (const std::string& json : recorded("key file")) {
    const Buffer key = decode_master_key(json);
    EXPECT_EQ(encode_master_key(key.view()), json);
  }
  const auto expected = load_json("repo-v2.expected.json")["masterkey"];
  const Buffer key = decode_master_key(expected.dump());
  EXPECT_EQ(to_base64(key.view().first(32)), expected["encrypt"]);
  EXPECT_EQ(to_base64(key.view().subspan(32, 16)), expected["mac"]["k"]);
  EXPECT_EQ(to_base64(key.view().subspan(48)), expected["mac"]["r"]);
}

TEST(MasterKey, RejectsPartsOfTheWrongLength) {
  for (
      const char* bad :
      {"{}", R"({"mac":{"k":"","r":""},"encrypt":""})", R"({"mac":{},"encrypt":""})",
       R"({"encrypt":"KrHDOcbfQEEXNjMteP71f5oQ0ryKSp9S4sS4z374JUY="})",
       R"({"mac":{"k":"PsW46hfOpFBprW1dc9id5w==","r":"XJ/Syc3W1ys6Z4PfV2Z36A=="}})",
       R"({"mac":{"k":"PsW46hfOpFBprW1dc9id5w==","r":"XJ/Syc3W1ys6Z4PfV2Z36A=="},"encrypt":"a"})"}) {
    EXPECT_THAT([&] { decode_master_key(bad); }, throws_errc(Errc::corrupt)) << bad;
  }
}

TEST(KeyFile, IsWrittenInTheOrderOfTheFormat) {
  KeyFile key;
  key.created = parse_time("2026-11-22T03:52:06.073345041Z").value();
  key.username = "alice";
  key.hostname = "laptop";
  key.n = 32768;
  key.r = 8;
  key.p = 3;
  key.salt = Buffer(as_bytes("salt"));
  key.data = Buffer(as_bytes("sealed"));
  const std::string json = encode_key_file(key);
  EXPECT_EQ(json,
            R"({"created":"2026-11-22T03:52:06.073345041Z","username":"alice","hostname":"laptop",)"
            R"("kdf":"scrypt","N":32768,"r":8,"p":3,"salt":"c2FsdA==","data":"c2VhbGVk"})");
  EXPECT_EQ(encode_key_file(decode_key_file(json)), json);

  const auto decode = [](std::string_view text) { decode_key_file(text); };
  expect_truncations_rejected(json, decode);
  expect_mutations_survived(json, 20000, decode);
}

TEST(KeyFile, RejectsOtherKdfsAndMissingParts) {
  const std::string rest = R"("N":32768,"r":8,"p":3,"salt":"c2FsdA==","data":"c2VhbGVk"})";
  EXPECT_NO_THROW(decode_key_file(R"({"kdf":"scrypt",)" + rest));
  EXPECT_THAT([&] { decode_key_file(R"({"kdf":"argon2id",)" + rest); },
              throws_errc(Errc::unsupported));
  for (const std::string& bad :
       {"{" + rest, std::string(R"({"kdf":"scrypt"})"), std::string(),
        std::string(R"({"kdf":"scrypt","N":-1,"r":8,"p":3,"salt":"c2FsdA==","data":"c2Vh"})"),
        std::string(R"({"kdf":"scrypt","N":0,"r":8,"p":3,"salt":"c2FsdA==","data":"c2Vh"})"),
        std::string(R"({"kdf":"scrypt","N":2,"r":8,"p":3,"salt":"c2Fsd","data":"c2Vh"})"),
        std::string(R"({"kdf":"scrypt","N":2,"r":8,"p":3,"salt":"c2FsdA==","data":""})")}) {
    EXPECT_THAT([&] { decode_key_file(bad); }, throws_errc(Errc::corrupt)) << bad;
  }
}

TEST(LockFile, RecordedLocksRoundTripByteForByte) {
  const std::vector<std::string> locks = recorded(" lock ");
  ASSERT_EQ(locks.size(), 3U);
  for (const std::string& json : locks) {
    EXPECT_EQ(encode_lock_file(decode_lock_file(json)), json);
  }
}

TEST(LockFile, CarriesTheProofOfLife) {
  LockFile lock;
  lock.time = parse_time("2026-11-22T04:52:09.139192825+01:00").value();
  lock.exclusive = true;
  lock.hostname = "fixture-host";
  lock.username = "root";
  lock.pid = 23590;
  EXPECT_EQ(encode_lock_file(lock),
            R"({"time":"2026-11-22T04:52:09.139192825+01:00","exclusive":true,)"
            R"("hostname":"fixture-host","username":"root","pid":23590})");
  lock.uid = 1000;
  lock.gid = 100;
  lock.boot_id = "b1";
  lock.pid_namespace = "pid:[4026531836]";
  const std::string json = encode_lock_file(lock);
  EXPECT_TRUE(
      json.ends_with(R"("uid":1000,"gid":100,"boot_id":"b1","pid_namespace":"pid:[4026531836]"})"));
  EXPECT_EQ(encode_lock_file(decode_lock_file(json)), json);

  const auto decode = [](std::string_view text) { decode_lock_file(text); };
  expect_truncations_rejected(json, decode);
  expect_mutations_survived(json, 20000, decode);
}

}  // namespace
}  // namespace medsave::test
