#include "medsave/config/config_reading.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace medsave {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kHome = "/home/lilas";

struct Case {
  std::string text;
  std::size_t line;
  std::size_t column;
  std::string code;
  std::string key;
  std::string message;  // a part of it
};

/// A case's text is complete but for what it is about: the source that each needs stands last.
ConfigReading read_with_source(const std::string& text) {
  return read_config(text + "\n[[source]]\nname = 'whole'\npaths = ['/srv/whole']\n", kHome);
}

void expect_problem(const ConfigReading& reading, const Case& wanted) {
  SCOPED_TRACE(wanted.text);
  ASSERT_EQ(reading.problems.size(), 1U);
  const ConfigProblem& found = reading.problems.front();
  EXPECT_EQ(found.code, wanted.code);
  EXPECT_EQ(found.place.line, wanted.line);
  EXPECT_EQ(found.place.column, wanted.column);
  EXPECT_EQ(found.key, wanted.key);
  EXPECT_THAT(found.message, HasSubstr(wanted.message));
}

void expect_each(const std::vector<Case>& cases) {
  for (const Case& wanted : cases) expect_problem(read_with_source(wanted.text), wanted);
}

TEST(ConfigReading, NamesUnknownKeysAndTablesWithTheNearestOneAndAllOfThem) {
  expect_each({
      {"langage = 'fr'", 1, 1, "config_unknown_key", "langage", "perhaps \"language\" is meant"},
      {"\nzzz = 1", 2, 1, "config_unknown_key", "zzz", "\"language\", \"practice\""},
      {"[medium]\n", 1, 1, "config_wrong_type", "medium", "[[medium]]"},
      {"[[medum]]\nname = 'a'", 1, 3, "config_unknown_key", "medum", "\"medium\""},
      {"[[medium]]\nname = 'a'\n  dais = ['mon']", 3, 3, "config_unknown_key", "medium[1].dais",
       "perhaps \"days\" is meant"},
      {"[[medium]]\nname='a'\n[[medium]]\nname='b'\nhds=true", 5, 1, "config_unknown_key",
       "medium[2].hds", "\"filesystem\""},
      {"[retention]\nkeep-dayly = 3", 2, 1, "config_unknown_key", "retention.keep-dayly",
       "\"keep-daily\""},
      {"[[folder]]\nname='a'\npath='/a'\nretention = { keep = 3 }", 4, 15, "config_unknown_key",
       "folder[1].retention.keep", "\"keep-last\""},
      {"[monitor]\npong = 'x'", 2, 1, "config_unknown_key", "monitor.pong", "\"ping\""},
      {"[run]\nproofs = 'all'", 2, 1, "config_unknown_key", "run.proofs", "\"proof\""},
      {"\"\" = 1", 1, 1, "config_unknown_key", "", "there is no key \"\""},
      {"run.a.b.c = 1", 1, 5, "config_unknown_key", "run.a", "\"proof\""},
  });
}

TEST(ConfigReading, SaysWhichTypeIsWantedAndWhichIsThere) {
  expect_each({
      {"practice = 1", 1, 12, "config_wrong_type", "practice",
       "a text in quotes, but here it is a whole number"},
      {"practice = 1.5", 1, 12, "config_wrong_type", "practice", "a number with decimals"},
      {"practice = 2026-12-01", 1, 12, "config_wrong_type", "practice", "a date or time"},
      {"practice = []", 1, 12, "config_wrong_type", "practice", "a list"},
      {"practice = {}", 1, 12, "config_wrong_type", "practice", "a table"},
      {"keyring = 'yes'", 1, 11, "config_wrong_type", "keyring", "true or false, but"},
      {"monitor = 1", 1, 11, "config_wrong_type", "monitor", "a table, but"},
      {"[[monitor]]", 1, 1, "config_wrong_type", "monitor", "[monitor]"},
      {"medium = 'x'", 1, 10, "config_wrong_type", "medium", "[[medium]]"},
      {"medium = ['x']", 1, 10, "config_wrong_type", "medium", "[[medium]]"},
      {"[[medium]]\nname='a'\ndays = 'mon'", 3, 8, "config_wrong_type", "medium[1].days",
       "a list, but"},
      {"[[medium]]\nname='a'\ndays = ['mon', 2]", 3, 16, "config_wrong_type", "medium[1].days",
       "each item"},
      {"password-command = 'pass show'", 1, 20, "config_wrong_type", "password-command",
       "each of its arguments"},
      {"[run]\nlimit-upload = '5'", 2, 16, "config_wrong_type", "run.limit-upload",
       "a whole number"},
      {"[run]\nverify-budget = 5", 2, 17, "config_wrong_type", "run.verify-budget", "a text"},
      {"[[folder]]\nname='a'\npath='/a'\nretention = 3", 4, 13, "config_wrong_type",
       "folder[1].retention", "a table"},
  });
}

TEST(ConfigReading, SaysWhatIsMissing) {
  expect_each({
      {"[[medium]]", 1, 1, "config_missing_key", "medium[1].name", "[[medium]] must have \"name\""},
      {"\n [[folder]]\nname='a'", 2, 2, "config_missing_key", "folder[1].path", "\"path\""},
      {"[[remote]]\nname='a'", 1, 1, "config_missing_key", "remote[1].repository",
       "\"repository\""},
      {"[[source]]\nname='a'", 1, 1, "config_missing_key", "source[1].paths", "[[source.dump]]"},
      {"[[source]]\nname='a'\n[[source.dump]]\nfile='x'", 3, 1, "config_missing_key",
       "source[1].dump[1].command", "\"command\""},
      {"[[source]]\nname='a'\n[[source.dump]]\ncommand=['x']", 3, 1, "config_missing_key",
       "source[1].dump[1].file", "\"file\""},
  });
  expect_problem(read_config("", kHome), {"", 1, 1, "config_missing_key", "source", "[[source]]"});
}

TEST(ConfigReading, RefusesNamesThatAreTakenOrCannotBeShown) {
  const std::string sixty_four(64, 'a');
  const std::string medium = "[[medium]]\nname='Clé'\n";
  expect_each({
      {medium + "[[medium]]\nname='CLÉ'", 4, 6, "config_duplicate_name", "medium[2].name",
       "in line 2"},
      {medium + "[[folder]]\nname='Cle\u0301'\npath='/a'", 4, 6, "config_duplicate_name",
       "folder[1].name", "in line 2"},
      {"[[source]]\nname='WHOLE'\npaths=['/a']", 5, 8, "config_duplicate_name", "source[2].name",
       "in line 2"},
      {"[[medium]]\nname=''", 2, 6, "config_bad_name", "medium[1].name", "empty"},
      {"[[medium]]\nname=' a'", 2, 6, "config_bad_name", "medium[1].name", "space"},
      {"[[medium]]\nname='a/b'", 2, 6, "config_bad_name", "medium[1].name", "slashes"},
      {"[[medium]]\nname='a\"b'", 2, 6, "config_bad_name", "medium[1].name", "quotation"},
      {"[[medium]]\nname=\"a\\nb\"", 2, 6, "config_bad_name", "medium[1].name", "one line"},
      {"[[medium]]\nname=\"a\\u0000b\"", 2, 6, "config_bad_name", "medium[1].name", "one line"},
      {"[[medium]]\nname=\"a\\u202eb\"", 2, 6, "config_bad_name", "medium[1].name", "invisible"},
      {"[[medium]]\nname='" + sixty_four + "b'", 2, 6, "config_bad_name", "medium[1].name",
       "at most 64 characters, this one has 65"},
      {"practice = ''", 1, 12, "config_bad_name", "practice", "empty"},
  });
  for (const std::string& fine : {sixty_four, std::string("Clé de l'assistante"),
                                  std::string("Cle\u0301"), std::string("💾 & Co.")}) {
    EXPECT_THAT(read_with_source("[[medium]]\nname=\"" + fine + "\"").problems, IsEmpty()) << fine;
  }
}

TEST(ConfigReading, RefusesValuesThatTheirKeysCannotTake) {
  const std::string source = "[[source]]\nname='a'\n";
  const std::string medium = "[[medium]]\nname='a'\n";
  const std::string remote = "[[remote]]\nname='a'\n";
  expect_each({
      {"language = 'de'", 1, 12, "config_unknown_value", "language", "\"fr\", \"en\""},
      {medium + "days = ['mon', 'tues']", 3, 16, "config_unknown_value", "medium[1].days",
       "perhaps \"tue\" is meant"},
      {medium + "days = ['mon', 'mon']", 3, 16, "config_duplicate_value", "medium[1].days",
       "\"mon\" is there twice"},
      {medium + "filesystem = 'sdb1'", 3, 14, "config_bad_filesystem", "medium[1].filesystem",
       "UUID="},
      {medium + "filesystem = 'UUID='", 3, 14, "config_bad_filesystem", "medium[1].filesystem",
       "lsblk"},
      {medium + "path = 'media'", 3, 8, "config_bad_path", "medium[1].path", "~/"},
      {medium + "repository = '/medsave'", 3, 14, "config_bad_path", "medium[1].repository",
       "medium"},
      {medium + "repository = 'a/../..'", 3, 14, "config_bad_path", "medium[1].repository", "dots"},
      {medium + "repository = ''", 3, 14, "config_bad_path", "medium[1].repository", "folder"},
      {medium + "proof = 'some'", 3, 9, "config_unknown_value", "medium[1].proof",
       "\"all\", \"sample\", \"none\""},
      {medium + "compression = 'maxx'", 3, 15, "config_unknown_value", "medium[1].compression",
       "perhaps \"max\" is meant"},
      {medium + "limit-upload = -1", 3, 16, "config_bad_number", "medium[1].limit-upload",
       "negative"},
      {source + "paths = []", 3, 9, "config_empty", "source[1].paths", "empty"},
      {source + "paths = ['/a', '']", 3, 16, "config_empty", "source[1].paths", "empty"},
      {source + "paths = ['a']", 3, 10, "config_bad_path", "source[1].paths", "\"a\""},
      {source + "paths = ['~cabinet/a']", 3, 10, "config_bad_path", "source[1].paths", "~/"},
      {source + "paths = [\"/a\\u0000\"]", 3, 10, "config_bad_path", "source[1].paths", "control"},
      {source + "paths = ['/a']\nexclude = ['[a']", 4, 12, "config_bad_pattern",
       "source[1].exclude", "[a"},
      {source + "paths = ['/a']\nexclude-larger-than = '4 GB!'", 4, 23, "config_bad_size",
       "source[1].exclude-larger-than", "100M"},
      {source + "paths = ['/a']\nexclude-larger-than = -4", 4, 23, "config_bad_size",
       "source[1].exclude-larger-than", "bytes"},
      {source + "paths = ['/a']\nmay-shrink = '101%'", 4, 14, "config_bad_percentage",
       "source[1].may-shrink", "100%"},
      {source + "[[source.dump]]\ncommand=['x']\nfile = '../x'", 5, 8, "config_bad_name",
       "source[1].dump[1].file", "../x"},
      {source + "[[source.dump]]\nfile='x'\ncommand = []", 5, 11, "config_empty",
       "source[1].dump[1].command", "no program"},
      {source + "[[source.dump]]\nfile='x'\ncommand = ['']", 5, 11, "config_empty",
       "source[1].dump[1].command", "no program"},
      {source + "[[source.dump]]\nfile='x'\ncommand = ['y']\ntimeout = '0s'", 6, 11,
       "config_bad_duration", "source[1].dump[1].timeout", "\"0s\""},
      {remote + "repository = 'b2:x'", 3, 14, "config_bad_location", "remote[1].repository",
       "rclone"},
      {remote + "repository = '/srv/x'", 3, 14, "config_bad_location", "remote[1].repository",
       "[[folder]]"},
      {remote + "repository = 'sftp:'", 3, 14, "config_bad_location", "remote[1].repository",
       "SFTP"},
      {remote + "repository = 'rest:ftp://x'", 3, 14, "config_bad_location", "remote[1].repository",
       "REST"},
      {remote + "repository = 's3:host'", 3, 14, "config_bad_location", "remote[1].repository",
       "bucket"},
      {remote + "repository = 'rclone:'", 3, 14, "config_bad_location", "remote[1].repository",
       "rclone:REMOTE:PATH"},
      {remote + "repository = ''", 3, 14, "config_empty", "remote[1].repository", "empty"},
      {"[retention]\npolicy = 'clinic'", 2, 10, "config_unknown_value", "retention.policy",
       "\"cabinet\""},
      {"[retention]\nkeep-daily = -1\nkeep-last = 1", 2, 14, "config_bad_number",
       "retention.keep-daily", "unlimited"},
      {"[retention]\nkeep-daily = 'all'\nkeep-last = 1", 2, 14, "config_bad_number",
       "retention.keep-daily", "unlimited"},
      {"[retention]\nkeep-within = '5 days'\nkeep-last = 1", 2, 15, "config_bad_duration",
       "retention.keep-within", "1y5m7d2h"},
      {"[retention]\nkeep-tag = ['a', '']", 2, 18, "config_empty", "retention.keep-tag", "tag"},
      {"[monitor]\nping = 'hc.example'", 2, 8, "config_bad_url", "monitor.ping", "https://"},
      {"[monitor]\nping = 'http://hc.example/x'", 2, 8, "config_bad_url", "monitor.ping",
       "https://"},
      {"[monitor]\nmail = 'technicien'", 2, 8, "config_bad_mail", "monitor.mail", "technicien"},
      {"[monitor]\noverdue = 'soon'", 2, 11, "config_bad_duration", "monitor.overdue", "36h"},
      {"[monitor]\ndrill = '12 parsecs'", 2, 9, "config_bad_duration", "monitor.drill",
       "12 months"},
  });
}

TEST(ConfigReading, RefusesWhatContradictsItself) {
  expect_each({
      {"password-file = '/a'\nkeyring = true", 2, 11, "config_contradiction", "keyring",
       "\"password-file\" already"},
      {"password-command = ['a']\npassword-file = '/a'", 2, 17, "config_contradiction",
       "password-file", "\"password-command\" already"},
      {"[[medium]]\nname='a'\nfilesystem='LABEL=A'\npath='/a'", 4, 6, "config_contradiction",
       "medium[1].path", "not by both"},
      {"[retention]\nkeep-daily = 3\npolicy = 'cabinet'", 3, 10, "config_contradiction",
       "retention.policy", "contradict"},
      {"[retention]\nkeep-daily = 0", 1, 1, "config_contradiction", "retention", "no snapshot"},
      {"[[folder]]\nname='a'\npath='/x'\n[[folder]]\nname='b'\npath='/x/'", 6, 6,
       "config_duplicate_target", "folder[2].path", "line 3"},
      {"[[medium]]\nname='a'\nfilesystem='UUID=1'\n[[medium]]\nname='b'\nfilesystem='UUID=1'", 6,
       12, "config_duplicate_target", "medium[2].filesystem", "line 3"},
      {"[[remote]]\nname='a'\nrepository='sftp:h:a'\n[[remote]]\nname='b'\nrepository='sftp:h:a'",
       6, 12, "config_duplicate_target", "remote[2].repository", "line 3"},
  });
  EXPECT_THAT(read_with_source("password-file = '/a'\nkeyring = false").problems, IsEmpty());
}

TEST(ConfigReading, TellsAllProblemsAtOnceInTheOrderOfTheText) {
  const ConfigReading reading = read_config(
      "langage = 'fr'\n[[medium]]\ndays = ['mno', 7]\nproof = 1\n[run]\nlimit-upload = -1\n"
      "[[source]]\nname = ''\npaths = ['a', 'b']\n",
      kHome);
  std::vector<std::size_t> lines;
  for (const ConfigProblem& problem : reading.problems) lines.push_back(problem.place.line);
  EXPECT_EQ(lines, (std::vector<std::size_t>{1, 2, 3, 3, 4, 6, 8, 9, 9}));
}

TEST(ConfigReading, ReportsWhatIsNoTomlOnceWithItsPlace) {
  const std::vector<Case> cases = {
      {"[[[", 1, 1, "config_syntax", "", "not valid TOML"},
      {"a = 1\n[[+]\n", 2, 1, "config_syntax", "", "not valid TOML"},
      {"a = 1\na = 2\nb = 3\nb = 4", 2, 5, "config_syntax", "", "TOML"},
      {"\n\npractice = \"Été", 3, 16, "config_syntax", "", "end-of-file"},
      {"practice = 'a' b", 1, 16, "config_syntax", "", "TOML"},
      {"é = 1", 1, 1, "config_syntax", "", "TOML"},
      {"a = 1 é", 1, 7, "config_syntax", "", "TOML"},
      {"a = '\xe9'", 1, 6, "config_syntax", "", "UTF-8"},
      {std::string("a = 'é\0'", 9), 1, 7, "config_syntax", "", "NUL"},
      {"\xff\xfe\x61", 1, 1, "config_syntax", "", "UTF-16"},
  };
  for (const Case& wanted : cases) expect_problem(read_config(wanted.text, kHome), wanted);
}

TEST(ConfigReading, NeitherDepthNorLengthExhaustsAnything) {
  const auto repeated = [](const std::string& part, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += part;
    return out;
  };
  const std::string nested = "{" + repeated("a.", 450) + "a = [\n";
  for (const std::string& text :
       {repeated("a.", 500'000) + "a = 1", "[" + repeated("a.", 500'000) + "a]",
        "a = " + repeated("[", 500'000), "a = " + repeated("{a=", 300'000),
        repeated("[[a]]\n", 100'000), "a = [" + repeated(nested, 200)}) {
    EXPECT_FALSE(read_config(text, kHome).problems.empty()) << text.substr(0, 20);
  }
  const std::string deepest = repeated("a.", 500) + "b = [[[[[" + "{}" + "]]]]]";
  EXPECT_FALSE(read_config(deepest, kHome).problems.empty());
}

TEST(ConfigReading, TakesAByteOrderMarkWindowsLinesAndUtf16) {
  const std::string text = "practice = 'Été'\r\n[[source]]\r\nname = 'a'\r\npaths = ['/a']\r\n";
  std::string utf16 = "\xff\xfe";
  for (const char c : std::string("practice = 'x'\n[[source]]\nname = 'a'\npaths = ['/a']\n")) {
    utf16 += c;
    utf16 += '\0';
  }
  for (const std::string& form : {text, "\xef\xbb\xbf" + text, utf16}) {
    const ConfigReading reading = read_config(form, kHome);
    EXPECT_THAT(reading.problems, IsEmpty());
    EXPECT_EQ(reading.config.sources.front().paths.front(), "/a");
  }
  const ConfigReading marked = read_config("\xef\xbb\xbfnonsense = 1\r\n" + text, kHome);
  ASSERT_EQ(marked.problems.size(), 1U);
  EXPECT_EQ(marked.problems.front().place, (ConfigPlace{.line = 1, .column = 1}));
}

TEST(ConfigReading, AHomeFolderIsNeededForATilde) {
  const std::string text = "[[source]]\nname='a'\npaths=['~/x']";
  EXPECT_EQ(read_config(text, "/home/a").config.sources.front().paths.front(), "/home/a/x");
  expect_problem(read_config(text, ""),
                 {text, 3, 8, "config_bad_path", "source[1].paths", "home folder"});
}

}  // namespace
}  // namespace medsave
