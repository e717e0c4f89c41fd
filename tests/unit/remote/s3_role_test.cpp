// Roles at a security token service that a test plays; no other is needed for the signature, which
// is the one of S3.
#include "s3_role.hpp"

#include "s3_time.hpp"
#include "scripted_store.hpp"
#include "support/matchers.hpp"
#include "support/time_and_chance.hpp"

#include "medsave/base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

namespace medsave::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using Variables = std::map<std::string, std::string>;

std::optional<S3Role> role_of(const Variables& variables, const std::string& region = "eu-west-3") {
  return find_s3_role(
      [&](const char* name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
      },
      region);
}

TEST(S3Role, ComesFromTheVariablesOfRestic) {
  EXPECT_FALSE(role_of({{"RESTIC_AWS_ASSUME_ROLE_SESSION_NAME", "x"}}).has_value());
  const S3Role plain = *role_of({{"RESTIC_AWS_ASSUME_ROLE_ARN", "arn:aws:iam::1:role/x"}});
  EXPECT_EQ(plain.arn, "arn:aws:iam::1:role/x");
  EXPECT_EQ(plain.session_name, "medsave");
  EXPECT_EQ(plain.region, "eu-west-3");
  EXPECT_EQ(plain.endpoint, "https://sts.eu-west-3.amazonaws.com");
  const S3Role full = *role_of({{"RESTIC_AWS_ASSUME_ROLE_ARN", "a"},
                                {"RESTIC_AWS_ASSUME_ROLE_SESSION_NAME", "name"},
                                {"RESTIC_AWS_ASSUME_ROLE_EXTERNAL_ID", "id"},
                                {"RESTIC_AWS_ASSUME_ROLE_POLICY", "{}"},
                                {"RESTIC_AWS_ASSUME_ROLE_REGION", "cn-north-1"}});
  EXPECT_EQ(full.session_name, "name");
  EXPECT_EQ(full.external_id, "id");
  EXPECT_EQ(full.policy, "{}");
  EXPECT_EQ(full.endpoint, "https://sts.cn-north-1.amazonaws.com.cn");
  EXPECT_EQ(role_of({{"MEDSAVE_AWS_ASSUME_ROLE_ARN", "b"},
                     {"RESTIC_AWS_ASSUME_ROLE_ARN", "a"},
                     {"RESTIC_AWS_ASSUME_ROLE_STS_ENDPOINT", "http://sts:1/"}})
                ->endpoint,
            "http://sts:1");
}

TEST(S3Role, RefusesWhatIsNoServer) {
  for (const char* endpoint : {"sts.example", "ftp://x", "https://user:pw@x", "https://x/path"}) {
    EXPECT_THAT(
        [&] {
          role_of({{"RESTIC_AWS_ASSUME_ROLE_ARN", "a"},
                   {"RESTIC_AWS_ASSUME_ROLE_STS_ENDPOINT", endpoint}});
        },
        throws_errc(Errc::usage))
        << endpoint;
  }
  EXPECT_THAT(
      [] {
        role_of({{"RESTIC_AWS_ASSUME_ROLE_ARN", "a"},
                 {"RESTIC_AWS_ASSUME_ROLE_REGION", "evil.example/"}});
      },
      throws_errc(Errc::usage));
}

class S3RoleTest : public testing::Test {
 protected:
  void serve(ScriptedStore::Answer answer) {
    source_.reset();
    store_ = std::make_unique<ScriptedStore>(std::move(answer));
    S3Credentials own;
    own.access_key = "OWNKEY";
    own.secret_key = Secret("own-secret");
    source_ = std::make_unique<S3CredentialSource>(std::move(own),
                                                   S3Role{.arn = "arn:aws:iam::1:role/x",
                                                          .session_name = "a name",
                                                          .external_id = "id",
                                                          .region = "eu-west-3",
                                                          .endpoint = "http://" + store_->host()},
                                                   RemoteOptions{}, clock_);
  }
  /// What the service grants for so many seconds.
  std::string granted(const std::string& key, std::int64_t lifetime) const {
    return "200 OK\r\n\r\n<AssumeRoleResponse "
           "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>"
           "<AccessKeyId>" +
           key +
           "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
           "<Expiration>" +
           iso_date({.seconds = clock_.seconds + lifetime, .nanoseconds = 0}) +
           "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
  }

  SetClock clock_;
  std::unique_ptr<ScriptedStore> store_;
  std::unique_ptr<S3CredentialSource> source_;
};

TEST_F(S3RoleTest, IsTakenOnWithASignedRequest) {
  serve([this](const SeenRequest&, std::size_t) { return granted("TEMPORARY", 3600); });
  const auto credentials = source_->current();
  EXPECT_EQ(credentials->access_key, "TEMPORARY");
  EXPECT_EQ(credentials->secret_key.text(), "s");
  EXPECT_EQ(credentials->session_token.text(), "t");
  ASSERT_EQ(store_->seen().size(), 1U);
  const SeenRequest request = store_->seen()[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/");
  EXPECT_EQ(request.body,
            "Action=AssumeRole&DurationSeconds=3600&ExternalId=id&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3A"
            "role%2Fx&RoleSessionName=a%20name&Version=2011-06-15");
  EXPECT_THAT(request.head, HasSubstr("Credential=OWNKEY/20231114/eu-west-3/sts/aws4_request, "
                                      "SignedHeaders=content-type;host;x-amz-date, Signature="));
  EXPECT_THAT(request.head, Not(HasSubstr("own-secret")));
}

TEST_F(S3RoleTest, IsRenewedBeforeItEnds) {
  serve([this](const SeenRequest&, std::size_t before) {
    return before == 2 ? std::string("503 Busy\r\n\r\n")
                       : granted("KEY" + std::to_string(before), 1000);
  });
  EXPECT_EQ(source_->current()->access_key, "KEY0");
  clock_.seconds += 790;
  EXPECT_EQ(source_->current()->access_key, "KEY0");
  clock_.seconds += 20;
  EXPECT_EQ(source_->current()->access_key, "KEY1");
  clock_.seconds += 850;
  EXPECT_EQ(source_->current()->access_key, "KEY1") << "good still, while the service is busy";
  EXPECT_EQ(source_->current()->access_key, "KEY3");
}

TEST_F(S3RoleTest, SaysWhyItIsNotGranted) {
  serve([](const SeenRequest&, std::size_t before) -> std::string {
    return before == 0 ? "403 Forbidden\r\n\r\n<ErrorResponse><Error><Code>AccessDenied</Code>"
                         "<Message>not you</Message></Error></ErrorResponse>"
                       : "500 Error\r\n\r\nx";
  });
  try {
    source_->current();
    ADD_FAILURE() << "granted";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Errc::permission);
    EXPECT_THAT(e.what(), HasSubstr("arn:aws:iam::1:role/x"));
    EXPECT_THAT(e.what(), HasSubstr("AccessDenied not you"));
  }
  EXPECT_THAT([this] { source_->current(); }, throws_errc(Errc::io));
}

TEST_F(S3RoleTest, RefusesWhatIsNoGrant) {
  serve([this](const SeenRequest&, std::size_t before) {
    return before == 0 ? std::string("200 OK\r\n\r\n<html>") : granted("OLD", -10);
  });
  EXPECT_THAT([this] { source_->current(); }, throws_errc(Errc::corrupt));
  EXPECT_THAT([this] { source_->current(); }, throws_errc(Errc::usage));
}

}  // namespace
}  // namespace medsave::test
