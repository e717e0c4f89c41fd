// Each key of medsave.toml(5) arrives where it should.
#include "medsave/config/config_reading.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace medsave {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kFull = R"(language = "fr"
practice = "Cabinet des Lilas"
password-command = ["secret-tool", "lookup", "cabinet"]
[[source]]
name = "cabinet"
paths = ["/srv/cabinet/", "~/Documents"]
exclude = ["*.tmp"]
exclude-larger-than = "4G"
exclude-caches = true
one-file-system = true
may-shrink = "30%"
  [[source.dump]]
  file = "cabinet.pgdump"
  command = ["pg_dump", "--password=lilas"]
  timeout = "30m"
[[medium]]
name = "Lundi"
days = ["mon", "sun"]
filesystem = "UUID=3F2A-11B0"
repository = "saves/medsave/"
retention = { keep-last = 3, keep-daily = "unlimited", keep-within-weekly = "1y", keep-tag = ["a,b", "c"] }
compression = "max"
limit-upload = 1
limit-download = 2
proof = "none"
[[medium]]
name = "Mardi"
path = "/media/MARDI"
retention = { prune = true }
[[folder]]
name = "disque"
path = "~/medsave"
[[remote]]
name = "hébergeur"
repository = "rest:https://u:geheim@host/x"
append-only = true
hds = true
[retention]
policy = "cabinet"
prune = false
[monitor]
ping = "https://hc.example/secret?x"
mail = "technicien@example.org"
overdue = "2 days"
drill = "6 months"
[run]
compression = "better"
limit-upload = 10
limit-download = 20
proof = "sample"
verify-budget = "0s"
before = ["a", "https://u:p@h/x"]
after = ["b"]
on-failure = ["c"]
hook-timeout = "1h30m"
)";

class EveryKey : public ::testing::Test {
 protected:
  const ConfigReading reading_ = read_config(kFull, "/home/lilas");
  const PracticeConfig& config_ = reading_.config;

  [[nodiscard]] const ConfigEntry& entry(const std::string& key) const {
    return *std::ranges::find(reading_.entries, key, &ConfigEntry::key);
  }
};

TEST_F(EveryKey, HasNoProblem) { EXPECT_THAT(reading_.problems, IsEmpty()); }

TEST_F(EveryKey, OfTheTopAndTheSources) {
  EXPECT_EQ(config_.language, "fr");
  EXPECT_EQ(config_.practice, "Cabinet des Lilas");
  EXPECT_THAT(config_.password.command, ElementsAre("secret-tool", "lookup", "cabinet"));
  const SourceConfig& source = config_.sources.front();
  EXPECT_EQ(source.name, "cabinet");
  EXPECT_EQ(source.place.line, 4U);
  EXPECT_THAT(source.paths, ElementsAre("/srv/cabinet", "/home/lilas/Documents"));
  EXPECT_THAT(source.exclude, ElementsAre("*.tmp"));
  EXPECT_EQ(source.exclude_larger_than, std::uint64_t{4} << 30U);
  EXPECT_TRUE(source.exclude_caches);
  EXPECT_TRUE(source.one_file_system);
  EXPECT_EQ(source.may_shrink_percent, 30U);
  const DumpSource& dump = source.dumps.front();
  EXPECT_EQ(dump.file, "cabinet.pgdump");
  EXPECT_THAT(dump.command, ElementsAre("pg_dump", "--password=lilas"));
  EXPECT_EQ(dump.timeout, std::chrono::minutes(30));
}

TEST_F(EveryKey, OfTheOtherPasswords) {
  EXPECT_EQ(read_config("password-file = '~/p'", "/home/a").config.password.file, "/home/a/p");
  EXPECT_TRUE(read_config("keyring = true", "").config.password.keyring);
}

TEST_F(EveryKey, OfATargetWithItsOwnSettings) {
  const MediumConfig& medium = config_.media.front();
  EXPECT_EQ(medium.name, "Lundi");
  EXPECT_THAT(medium.days, ElementsAre(true, false, false, false, false, false, true));
  EXPECT_EQ(medium.filesystem, "UUID=3F2A-11B0");
  EXPECT_EQ(medium.repository, "saves/medsave");
  const TargetSettings& settings = medium.settings;
  EXPECT_EQ(settings.compression, CompressionLevel::max);
  EXPECT_EQ(settings.limit_upload, 1U);
  EXPECT_EQ(settings.limit_download, 2U);
  EXPECT_EQ(settings.proof, ProofLevel::none);
  const RetentionPolicy& policy = settings.retention.policy;
  EXPECT_EQ(policy.last, 3);
  EXPECT_EQ(policy.daily, kUnlimited);
  EXPECT_EQ(policy.yearly, 0);  // the general rules are replaced, not mixed
  EXPECT_EQ(policy.within_weekly.years, 1);
  EXPECT_THAT(policy.tags, ElementsAre(ElementsAre("a", "b"), ElementsAre("c")));
  EXPECT_FALSE(settings.retention.prune);
}

TEST_F(EveryKey, OfTargetsThatGoByTheGeneralOnes) {
  const MediumConfig& medium = config_.media.back();
  EXPECT_EQ(medium.path, "/media/MARDI");
  EXPECT_EQ(medium.repository, "medsave");
  EXPECT_TRUE(medium.settings.retention.prune);
  EXPECT_EQ(medium.settings.retention.policy.yearly, 20);
  const FolderConfig& folder = config_.folders.front();
  EXPECT_EQ(folder.path, "/home/lilas/medsave");
  EXPECT_EQ(folder.settings.compression, CompressionLevel::better);
  const RemoteConfig& remote = config_.remotes.front();
  EXPECT_EQ(remote.repository, "rest:https://u:geheim@host/x");
  EXPECT_TRUE(remote.append_only);
  EXPECT_TRUE(remote.hds);
  EXPECT_EQ(remote.settings.limit_upload, 10U);
  EXPECT_EQ(remote.settings.limit_download, 20U);
  EXPECT_EQ(remote.settings.proof, ProofLevel::sample);
  EXPECT_FALSE(remote.settings.retention.prune);
  EXPECT_EQ(remote.settings.retention.policy.daily, 14);
}

TEST_F(EveryKey, OfMonitorAndRun) {
  EXPECT_EQ(config_.monitor.ping, "https://hc.example/secret?x");
  EXPECT_EQ(config_.monitor.mail, "technicien@example.org");
  EXPECT_EQ(config_.monitor.overdue, std::chrono::hours(48));
  EXPECT_EQ(config_.monitor.drill, 6 * std::chrono::months(1));
  EXPECT_EQ(config_.run.verify_budget, std::chrono::seconds(0));
  EXPECT_THAT(config_.run.before, ElementsAre("a", "https://u:p@h/x"));
  EXPECT_THAT(config_.run.after, ElementsAre("b"));
  EXPECT_THAT(config_.run.on_failure, ElementsAre("c"));
  EXPECT_EQ(config_.run.hook_timeout, std::chrono::minutes(90));
}

TEST_F(EveryKey, IsListedWithWhereItComesFromAndWithoutSecrets) {
  EXPECT_EQ(entry("practice").value, "\"Cabinet des Lilas\"");
  EXPECT_EQ(entry("practice").place.line, 2U);
  EXPECT_EQ(entry("password-command").value, "[\"secret-tool\", \"***\", \"***\"]");
  EXPECT_EQ(entry("source[1].dump[1].command").value, "[\"pg_dump\", \"--password=***\"]");
  EXPECT_EQ(entry("remote[1].repository").value, "\"rest:https://u:***@host/x\"");
  EXPECT_EQ(entry("monitor.ping").value, "\"https://hc.example/***\"");
  EXPECT_EQ(entry("run.before").value, "[\"a\", \"https://u:***@h/x\"]");
  EXPECT_EQ(entry("folder[1].compression").value, "\"better\"");
  EXPECT_EQ(entry("folder[1].compression").place, entry("run.compression").place);
  EXPECT_EQ(entry("medium[1].compression").value, "\"max\"");
  EXPECT_EQ(entry("remote[1].retention").place.line, 38U);
  EXPECT_EQ(entry("medium[2].retention").place.line, 29U);
  for (const ConfigEntry& each : reading_.entries) {
    for (const char* secret : {"geheim", "lilas\"", "secret?", "lookup", ":p@"}) {
      EXPECT_EQ(each.value.find(secret), std::string::npos) << each.key;
    }
  }
}

TEST(EveryDefault, IsListedAsSuch) {
  const ConfigReading reading = read_config("[[source]]\nname='a'\npaths=['/a']\n", "");
  EXPECT_THAT(reading.problems, IsEmpty());
  for (const ConfigEntry& entry : reading.entries) {
    const bool given = entry.key == "source[1].name" || entry.key == "source[1].paths";
    EXPECT_EQ(entry.place.line != 0, given) << entry.key;
  }
  EXPECT_TRUE(reading.config.general.retention.policy.empty());
  EXPECT_EQ(reading.config.sources.front().may_shrink_percent, 50U);
  EXPECT_EQ(reading.config.monitor.overdue, std::chrono::hours(36));
  EXPECT_EQ(reading.config.monitor.drill, std::chrono::years(1));
}

}  // namespace
}  // namespace medsave
