#include "medsave/config/config_warnings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace medsave {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Nothing to warn of.
const std::string kFine = R"(password-command = ["pass"]
[[source]]
name = "cabinet"
paths = ["/srv/cabinet", "/home/cabinet"]
[[folder]]
name = "disque"
path = "/var/backups/medsave"
[[remote]]
name = "hds"
repository = "sftp:coffre:medsave"
hds = true
)";

struct Found {
  std::string code;
  std::size_t line;
  std::string key;
  friend bool operator==(const Found&, const Found&) = default;
};

std::vector<Found> warnings(const std::string& text, const ConfigFacts& facts = {}) {
  const ConfigReading reading = read_config(text, "/home/a");
  EXPECT_THAT(reading.problems, IsEmpty());
  std::vector<Found> out;
  for (const ConfigWarning& warning : config_warnings(reading, facts)) {
    EXPECT_FALSE(warning.message.empty());
    out.push_back({warning.code, warning.place.line, warning.key});
  }
  return out;
}

std::string with(const std::string& from, const std::string& to) {
  std::string text = kFine;
  text.replace(text.find(from), from.size(), to);
  return text;
}

TEST(ConfigWarnings, AreNotThereWithoutReason) {
  EXPECT_THAT(warnings(kFine), IsEmpty());
  // Names that only begin alike are no folders in each other.
  EXPECT_THAT(warnings(with("/var/backups/medsave", "/srv/cabinet2")), IsEmpty());
  EXPECT_THAT(warnings(with("/var/backups/medsave", "/srv")), Not(IsEmpty()));
}

TEST(ConfigWarnings, ATargetLiesInASource) {
  EXPECT_THAT(warnings(with("/var/backups/medsave", "/srv/cabinet/medsave")),
              ElementsAre(Found{"config_target_in_source", 7, "folder[1].path"}));
  EXPECT_THAT(warnings(with("/var/backups/medsave", "/srv/cabinet")),
              ElementsAre(Found{"config_target_in_source", 7, "folder[1].path"}));
  EXPECT_THAT(warnings(with("/home/cabinet", "/")),
              ElementsAre(Found{"config_target_in_source", 7, "folder[1].path"}));
  EXPECT_THAT(warnings(with("/var/backups/medsave", "/var/../srv/./cabinet/x")),
              ElementsAre(Found{"config_target_in_source", 7, "folder[1].path"}));
}

TEST(ConfigWarnings, ASourceLiesInATarget) {
  EXPECT_THAT(warnings(with("/home/cabinet", "/var/backups/medsave/x")),
              ElementsAre(Found{"config_source_in_target", 4, "source[1].paths"}));
  EXPECT_THAT(warnings(kFine + "[[medium]]\nname = 'M'\npath = '/home'\n"),
              ElementsAre(Found{"config_source_in_target", 4, "source[1].paths"}));
}

TEST(ConfigWarnings, GoByWherePathsReallyAre) {
  ConfigFacts facts;
  facts.resolved["/var/backups/medsave"] = "/srv/cabinet/saves";
  EXPECT_THAT(warnings(kFine, facts),
              ElementsAre(Found{"config_target_in_source", 7, "folder[1].path"}));
  const PracticeConfig config = read_config(kFine, "").config;
  EXPECT_THAT(paths_to_resolve(config),
              ElementsAre("/srv/cabinet", "/home/cabinet", "/var/backups/medsave"));
}

TEST(ConfigWarnings, ThePasswordFileIsExposedOrMissing) {
  const std::string text = with("password-command = [\"pass\"]", "\npassword-file = '/p'");
  EXPECT_THAT(warnings(text), IsEmpty());
  EXPECT_THAT(warnings(text, {.password_file_exposed = true}),
              ElementsAre(Found{"config_password_file_exposed", 2, "password-file"}));
  EXPECT_THAT(warnings(text, {.password_file_missing = true}),
              ElementsAre(Found{"config_password_file_missing", 2, "password-file"}));
}

TEST(ConfigWarnings, NoPasswordIsGiven) {
  EXPECT_THAT(warnings(with("password-command = [\"pass\"]", "keyring = false")),
              ElementsAre(Found{"config_no_password", 0, "password-file"}));
  EXPECT_THAT(warnings(with("password-command = [\"pass\"]", "keyring = true")), IsEmpty());
}

TEST(ConfigWarnings, ARemoteIsNotDeclaredForHealthData) {
  EXPECT_THAT(warnings(with("hds = true", "hds = false")),
              ElementsAre(Found{"config_remote_not_hds", 8, "remote[1].hds"}));
}

TEST(ConfigWarnings, NoCopyIsElsewhere) {
  const std::string local = kFine.substr(0, kFine.find("[[remote]]"));
  EXPECT_THAT(warnings(local), ElementsAre(Found{"config_no_offsite", 0, "medium"}));
  const std::string one = local + "[[medium]]\nname = 'A'\n";
  EXPECT_THAT(warnings(one), ElementsAre(Found{"config_no_offsite", 0, "medium"}));
  EXPECT_THAT(warnings(one + "[[medium]]\nname = 'B'\n"), IsEmpty());
  EXPECT_THAT(warnings(kFine.substr(0, kFine.find("[[folder]]"))),
              ElementsAre(Found{"config_no_target", 0, "medium"}));
}

TEST(ConfigWarnings, AWorkingDayHasNoMedium) {
  const std::string media = kFine + "[[medium]]\nname = 'A'\ndays = ['mon', 'tue', 'sun']\n";
  EXPECT_THAT(warnings(media), ElementsAre(Found{"config_day_without_medium", 12, "medium"}));
  EXPECT_THAT(warnings(media + "[[medium]]\nname = 'B'\ndays = ['wed', 'thu', 'fri']\n"),
              IsEmpty());
}

}  // namespace
}  // namespace medsave
