#include "medsave/backend/location.hpp"

#include "support/matchers.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <string>

namespace medsave::test {
namespace {

TEST(Location, TakesFoldersWithAndWithoutTheirScheme) {
  const TempDir temp;
  EXPECT_EQ(open_location(temp.path())->location(), temp.path());
  EXPECT_EQ(open_location("local:" + temp.path())->location(), temp.path());
  EXPECT_EQ(open_location("./a:b")->location(), "./a:b");
  EXPECT_EQ(open_location("/mnt/a:b")->location(), "/mnt/a:b");
  EXPECT_EQ(open_location("relative/x")->location(), "relative/x");
}

TEST(Location, RefusesSchemesInsteadOfTakingThemForFolders) {
  for (const char* location : {"sftp:user@host:/x", "rest:https://user:secret@host/",
                               "s3:s3.example.org/x", "S3:x", "b2:bucket:x", "azure:x:/", "gs:x:/",
                               "swift:x:/", "rclone:x:y", "nonsense:x", "", "local:"}) {
    EXPECT_THAT([&] { open_location(location); }, throws_errc(Errc::usage)) << location;
  }
}

TEST(Location, NeverShowsThePassword) {
  try {
    open_location("rest:https://user:secret@host/");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(std::string(e.what()).find("secret"), std::string::npos);
    EXPECT_NE(std::string(e.what()).find("rest:"), std::string::npos);
  }
}

}  // namespace
}  // namespace medsave::test
