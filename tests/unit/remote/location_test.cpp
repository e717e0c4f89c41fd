#include "medsave/remote/location.hpp"

#include "support/matchers.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <string>

namespace medsave::test {
namespace {

TEST(Location, TakesFoldersWithAndWithoutTheirScheme) {
  const TempDir temp;
  EXPECT_EQ(open_location(temp.path(), {})->location(), temp.path());
  EXPECT_EQ(open_location("local:" + temp.path(), {})->location(), temp.path());
  EXPECT_EQ(open_location("./a:b", {})->location(), "./a:b");
  EXPECT_EQ(open_location("/mnt/a:b", {})->location(), "/mnt/a:b");
  EXPECT_EQ(open_location("relative/x", {})->location(), "relative/x");
}

TEST(Location, RefusesSchemesInsteadOfTakingThemForFolders) {
  for (const char* location :
       {"S3:x", "b2:bucket:x", "azure:x:/", "gs:x:/", "swift:x:/", "nonsense:x", "",
        "local:", "rest:", "rest:ftp://host/", "sftp:host", "sftp:", "s3:", "s3:host", "rclone:"}) {
    EXPECT_THAT([&] { open_location(location, {}); }, throws_errc(Errc::usage)) << location;
  }
}

TEST(Location, NeverShowsThePassword) {
  for (const char* location : {"rest:https://user:secret@host/", "rest:ftp://user:secret@host/",
                               "rest:http://user:secret@ho st/", "azure://user:secret@host/"}) {
    try {
      const std::string shown = open_location(location, {})->location();
      EXPECT_EQ(shown.find("secret"), std::string::npos) << shown;
      EXPECT_NE(shown.find("host"), std::string::npos) << shown;
    } catch (const Error& e) {
      EXPECT_EQ(std::string(e.what()).find("secret"), std::string::npos) << e.what();
    }
  }
}

TEST(Location, RefusesExtendedOptionsNobodyKnows) {
  const TempDir temp;
  for (const char* key : {"local.conections", "sftp", "", "."}) {
    EXPECT_THAT(
        [&] {
          open_location(temp.path(), {.extended = {{key, "x"}}});
        },
        throws_errc(Errc::usage))
        << key;
  }
  EXPECT_NO_THROW(open_location(temp.path(), {.extended = {{"sftp.args", "-F x"}}}));
}

TEST(Location, KnowsFoldersFromRemotes) {
  EXPECT_EQ(local_folder("/x"), "/x");
  EXPECT_EQ(local_folder("local:x"), "x");
  EXPECT_EQ(local_folder("./sftp:x"), "./sftp:x");
  EXPECT_EQ(local_folder("sftp:host:x"), std::nullopt);
}

TEST(Location, IgnoresOptionsOfOtherKindsAndRefusesUnknownOnesOfItsOwn) {
  const TempDir temp;
  RemoteOptions options;
  options.extended = {{"b2.connections", "10"}, {"s3.nonsense", "1"}, {"rclone.timeout", "x"}};
  EXPECT_EQ(open_location(temp.path(), options)->connections(), 2U);
  options.extended["local.connections"] = "7";
  EXPECT_EQ(open_location(temp.path(), options)->connections(), 7U);
  options.extended["local.nonsense"] = "1";
  EXPECT_THAT([&] { open_location(temp.path(), options); }, throws_errc(Errc::usage));
  options.extended = {{"nonsense", "1"}};
  EXPECT_THAT([&] { open_location(temp.path(), options); }, throws_errc(Errc::usage));
}

TEST(Location, IsCheckedWithoutBeingOpened) {
  for (const char* fine : {"/x", "local:/x", "sftp:user@host:path", "rest:https://host/x",
                           "s3:https://host/bucket", "rclone:nas:backups"}) {
    EXPECT_NO_THROW(check_location(fine)) << fine;
  }
  for (const char* wrong : {"b2:x", "nonsense:x", "sftp:", "sftp:-oProxyCommand=x:y",
                            "rest:ftp://x", "s3:host", "rclone:"}) {
    EXPECT_THAT([&] { check_location(wrong); }, throws_errc(Errc::usage)) << wrong;
  }
}

TEST(Location, IsShownWithoutItsPassword) {
  EXPECT_EQ(mask_location("/srv/a:b@c"), "/srv/a:b@c");
  EXPECT_EQ(mask_location("sftp:user@host:path"), "sftp:user@host:path");
  EXPECT_EQ(mask_location("sftp://user:geheim@host/path"), "sftp://user:***@host/path");
  EXPECT_EQ(mask_location("rest:https://user:geheim@host/x"), "rest:https://user:***@host/x");
  EXPECT_EQ(mask_location("rclone::webdav,user=me,pass=geheim:x"),
            "rclone::webdav,user=me,pass=***:x");
}

}  // namespace
}  // namespace medsave::test
