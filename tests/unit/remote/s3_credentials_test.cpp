#include "s3_credentials.hpp"

#include "ini_file.hpp"
#include "support/matchers.hpp"
#include "support/temp_dir.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/random.hpp"
#include "medsave/sys/file_io.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>

namespace medsave {
namespace {

using test::TempDir;
using test::throws_errc;

std::string read_all(std::string_view text) {
  std::string seen;
  read_ini(text, [&](std::string_view section, std::string_view name, std::string_view value) {
    seen += std::string(section) + "." + std::string(name) + "=" + std::string(value) + "\n";
  });
  return seen;
}

TEST(IniFile, HasSectionsNamesAndValues) {
  EXPECT_EQ(read_all("a=1\n[one]\nb = 2 \r\n# c=3\n; d=4\n\n[ profile two ]\ne=f=g\nh="),
            ".a=1\none.b=2\nprofile two.e=f=g\nprofile two.h=\n");
}

TEST(IniFile, SkipsNestedSettingsAndNonsense) {
  EXPECT_EQ(read_all("[one]\ns3 =\n  region = x\n\tb = y\nnonsense\n[unclosed\nc=1"),
            "one.s3=\nunclosed.c=1\n");
}

TEST(IniFile, SurvivesAnything) {
  const std::string_view alphabet = "[]=#; \t\r\nab\0\xFF";
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (std::uint64_t length = system_random().below(40); length > 0; --length) {
      text += alphabet[system_random().below(alphabet.size())];
    }
    read_ini(text, [&](std::string_view section, std::string_view name, std::string_view value) {
      for (const std::string_view part : {section, name, value}) {
        EXPECT_EQ(part.find('\n'), std::string_view::npos);
      }
      EXPECT_EQ(name.find('='), std::string_view::npos);
    });
  }
}

class S3LoginTest : public testing::Test {
 protected:
  void write(const std::string& name, std::string_view content) {
    make_directories(temp_ / ".aws", 0700);
    write_file_durably(temp_ / ".aws/" + name, as_bytes(content), 0600);
  }
  S3Login find() {
    return find_s3_login(
        [this](const char* name) -> std::optional<std::string> {
          const auto found = variables_.find(name);
          if (found == variables_.end()) return std::nullopt;
          return found->second;
        },
        temp_ / "");
  }
  /// "key secret token region".
  std::string found() {
    const S3Login login = find();
    return login.credentials.access_key + " " + std::string(login.credentials.secret_key.text()) +
           " " + std::string(login.credentials.session_token.text()) + " " + login.region;
  }

  TempDir temp_{TempDir::memory()};
  std::map<std::string, std::string> variables_;
};

TEST_F(S3LoginTest, ComesFromTheEnvironmentFirst) {
  write("credentials", "[default]\naws_access_key_id=F\naws_secret_access_key=G\n");
  write("config", "[default]\nregion=eu-north-1\n");
  variables_ = {{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "B"}};
  EXPECT_EQ(found(), "A B  eu-north-1");
  variables_["AWS_SESSION_TOKEN"] = "C";
  variables_["AWS_DEFAULT_REGION"] = "eu-west-1";
  EXPECT_EQ(found(), "A B C eu-west-1");
  variables_["AWS_REGION"] = "eu-west-3";
  EXPECT_EQ(found(), "A B C eu-west-3");
}

TEST_F(S3LoginTest, ComesFromTheProfileOfTheFiles) {
  write("credentials",
        "[default]\naws_access_key_id=A\naws_secret_access_key=B\naws_session_token=C\n"
        "[work]\naws_access_key_id=D\naws_secret_access_key=E\n");
  write("config", "[default]\nregion=one\n[profile work]\nregion=two\n[work]\nregion=three\n");
  EXPECT_EQ(found(), "A B C one");
  variables_["AWS_PROFILE"] = "work";
  EXPECT_EQ(found(), "D E  two");
}

TEST_F(S3LoginTest, MayBeInTheConfigurationOnly) {
  write("config", "[profile x]\naws_access_key_id=A\naws_secret_access_key=B\nregion=r\n");
  variables_["AWS_PROFILE"] = "x";
  EXPECT_EQ(found(), "A B  r");
}

TEST_F(S3LoginTest, ReadsTheFilesThatAreNamed) {
  write("mine", "[default]\naws_access_key_id=A\naws_secret_access_key=B\n");
  write("settings", "[default]\nregion=here\n");
  variables_["AWS_SHARED_CREDENTIALS_FILE"] = temp_ / ".aws/mine";
  variables_["AWS_CONFIG_FILE"] = temp_ / ".aws/settings";
  EXPECT_EQ(found(), "A B  here");
}

TEST_F(S3LoginTest, IsNeverHalf) {
  EXPECT_THAT([this] { find(); }, throws_errc(Errc::usage));
  variables_ = {{"AWS_ACCESS_KEY_ID", "A"}};
  EXPECT_THAT([this] { find(); }, throws_errc(Errc::usage));
  variables_ = {{"AWS_SECRET_ACCESS_KEY", "B"}};
  EXPECT_THAT([this] { find(); }, throws_errc(Errc::usage));
  variables_ = {};
  write("credentials", "[default]\naws_access_key_id=A\n");
  EXPECT_THAT([this] { find(); }, throws_errc(Errc::usage));
}

}  // namespace
}  // namespace medsave
