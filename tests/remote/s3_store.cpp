// What the S3 backend does with a real store. tests/remote/s3.sh starts one and says where:
// S3_ENDPOINT (with an address that knows buckets as hosts in S3_DNS_ENDPOINT), the usual AWS_
// variables, and READER_ACCESS_KEY and READER_SECRET_KEY of somebody who may only read. With
// POOR_STORE=1 the store has neither object lock nor read-only keys.
#include "s3_client.hpp"
#include "s3_error.hpp"
#include "s3_retention.hpp"
#include "support/matchers.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/random.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/remote/s3_backend.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace medsave {
namespace {

using test::throws_errc;
using testing::HasSubstr;
using testing::Not;

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Id numbered(unsigned number) { return sha256(as_bytes(std::to_string(number))); }

FileRef file_of(FileKind kind, unsigned number = 0) {
  return {.kind = kind, .id = kind == FileKind::config ? Id{} : numbered(number)};
}

Buffer content(std::string_view text) { return Buffer(as_bytes(text)); }

/// A name that no bucket has yet.
std::string new_bucket() { return "test-" + std::to_string(system_random().below(1ULL << 40U)); }

std::unique_ptr<Backend> open(const std::string& path, const RemoteOptions& options = {},
                              const char* endpoint = "S3_ENDPOINT") {
  return make_s3_backend(variable(endpoint) + "/" + path, options);
}

/// While it lives, other credentials are in use.
class Credentials {
 public:
  Credentials(const std::string& key, const std::string& secret)
      : key_(variable("AWS_ACCESS_KEY_ID")), secret_(variable("AWS_SECRET_ACCESS_KEY")) {
    set(key, secret);
  }
  ~Credentials() { set(key_, secret_); }
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

 private:
  static void set(const std::string& key, const std::string& secret) {
    ::setenv("AWS_ACCESS_KEY_ID", key.c_str(), 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", secret.c_str(), 1);
  }
  const std::string key_;
  const std::string secret_;
};

std::string loaded(Backend& backend, const FileRef& file) {
  Buffer out;
  backend.load(file, 1 << 20U, out);
  return std::string(as_text(out.view()));
}

/// Stores, lists, reads and deletes one file.
void use(Backend& backend) {
  const FileRef pack = file_of(FileKind::pack);
  backend.create();
  backend.save(pack, content("0123456789"));
  EXPECT_EQ(backend.size(pack), 10U);
  EXPECT_EQ(loaded(backend, pack), "0123456789");
  Buffer part;
  backend.load_range(pack, 2, 3, part);
  EXPECT_EQ(as_text(part.view()), "234");
  const std::vector<ListedFile> files = backend.list(FileKind::pack);
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].id, pack.id);
  EXPECT_EQ(files[0].size, 10U);
  backend.remove(pack);
  EXPECT_TRUE(backend.list(FileKind::pack).empty());
  EXPECT_FALSE(backend.size(pack).has_value());
}

TEST(S3Store, TakesPrefixesWithEveryCharacter) {
  const std::string bucket = new_bucket();
  std::string all;
  for (char c = ' '; c <= '~'; ++c) all += c;
  for (const std::string& prefix :
       {std::string(), std::string("plain"), all, std::string("é/漢字/😀/ "), std::string("tab\tx"),
        std::string("a+b %20&amp;%2F<x>")}) {
    SCOPED_TRACE(prefix);
    // Not as an URL, which would be percent-encoded; http is only possible as one.
    std::string encoded = uri_encode(prefix, true);
    use(*open(std::string(bucket).append("/").append(encoded)));
  }
}

TEST(S3Store, FindsTheBucketByTheNameOfAHost) {
  if (variable("S3_DNS_ENDPOINT").empty()) GTEST_SKIP();
  const std::string bucket = new_bucket();
  const RemoteOptions dns{.extended = {{"s3.bucket-lookup", "dns"}}};
  use(*open(bucket + "/by host", dns, "S3_DNS_ENDPOINT"));
  open(bucket + "/a")->save(file_of(FileKind::index), content("x"));
  EXPECT_EQ(loaded(*open(bucket + "/a", dns, "S3_DNS_ENDPOINT"), file_of(FileKind::index)), "x");
}

TEST(S3Store, IsToldAnyRegionWithoutHarm) {
  use(*open(new_bucket(), {.extended = {{"s3.region", "us-east-1"}}}));
  if (variable("POOR_STORE").empty()) {
    use(*open(new_bucket(), {.extended = {{"s3.region", "eu-west-3"}}}));
  }
}

void expect_denied(Backend& backend, const std::string& words) {
  try {
    backend.size(file_of(FileKind::config));
    FAIL() << "was allowed";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Errc::permission);
    EXPECT_THAT(e.what(), HasSubstr(words));
    EXPECT_THAT(e.what(), Not(HasSubstr("wrong/secret")));
  }
  EXPECT_THAT([&] { backend.create(); }, throws_errc(Errc::permission));
  EXPECT_THAT([&] { backend.list(FileKind::index); }, throws_errc(Errc::permission));
  EXPECT_THAT([&] { backend.can_delete(); }, throws_errc(Errc::permission));
}

TEST(S3Store, KnowsAWrongSecretFromAWrongKey) {
  const std::string bucket = new_bucket();
  open(bucket)->create();
  {
    const Credentials wrong(variable("AWS_ACCESS_KEY_ID"), "wrong/secret");
    expect_denied(*open(bucket), "AWS_SECRET_ACCESS_KEY");
  }
  const Credentials unknown("NOBODY", "wrong/secret");
  expect_denied(*open(bucket), variable("POOR_STORE").empty() ? "AWS_ACCESS_KEY_ID" : "");
}

TEST(S3Store, SaysThatTheBucketIsMissing) {
  const auto backend = open(new_bucket() + "/prefix");
  EXPECT_FALSE(backend->size(file_of(FileKind::config)).has_value());
  EXPECT_TRUE(backend->list(FileKind::key).empty());
  EXPECT_THAT([&] { backend->save(file_of(FileKind::key), content("x")); },
              throws_errc(Errc::not_found));
  try {
    loaded(*backend, file_of(FileKind::config));
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Errc::not_found);
    EXPECT_THAT(e.what(), HasSubstr("bucket"));
  }
}

/// Somebody whose clock is wrong.
class WrongClock : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override {
    Timestamp time = system_clock().now();
    time.seconds += 3600;
    return time;
  }
};

S3Client client_of(const std::string& bucket, const Clock& clock) {
  S3ClientSettings settings{.address = parse_s3_address(variable("S3_ENDPOINT") + "/" + bucket)};
  S3Credentials credentials{.access_key = variable("AWS_ACCESS_KEY_ID"),
                            .secret_key = Secret(variable("AWS_SECRET_ACCESS_KEY"))};
  return {std::move(settings), std::move(credentials), std::nullopt, {}, clock};
}

TEST(S3Store, ExplainsAWrongClock) {
  const std::string bucket = new_bucket();
  open(bucket)->create();
  const WrongClock clock;
  S3Client client = client_of(bucket, clock);
  const HttpResponse response = client.perform({.key = "config"});
  EXPECT_EQ(response.status, 403);
  EXPECT_THAT([&] { client.refuse(response, "config"); }, throws_errc(Errc::permission));
  EXPECT_THAT(std::string(s3_error(response, "config", clock.now()).what()),
              HasSubstr("set the clock"));
}

TEST(S3Store, ListsMoreThanOnePage) {
  constexpr unsigned kFiles = 1205;
  const auto backend = open(new_bucket() + "/a b");
  backend->create();
  std::atomic<unsigned> next = 0;
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < backend->connections(); ++t) {
      threads.emplace_back([&] {
        for (unsigned i = next++; i < kFiles; i = next++) {
          backend->save(file_of(FileKind::lock, i), content("lock"));
        }
      });
    }
  }
  std::set<Id> ids;
  for (const ListedFile& file : backend->list(FileKind::lock)) ids.insert(file.id);
  EXPECT_EQ(ids.size(), kFiles);
  EXPECT_GE(backend->traffic().requests, kFiles);
}

TEST(S3Store, StoresOneOfManyConfigs) {
  const auto backend = open(new_bucket());
  backend->create();
  if (!variable("POOR_STORE").empty()) GTEST_SKIP() << "the store cannot do that at once";
  std::atomic<unsigned> winners = 0;
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        try {
          backend->save(file_of(FileKind::config), content("config"));
          ++winners;
        } catch (const Error& e) {
          EXPECT_EQ(e.code(), Errc::exists) << e.what();
        }
      });
    }
  }
  EXPECT_EQ(winners, 1U);
  backend->replace_config(content("another"));
  EXPECT_EQ(loaded(*backend, file_of(FileKind::config)), "another");
}

TEST(S3Store, KnowsWhoMayNotDelete) {
  const std::string bucket = new_bucket();
  const auto owner = open(bucket);
  owner->create();
  owner->save(file_of(FileKind::index), content("x"));
  EXPECT_TRUE(owner->can_delete());
  if (!variable("POOR_STORE").empty()) return;
  const Credentials reader(variable("READER_ACCESS_KEY"), variable("READER_SECRET_KEY"));
  const auto backend = open(bucket);
  EXPECT_EQ(loaded(*backend, file_of(FileKind::index)), "x");
  EXPECT_FALSE(backend->can_delete());
  EXPECT_THAT([&] { backend->remove(file_of(FileKind::index)); }, throws_errc(Errc::permission));
  EXPECT_THAT([&] { backend->save(file_of(FileKind::lock), content("x")); },
              throws_errc(Errc::permission));
}

RemoteOptions locked_for(const std::string& period) {
  return {.extended = {{"s3.retention-lock", period}}};
}

TEST(S3Store, ProtectsFilesAgainstDeletion) {
  const std::string bucket = new_bucket();
  const auto backend = open(bucket, locked_for("1h"));
  const FileRef pack = file_of(FileKind::pack);
  if (!variable("POOR_STORE").empty()) {
    EXPECT_THAT(([&] {
                  backend->create();
                  backend->save(pack, content("content"));
                }),
                throws_errc(Errc::unsupported));
    return;
  }
  backend->create();
  for (const FileKind kind : {FileKind::config, FileKind::key, FileKind::lock, FileKind::snapshot,
                              FileKind::index, FileKind::pack}) {
    backend->save(file_of(kind), content("content"));
  }
  EXPECT_FALSE(backend->retain(file_of(FileKind::lock)));
  EXPECT_FALSE(backend->retain(pack));
  // The same backend, opened with more: every file needs an extension, once.
  const auto longer = open(bucket, locked_for("2h"));
  EXPECT_TRUE(longer->retain(pack));
  EXPECT_FALSE(longer->retain(pack));
  EXPECT_FALSE(backend->retain(pack));
  EXPECT_THAT([&] { longer->retain(file_of(FileKind::pack, 1)); }, throws_errc(Errc::not_found));
  // What was stored without protection gets it.
  open(bucket)->save(file_of(FileKind::pack, 2), content("content"));
  EXPECT_TRUE(longer->retain(file_of(FileKind::pack, 2)));
  EXPECT_TRUE(backend->can_delete());
  // The file can be hidden, but not destroyed.
  S3Client client = client_of(bucket, system_clock());
  const std::string key = "index/" + numbered(0).hex();
  const std::string version =
      header_of(client.perform({.method = "HEAD", .key = key}), "x-amz-version-id");
  backend->remove(file_of(FileKind::index));
  EXPECT_FALSE(backend->size(file_of(FileKind::index)).has_value());
  const QueryParameters the_version = {{"versionId", version}};
  EXPECT_EQ(client.perform({.method = "DELETE", .key = key, .query = the_version}).status, 403);
  EXPECT_EQ(as_text(client.perform({.key = key, .query = the_version}).body.view()), "content");
}

TEST(S3Store, RefusesToProtectInABucketWithoutObjectLock) {
  const std::string bucket = new_bucket();
  open(bucket)->create();
  const auto backend = open(bucket, locked_for("1h"));
  for (const FileKind kind : {FileKind::config, FileKind::pack}) {
    EXPECT_THAT([&] { backend->save(file_of(kind), content("content")); },
                throws_errc(Errc::unsupported));
  }
  open(bucket)->save(file_of(FileKind::pack, 3), content("content"));
  EXPECT_THAT([&] { backend->retain(file_of(FileKind::pack, 3)); }, throws_errc(Errc::unsupported));
}

}  // namespace
}  // namespace medsave
