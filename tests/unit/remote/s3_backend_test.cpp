// What the S3 backend makes of stores that err, lie or lack something. How it works with a real
// store is tested by tests/remote/s3.sh.
#include "medsave/remote/s3_backend.hpp"

#include "scripted_store.hpp"
#include "support/matchers.hpp"

#include "medsave/base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace medsave {
namespace {

using test::ScriptedStore;
using test::SeenRequest;
using test::throws_errc;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG";

std::string error_document(const std::string& status, const std::string& code,
                           const std::string& more = {}) {
  return status + "\r\n\r\n<Error><Code>" + code + "</Code>" + more + "</Error>";
}

FileRef pack_of(char digit) {
  return {.kind = FileKind::pack, .id = Id::parse(std::string(64, digit)).value_or(Id{})};
}

class S3BackendTest : public testing::Test {
 protected:
  S3BackendTest() {
    ::setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", std::string(kSecret).c_str(), 1);
    ::setenv("AWS_CONFIG_FILE", "/nonexistent", 1);
    for (const char* name : {"AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"}) {
      ::unsetenv(name);
    }
  }
  void open(ScriptedStore::Answer answer, const RemoteOptions& options = {},
            const std::string& path = "/bucket/prefix") {
    store_ = std::make_unique<ScriptedStore>(std::move(answer));
    backend_ = make_s3_backend("http://" + store_->host() + path, options);
  }
  void save(const FileRef& file, std::string_view content) {
    backend_->save(file, Buffer(as_bytes(content)));
  }
  std::string load(const FileRef& file) {
    Buffer out;
    backend_->load(file, 1000, out);
    return std::string(as_text(out.view()));
  }
  [[nodiscard]] std::vector<SeenRequest> seen() const { return store_->seen(); }

  std::unique_ptr<ScriptedStore> store_;
  std::unique_ptr<Backend> backend_;
};

TEST_F(S3BackendTest, SignsEveryRequestAndNeverSendsTheSecret) {
  open([](const SeenRequest&, std::size_t) { return "200 OK\r\n\r\ncontent"; });
  EXPECT_EQ(load(pack_of('a')), "content");
  ASSERT_EQ(seen().size(), 1U);
  EXPECT_EQ(seen()[0].target, "/bucket/prefix/data/aa/" + std::string(64, 'a'));
  EXPECT_THAT(seen()[0].head, HasSubstr("/us-east-1/s3/aws4_request, SignedHeaders=host;"
                                        "x-amz-content-sha256;x-amz-date, Signature="));
  EXPECT_THAT(seen()[0].head, Not(HasSubstr(kSecret)));
}

TEST_F(S3BackendTest, WhatAStoreLostWhenItWasStartedAgainIsFound) {
  bool lost = false;
  open([&](const SeenRequest& request, std::size_t) -> std::string {
    if (request.target.find("prefix=prefix%2Flocks") != std::string::npos) return "";
    if (request.method != "PUT" && lost && request.target.find("list-type") == std::string::npos) {
      return "404 Not Found\r\n\r\n";
    }
    return request.method == "GET"
               ? "200 "
                 "OK\r\n\r\n<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
               : "200 OK\r\n\r\n1234";
  });
  save(pack_of('a'), "1234");
  const std::size_t before = seen().size();
  backend_->barrier();
  EXPECT_EQ(seen().size(), before);
  EXPECT_THAT([&] { backend_->list(FileKind::lock); }, throws_errc(Errc::io));
  EXPECT_NO_THROW(backend_->barrier()) << "the list lags";
  lost = true;
  EXPECT_THAT([&] { backend_->list(FileKind::lock); }, throws_errc(Errc::io));
  EXPECT_THAT([&] { backend_->barrier(); }, throws_errc(Errc::unreachable));
}

TEST_F(S3BackendTest, SendsTheSessionToken) {
  ::setenv("AWS_SESSION_TOKEN", "the-token", 1);
  open([](const SeenRequest&, std::size_t) { return "200 OK\r\n\r\ncontent"; });
  ::unsetenv("AWS_SESSION_TOKEN");
  load(pack_of('a'));
  EXPECT_THAT(seen()[0].head, HasSubstr("x-amz-security-token: the-token"));
  EXPECT_THAT(seen()[0].head, HasSubstr("x-amz-date;x-amz-security-token, Signature="));
}

TEST_F(S3BackendTest, SignsWithTheCredentialsOfARole) {
  store_ = std::make_unique<ScriptedStore>([](const SeenRequest& request, std::size_t) {
    if (request.method != "POST") return std::string("200 OK\r\n\r\ncontent");
    return std::string(
        "200 OK\r\n\r\n<AssumeRoleResponse><AssumeRoleResult><Credentials>"
        "<AccessKeyId>TEMPORARY</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
        "<SessionToken>the-token</SessionToken><Expiration>2200-01-01T00:00:00Z</Expiration>"
        "</Credentials></AssumeRoleResult></AssumeRoleResponse>");
  });
  ::setenv("RESTIC_AWS_ASSUME_ROLE_ARN", "arn:aws:iam::1:role/x", 1);
  ::setenv("RESTIC_AWS_ASSUME_ROLE_STS_ENDPOINT", ("http://" + store_->host()).c_str(), 1);
  backend_ = make_s3_backend("http://" + store_->host() + "/bucket/prefix", {});
  ::unsetenv("RESTIC_AWS_ASSUME_ROLE_ARN");
  ::unsetenv("RESTIC_AWS_ASSUME_ROLE_STS_ENDPOINT");
  EXPECT_EQ(load(pack_of('a')), "content");
  EXPECT_EQ(load(pack_of('b')), "content");
  ASSERT_EQ(seen().size(), 3U);
  EXPECT_THAT(seen()[0].head, HasSubstr("/us-east-1/sts/aws4_request"));
  EXPECT_THAT(seen()[1].head, HasSubstr("Credential=TEMPORARY/"));
  EXPECT_THAT(seen()[1].head, HasSubstr("x-amz-security-token: the-token"));
  EXPECT_THAT(seen()[2].head, HasSubstr("Credential=TEMPORARY/"));
}

TEST_F(S3BackendTest, FollowsTheStoreToTheRegionOfTheBucketOnce) {
  open([](const SeenRequest& request, std::size_t) {
    return request.head.find("/eu-west-3/s3/") != std::string::npos
               ? std::string("200 OK\r\n\r\ncontent")
               : error_document("400 Bad Request", "AuthorizationHeaderMalformed",
                                "<Region>eu-west-3</Region>");
  });
  EXPECT_EQ(load(pack_of('a')), "content");
  EXPECT_EQ(load(pack_of('b')), "content");
  EXPECT_EQ(seen().size(), 3U);  // the region is remembered
}

TEST_F(S3BackendTest, FollowsTheHeaderThatNamesTheRegion) {
  open([](const SeenRequest& request, std::size_t) {
    return request.head.find("/eu-west-3/s3/") != std::string::npos
               ? std::string("200 OK\r\nContent-Length: 7\r\n\r\n")
               : std::string("301 Moved\r\nx-amz-bucket-region: eu-west-3\r\n\r\n");
  });
  EXPECT_EQ(backend_->size(pack_of('a')), 7U);
  EXPECT_EQ(seen().size(), 2U);
}

TEST_F(S3BackendTest, FindsTheRegionAlsoWhereHeadCannotNameIt) {
  open([](const SeenRequest& request, std::size_t) {
    return request.head.find("/eu-west-3/s3/") != std::string::npos
               ? std::string("200 OK\r\nContent-Length: 7\r\n\r\ncontent")
               : error_document("400 Bad Request", "AuthorizationHeaderMalformed",
                                "<Region>eu-west-3</Region>");
  });
  EXPECT_EQ(backend_->size(pack_of('a')), 7U);
  EXPECT_EQ(backend_->size(pack_of('b')), 7U);
  EXPECT_EQ(seen().size(), 5U);
}

TEST_F(S3BackendTest, DoesNotRunInCirclesAfterRegions) {
  open([](const SeenRequest&, std::size_t before) {
    return "301 Moved\r\nx-amz-bucket-region: region-" + std::to_string(before) + "\r\n\r\n";
  });
  EXPECT_THAT([this] { load(pack_of('a')); }, throws_errc(Errc::unsupported));
  EXPECT_EQ(seen().size(), 2U);
}

TEST_F(S3BackendTest, TakesNoRegionThatIsNone) {
  open([](const SeenRequest&, std::size_t) {
    return error_document("400 Bad Request", "AuthorizationHeaderMalformed",
                          "<Region>x.example.org/#&#10;a: b</Region>");
  });
  EXPECT_THAT([this] { load(pack_of('a')); }, throws_errc(Errc::unsupported));
  EXPECT_EQ(seen().size(), 1U);
}

TEST_F(S3BackendTest, AsksAgainForTheReasonWhereHeadCannotGiveOne) {
  open([](const SeenRequest&, std::size_t) {
    return error_document("403 Forbidden", "SignatureDoesNotMatch");
  });
  try {
    backend_->size(pack_of('a'));
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Errc::permission);
    EXPECT_THAT(e.what(), HasSubstr("AWS_SECRET_ACCESS_KEY"));
    EXPECT_THAT(e.what(), Not(HasSubstr(kSecret)));
  }
}

TEST_F(S3BackendTest, DoesNotBelieveThatSomethingIsStored) {
  open([](const SeenRequest& request, std::size_t) {
    return request.method == "PUT" ? "200 OK\r\n\r\n" : "404 Not Found\r\n\r\n";
  });
  EXPECT_THAT([this] { save(pack_of('a'), "content"); }, throws_errc(Errc::io));
  open([](const SeenRequest& request, std::size_t) {
    return request.method == "PUT" ? "200 OK\r\n\r\n" : "200 OK\r\nContent-Length: 6\r\n\r\n";
  });
  EXPECT_THAT([this] { save(pack_of('a'), "content"); }, throws_errc(Errc::io));
}

TEST_F(S3BackendTest, StoresAConfigOnceAlsoWithoutConditionalRequests) {
  bool stored = false;
  open([&stored](const SeenRequest& request, std::size_t) -> std::string {
    if (request.method == "HEAD") {
      return stored ? "200 OK\r\nContent-Length: 7\r\n\r\n" : "404 Not Found\r\n\r\n";
    }
    if (request.head.find("If-None-Match: *") != std::string::npos) {
      return error_document("501 Not Implemented", "NotImplemented");
    }
    stored = true;
    return "200 OK\r\n\r\n";
  });
  save({.kind = FileKind::config}, "content");
  EXPECT_TRUE(stored);
  EXPECT_THAT([this] { save({.kind = FileKind::config}, "content"); }, throws_errc(Errc::exists));
}

TEST_F(S3BackendTest, SeesThatAnotherWasFasterWithTheConfig) {
  open([](const SeenRequest& request, std::size_t) {
    return request.method == "HEAD"
               ? std::string("404 Not Found\r\n\r\n")
               : error_document("412 Precondition Failed", "PreconditionFailed");
  });
  EXPECT_THAT([this] { save({.kind = FileKind::config}, "content"); }, throws_errc(Errc::exists));
}

std::string page(const std::string& keys, const std::string& token) {
  std::string text = "200 OK\r\n\r\n<ListBucketResult>" + keys;
  text += token.empty() ? "<IsTruncated>false</IsTruncated>"
                        : "<IsTruncated>true</IsTruncated><NextContinuationToken>" + token +
                              "</NextContinuationToken>";
  return text + "</ListBucketResult>";
}
std::string entry(const std::string& key) {
  return "<Contents><Key>" + key + "</Key><Size>5</Size></Contents>";
}

TEST_F(S3BackendTest, ListsOnlyWhatBelongsToTheRepository) {
  const std::string id(64, 'a');
  open([&](const SeenRequest& request, std::size_t) {
    if (request.target.find("continuation-token=to%2Bken") != std::string::npos) {
      return page(entry("prefix/data/bb/" + std::string(64, 'b')), "");
    }
    return page(entry("prefix/data/aa/" + id) + entry("prefix/data/ab/" + id) +
                    entry("other/data/aa/" + id) + entry("prefix/data/aa/x") +
                    entry("prefix/data/") + entry("prefix/data/aa/" + id + "/" + id),
                "to+ken");
  });
  const std::vector<ListedFile> files = backend_->list(FileKind::pack);
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].id, pack_of('a').id);
  EXPECT_EQ(files[0].size, 5U);
  EXPECT_EQ(files[1].id, pack_of('b').id);
}

TEST_F(S3BackendTest, HasNoSlashInFrontWithoutAPrefix) {
  const std::string id(64, 'c');
  open([&](const SeenRequest&, std::size_t) { return page(entry("keys/" + id), ""); }, {},
       "/bucket");
  EXPECT_EQ(backend_->list(FileKind::key).size(), 1U);
  EXPECT_THAT(seen()[0].target, HasSubstr("/bucket?"));
  EXPECT_THAT(seen()[0].target, HasSubstr("&prefix=keys%2F"));
}

TEST_F(S3BackendTest, EndsListsThatDoNotEnd) {
  open([](const SeenRequest&, std::size_t before) {
    return page("", before % 2 == 0 ? "one" : "two");
  });
  EXPECT_THAT([this] { backend_->list(FileKind::index); }, throws_errc(Errc::corrupt));
  EXPECT_LE(seen().size(), 4U);
}

TEST_F(S3BackendTest, EndsListsThatNeverNameAnything) {
  open([](const SeenRequest&, std::size_t before) {
    return "200 OK\r\n\r\n<ListBucketResult><IsTruncated>true</IsTruncated>"
           "<NextContinuationToken>" +
           std::to_string(before) + "</NextContinuationToken></ListBucketResult>";
  });
  EXPECT_THAT([&] { backend_->list(FileKind::snapshot); }, throws_errc(Errc::corrupt));
  EXPECT_LT(seen().size(), 2000U);
}

TEST_F(S3BackendTest, EndsListsThatGoOnWithNamesOfOthers) {
  open([](const SeenRequest&, std::size_t before) {
    return before < 5000 ? page(entry("prefix/index/other"), std::to_string(before)) : page("", "");
  });
  EXPECT_THAT([this] { backend_->list(FileKind::index); }, throws_errc(Errc::corrupt));
  EXPECT_LT(seen().size(), 2000U);
}

TEST_F(S3BackendTest, ASnapshotWhoseNameIsInUpperCaseIsNotOverlooked) {
  for (const char c : {'a', 'A'}) {
    open([c](const SeenRequest&, std::size_t) {
      return page(entry("prefix/snapshots/" + std::string(64, c)), "");
    });
    if (c == 'a') {
      EXPECT_EQ(backend_->list(FileKind::snapshot).size(), 1U);
    } else {
      EXPECT_THAT([&] { backend_->list(FileKind::snapshot); }, throws_errc(Errc::corrupt));
    }
  }
}

TEST_F(S3BackendTest, AListWithTwoSizesOfOneFileIsRefused) {
  const auto page = [](const std::string& first, const std::string& second) {
    std::string text = "200 OK\r\n\r\n<ListBucketResult><IsTruncated>false</IsTruncated>";
    for (const std::string& size : {first, second}) {
      text += "<Contents><Key>prefix/snapshots/" + std::string(64, 'a') + "</Key><Size>" + size +
              "</Size></Contents>";
    }
    return text + "</ListBucketResult>";
  };
  open([=](const SeenRequest&, std::size_t before) {
    return before == 0 ? page("7", "8") : page("7", "7");
  });
  EXPECT_THAT([&] { backend_->list(FileKind::snapshot); }, throws_errc(Errc::corrupt));
  EXPECT_EQ(backend_->list(FileKind::snapshot).size(), 1U);
}

TEST_F(S3BackendTest, AFailedListIsNoEmptyOne) {
  const std::string listing =
      "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
  for (const std::string& answer :
       {error_document("404 Not Found", "NoSuchKey"), error_document("404 Not Found", ""),
        std::string("404 Not Found\r\n\r\n"), error_document("200 OK", "InternalError"),
        std::string("200 OK\r\n\r\n"), std::string("204 No Content\r\n\r\n"),
        "206 Partial Content\r\n\r\n" + listing,
        "200 OK\r\n\r\n" + listing.substr(0, listing.size() - 5),
        "200 OK\r\nContent-Length: 500\r\n\r\n" + listing,
        std::string("200 OK\r\n\r\n<html><body>Please log in</body></html>")}) {
    SCOPED_TRACE(answer);
    open([=](const SeenRequest&, std::size_t) { return answer; });
    EXPECT_ANY_THROW(backend_->list(FileKind::snapshot));
  }
  open([=](const SeenRequest&, std::size_t) { return "200 OK\r\n\r\n" + listing; });
  EXPECT_TRUE(backend_->list(FileKind::snapshot).empty());
}

TEST_F(S3BackendTest, AnotherPartThanWasAskedForIsAFailure) {
  Buffer out;
  for (const char* range : {"bytes 0-3/100", "bytes 4-7/100", "bytes 3-7/100"}) {
    open([=](const SeenRequest&, std::size_t) {
      return std::string("206 Partial Content\r\nContent-Range: ") + range + "\r\n\r\n3456";
    });
    EXPECT_THAT([&] { backend_->load_range(pack_of('a'), 3, 4, out); }, throws_errc(Errc::io));
  }
}

TEST_F(S3BackendTest, NoticesThatABucketVanished) {
  open([](const SeenRequest& request, std::size_t) {
    return request.method == "HEAD" ? std::string("200 OK\r\nContent-Length: 7\r\n\r\n")
                                    : error_document("404 Not Found", "NoSuchBucket");
  });
  EXPECT_TRUE(backend_->list(FileKind::index).empty());
  EXPECT_EQ(backend_->size({.kind = FileKind::config}), 7U);
  EXPECT_THAT([this] { backend_->list(FileKind::index); }, throws_errc(Errc::not_found));
}

TEST_F(S3BackendTest, TakesNoPageOfAProxyForAnAnswer) {
  open([](const SeenRequest&, std::size_t) {
    return "200 OK\r\n\r\n<html><body>Log in, please</body></html>";
  });
  EXPECT_THAT([this] { backend_->list(FileKind::index); }, throws_errc(Errc::corrupt));
  EXPECT_THAT([this] { backend_->create(); }, throws_errc(Errc::corrupt));
  Buffer out;
  EXPECT_THAT([&] { backend_->load_range(pack_of('a'), 0, 100, out); },
              throws_errc(Errc::unsupported));
  EXPECT_THAT([this] { save(pack_of('a'), "content"); }, throws_errc(Errc::io));
}

TEST_F(S3BackendTest, MakesTheBucketWhereItBelongs) {
  open(
      [](const SeenRequest& request, std::size_t) {
        return request.method == "GET" ? error_document("404 Not Found", "NoSuchBucket")
                                       : std::string("200 OK\r\n\r\n");
      },
      {.extended = {{"s3.region", "eu-west-3"}, {"s3.retention-lock", "30d"}}});
  backend_->create();
  ASSERT_EQ(seen().size(), 2U);
  EXPECT_EQ(seen()[1].target, "/bucket");
  EXPECT_THAT(seen()[1].body, HasSubstr("<LocationConstraint>eu-west-3</LocationConstraint>"));
  EXPECT_THAT(seen()[1].head, HasSubstr("x-amz-bucket-object-lock-enabled: true"));
}

TEST_F(S3BackendTest, MakesTheBucketWithoutAPlaceWhereTheStoreKnowsNone) {
  open(
      [](const SeenRequest& request, std::size_t) {
        if (request.method == "GET") return error_document("404 Not Found", "NoSuchBucket");
        return request.body.empty()
                   ? std::string("200 OK\r\n\r\n")
                   : error_document("400 Bad Request", "InvalidLocationConstraint");
      },
      {.extended = {{"s3.region", "eu-west-3"}}});
  backend_->create();
  EXPECT_EQ(seen().size(), 3U);
}

TEST_F(S3BackendTest, SaysWhyThereIsNoBucket) {
  open([](const SeenRequest& request, std::size_t) {
    return request.method == "GET" ? error_document("404 Not Found", "NoSuchBucket")
                                   : error_document("403 Forbidden", "AccessDenied");
  });
  EXPECT_THAT([this] { backend_->create(); }, throws_errc(Errc::permission));
  open([](const SeenRequest& request, std::size_t) {
    return request.method == "GET" ? error_document("404 Not Found", "NoSuchBucket")
                                   : error_document("409 Conflict", "BucketAlreadyExists");
  });
  EXPECT_THAT([this] { backend_->create(); }, throws_errc(Errc::permission));
}

TEST_F(S3BackendTest, LearnsOnceWhetherItMayDelete) {
  open([](const SeenRequest&, std::size_t) {
    return error_document("403 Forbidden", "AccessDenied");
  });
  EXPECT_FALSE(backend_->can_delete());
  EXPECT_FALSE(backend_->can_delete());
  EXPECT_EQ(seen().size(), 1U);
  open([](const SeenRequest&, std::size_t) { return "204 No Content\r\n\r\n"; });
  EXPECT_TRUE(backend_->can_delete());
  open([](const SeenRequest&, std::size_t) {
    return error_document("403 Forbidden", "InvalidAccessKeyId");
  });
  EXPECT_THAT([this] { backend_->can_delete(); }, throws_errc(Errc::permission));
}

TEST_F(S3BackendTest, TakesItsNoteOfADeletionAway) {
  open([](const SeenRequest&, std::size_t) {
    return "204 No Content\r\nx-amz-delete-marker: true\r\nx-amz-version-id: v+1\r\n\r\n";
  });
  EXPECT_TRUE(backend_->can_delete());
  ASSERT_EQ(seen().size(), 2U);
  EXPECT_EQ(seen()[1].target, seen()[0].target + "?versionId=v%2B1");
}

const RemoteOptions kThirtyDays{.extended = {{"s3.retention-lock", "30d"}}};

TEST_F(S3BackendTest, RefusesToClaimAProtectionTheStoreIgnores) {
  open(
      [](const SeenRequest& request, std::size_t) {
        return request.method == "PUT" ? "200 OK\r\n\r\n" : "200 OK\r\nContent-Length: 7\r\n\r\n";
      },
      kThirtyDays);
  EXPECT_THAT([this] { save(pack_of('a'), "content"); }, throws_errc(Errc::unsupported));
  EXPECT_THAT(seen()[0].head, HasSubstr("x-amz-object-lock-mode: COMPLIANCE"));
  EXPECT_THAT(seen()[0].head, HasSubstr("Content-MD5: "));
  EXPECT_THAT([this] { backend_->retain(pack_of('a')); }, throws_errc(Errc::unsupported));
  EXPECT_NO_THROW(save({.kind = FileKind::lock, .id = pack_of('a').id}, "content"));
  EXPECT_THAT(seen().back().head, Not(HasSubstr("x-amz-object-lock")));
}

TEST_F(S3BackendTest, SaysThatTheBucketHasNoObjectLock) {
  open([](const SeenRequest&,
          std::size_t) { return error_document("400 Bad Request", "InvalidRequest"); },
       kThirtyDays);
  EXPECT_THAT([this] { save(pack_of('a'), "content"); }, throws_errc(Errc::unsupported));
  EXPECT_THAT([this] { load(pack_of('a')); }, throws_errc(Errc::unsupported));
}

TEST_F(S3BackendTest, ExtendsOnlyWhatIsProtectedForLess) {
  std::string until = "2099-01-01T00:00:00Z";
  std::string mode = "COMPLIANCE";
  open(
      [&](const SeenRequest& request, std::size_t) -> std::string {
        if (request.method == "PUT") {
          until = "2098-01-01T00:00:00Z";
          return "200 OK\r\n\r\n";
        }
        return "200 OK\r\nContent-Length: 7\r\nx-amz-object-lock-mode: " + mode +
               "\r\nx-amz-object-lock-retain-until-date: " + until + "\r\n\r\n";
      },
      {.extended = {{"s3.retention-lock", "30d"}, {"s3.retention-mode", "governance"}}});
  EXPECT_FALSE(backend_->retain(pack_of('a')));
  until = "2020-01-01T00:00:00Z";
  EXPECT_TRUE(backend_->retain(pack_of('a')));
  EXPECT_FALSE(backend_->retain(pack_of('a')));
  const std::vector<SeenRequest> requests = seen();
  ASSERT_EQ(requests.size(), 5U);  // HEAD, HEAD, PUT, HEAD, HEAD
  EXPECT_THAT(requests[2].target, HasSubstr("?retention="));
  EXPECT_THAT(requests[2].body, HasSubstr("<Mode>COMPLIANCE</Mode>"));  // not weakened
}

TEST_F(S3BackendTest, PutsFilesIntoTheStorageClassButNotLocks) {
  const RemoteOptions infrequent{.extended = {{"s3.storage-class", "STANDARD_IA"}}};
  open([](const SeenRequest&, std::size_t) { return "200 OK\r\nContent-Length: 7\r\n\r\n1234567"; },
       infrequent);
  save(pack_of('a'), "content");
  save({.kind = FileKind::lock, .id = pack_of('a').id}, "content");
  EXPECT_THAT(seen()[0].head, HasSubstr("x-amz-storage-class: STANDARD_IA"));
  EXPECT_THAT(seen().back().head, Not(HasSubstr("x-amz-storage-class")));
}

TEST_F(S3BackendTest, RefusesOptionsThatMakeNoSense) {
  for (const auto& option : {std::pair<std::string, std::string>{"s3.connections", "0"},
                             {"s3.connections", "many"},
                             {"s3.bucket-lookup", "x"},
                             {"s3.storage-class", "GLACIER"},
                             {"s3.storage-class", "DEEP_ARCHIVE"},
                             {"s3.retention-lock", "x"}}) {
    EXPECT_THAT(([&] { make_s3_backend("host/bucket", {.extended = {option}}); }),
                throws_errc(Errc::usage))
        << option.first << "=" << option.second;
  }
}

}  // namespace
}  // namespace medsave
