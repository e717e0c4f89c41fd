#include "medsave/base/text.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>

namespace medsave {
namespace {

/// Sets the variables that choose a language for one test; those not named are unset.
class Environment {
 public:
  explicit Environment(const std::map<std::string, std::string>& values) {
    for (const char* name : {"MEDSAVE_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"}) {
      const char* old = std::getenv(name);
      saved_[name] = old != nullptr ? std::optional<std::string>(old) : std::nullopt;
      unsetenv(name);
    }
    for (const auto& value : values) setenv(value.first.c_str(), value.second.c_str(), 1);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() {
    for (const auto& value : saved_) {
      if (value.second) {
        setenv(value.first.c_str(), value.second->c_str(), 1);
      } else {
        unsetenv(value.first.c_str());
      }
    }
  }

 private:
  std::map<std::string, std::optional<std::string>> saved_;
};

std::string language_for(const std::map<std::string, std::string>& environment,
                         const std::string& argument = "") {
  const Environment set(environment);
  init_language(argument);
  return language_in_use();
}

TEST(Language, IsEnglishWhenNothingIsSaid) {
  EXPECT_EQ(language_for({}), "en");
  EXPECT_EQ(language_for({{"LANG", "C.UTF-8"}}), "en");
}

TEST(Language, FollowsALocaleThatIsNotInstalled) {
  EXPECT_EQ(language_for({{"LANG", "fr_FR.UTF-8"}}), "fr");
  EXPECT_EQ(language_for({{"LANG", "en_GB.UTF-8"}, {"LC_MESSAGES", "fr_CA"}}), "fr");
  EXPECT_EQ(language_for({{"LANG", "fr_FR.UTF-8"}, {"LC_ALL", "en_US.UTF-8"}}), "en");
}

TEST(Language, IsTheFirstKnownOneOfAList) {
  EXPECT_EQ(language_for({{"LANGUAGE", "de:fr_FR:en"}, {"LANG", "de_DE.UTF-8"}}), "fr");
  EXPECT_EQ(language_for({{"LANGUAGE", "de:it"}, {"LANG", "de_DE.UTF-8"}}), "en");
}

TEST(Language, OfMedsaveAloneComesFirst) {
  EXPECT_EQ(language_for({{"MEDSAVE_LANG", "fr"}, {"LC_ALL", "C"}, {"LANGUAGE", "en"}}), "fr");
  EXPECT_EQ(language_for({{"MEDSAVE_LANG", "en"}, {"LANG", "fr_FR.UTF-8"}}), "en");
}

TEST(Language, GivenAsArgumentBeatsTheEnvironment) {
  EXPECT_EQ(language_for({{"MEDSAVE_LANG", "en"}}, "fr"), "fr");
  EXPECT_EQ(language_for({{"LANG", "fr_FR.UTF-8"}}, "en"), "en");
  EXPECT_EQ(language_for({}, "fr_FR.UTF-8"), "fr");
}

TEST(Language, StaysUntranslatedWhereScriptsAskForTheCLocale) {
  EXPECT_EQ(language_for({{"LC_ALL", "C"}, {"LANGUAGE", "fr"}}), "en");
}

TEST(Translate, GivesTheTextItselfInEnglish) {
  init_language("en");
  EXPECT_STREQ(translate("a text that no catalogue has"), "a text that no catalogue has");
  EXPECT_STREQ(translate(""), "");
  EXPECT_STREQ(translate_plural("{} file", "{} files", 1), "{} file");
  EXPECT_STREQ(translate_plural("{} file", "{} files", 0), "{} files");
}

TEST(FormatText, FillsItsPlaceholders) {
  EXPECT_EQ(format_text("{} of {:.1f} MiB: {}", 3U, 1.25, std::string("x")), "3 of 1.2 MiB: x");
}

TEST(FormatText, KeepsTheDecimalPointInFrench) {
  init_language("fr");
  EXPECT_EQ(format_text("{:.3f}", 1234.5), "1234.500");
  init_language("en");
}

}  // namespace
}  // namespace medsave
