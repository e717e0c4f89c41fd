#include "rclone_remote.hpp"

#include "support/matchers.hpp"

#include "medsave/base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace medsave::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(RcloneRemote, IsLeftAloneWithoutSecrets) {
  for (const char* remote : {"drive:folder", "drive:", "/srv/a,pass=b:c", "./a,b", ":local:/srv/x",
                             ":s3,provider=Minio,env_auth:bucket", "drive:a,pass=b",
                             "a/b,token=c:d", ":sftp,host=h,pass=:x", ""}) {
    const RcloneRemote moved = move_secrets(remote);
    EXPECT_EQ(moved.argument, remote);
    EXPECT_THAT(moved.environment, IsEmpty()) << remote;
    EXPECT_EQ(mask_remote(remote), remote);
  }
}

TEST(RcloneRemote, SecretsGoIntoTheEnvironment) {
  const RcloneRemote flying =
      move_secrets(":webdav,url='http://h:1/a,b',pass=s3cr-t,no_head,bearer-token=\"a\"\"b\":x:y");
  EXPECT_EQ(flying.argument, ":webdav,url='http://h:1/a,b',no_head:x:y");
  EXPECT_THAT(flying.environment, ElementsAre(Pair("RCLONE_WEBDAV_PASS", "s3cr-t"),
                                              Pair("RCLONE_WEBDAV_BEARER_TOKEN", "a\"b")));
  const RcloneRemote named = move_secrets("my-drive,client_secret=xyz:folder");
  EXPECT_EQ(named.argument, "my-drive:folder");
  EXPECT_THAT(named.environment, ElementsAre(Pair("RCLONE_CONFIG_MY-DRIVE_CLIENT_SECRET", "xyz")));
}

TEST(RcloneRemote, SecretsOfARemoteInsideCount) {
  const std::string remote = ":union,upstreams=':sftp,host=h,pass=abc:x',other=1:y";
  const RcloneRemote moved = move_secrets(remote);
  EXPECT_EQ(moved.argument, ":union,other=1:y");
  EXPECT_THAT(moved.environment,
              ElementsAre(Pair("RCLONE_UNION_UPSTREAMS", ":sftp,host=h,pass=abc:x")));
  EXPECT_EQ(mask_remote(remote), ":union,upstreams=***,other=1:y");
}

TEST(RcloneRemote, SecretsThatNoVariableReachesAreRefused) {
  EXPECT_THAT([] { move_secrets("drive,override.pass=abc:x"); }, throws_errc(Errc::usage));
}

TEST(RcloneRemote, RemotesWhoseOptionsCannotBeToldAreRefused) {
  for (const char* remote : {":webdav,url=https://h/,pass=s3cr-t:/p", ":webdav,pass='s3cr-t:p",
                             ":webdav,pass='a'b:p", ":webdav,pass=s3cr-t", "drive,token=s3cr-t"}) {
    EXPECT_THAT([&] { move_secrets(remote); },
                testing::AllOf(throws_errc(Errc::usage),
                               testing::Throws<Error>(testing::Property(
                                   &Error::what, testing::Not(testing::HasSubstr("s3cr-t"))))))
        << remote;
    EXPECT_THAT(mask_remote(remote), testing::Not(testing::HasSubstr("s3cr-t"))) << remote;
  }
}

TEST(RcloneRemote, ThePasswordOfAUrlIsASecret) {
  const std::string remote = ":http,url='https://me:s3cr-t@h/',Bearer_Token=x:p";
  const RcloneRemote moved = move_secrets(remote);
  EXPECT_EQ(moved.argument, ":http:p");
  EXPECT_THAT(moved.environment, ElementsAre(Pair("RCLONE_HTTP_URL", "https://me:s3cr-t@h/"),
                                             Pair("RCLONE_HTTP_BEARER_TOKEN", "x")));
  EXPECT_EQ(mask_remote(remote), ":http,url=***,Bearer_Token=***:p");
}

TEST(RcloneRemote, SecretsAreShownNowhere) {
  const std::string remote = ":sftp,user=me,pass=\"se\"\"cret\":repo";
  EXPECT_EQ(mask_remote(remote), ":sftp,user=me,pass=***:repo");
  EXPECT_EQ(hide_secrets("x \"se\"\"cret\" y se\"cret z", remote), "x *** y *** z");
}

}  // namespace
}  // namespace medsave::test
