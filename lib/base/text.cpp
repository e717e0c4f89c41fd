#include "medsave/base/text.hpp"

#include "medsave/base/sentences.hpp"
#include "medsave/base/system.hpp"

#include <libintl.h>

namespace medsave {
namespace {

constexpr const char* kDomain = "medsave";

std::string variable(const char* name) { return environment(name).value_or(""); }

/// "fr" or "en" for a name like "fr", "fr_CH.UTF-8" or "french"; "" for a language without a
/// catalogue.
std::string_view known_language(std::string_view name) {
  const std::string_view code = name.substr(0, name.find_first_of("_.@-"));
  if (code == "fr" || code == "french") return "fr";
  if (code == "en" || code == "english" || code == "C" || code == "POSIX") return "en";
  return "";
}

/// Of a list like LANGUAGE's "de:fr:en", the first one known.
std::string_view known_language_of_list(std::string_view list) {
  while (!list.empty()) {
    const std::size_t colon = list.find(':');
    const std::string_view found = known_language(list.substr(0, colon));
    if (!found.empty() || colon == std::string_view::npos) return found;
    list.remove_prefix(colon + 1);
  }
  return "";
}

std::string_view choose_language(std::string_view asked_for) {
  std::string wanted;  // an unknown language is reported by the reader of the command line
  if (is_known_language(asked_for)) wanted = asked_for;
  if (wanted.empty()) wanted = variable("MEDSAVE_LANG");
  if (wanted.empty()) {
    // As in gettext: the C locale selects the untranslated texts, whatever LANGUAGE says.
    const std::string all = variable("LC_ALL");
    if (all == "C" || all == "POSIX") return "en";
    wanted = variable("LANGUAGE");
  }
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    if (wanted.empty()) wanted = variable(name);
  }
  const std::string_view found = known_language_of_list(wanted);
  return found.empty() ? "en" : found;
}

std::string& language() {
  static std::string code = "en";
  return code;
}

}  // namespace

bool is_known_language(std::string_view names) { return !known_language_of_list(names).empty(); }

const char* translate(const char* id) {
  return *id == '\0' ? id : dgettext(kDomain, id);  // gettext("") is the catalogue's header
}

const char* translate_plural(const char* one, const char* many, unsigned long n) {
  return dngettext(kDomain, one, many, n);
}

void init_language(const std::string& wanted) {
  language() = choose_language(wanted);
  use_catalogue(kDomain, language());
}

void init_restic_wording() {
  language() = "en";
  use_catalogue(kDomain, "en@restic");
}

std::string language_in_use() { return language(); }

std::string with_colon(std::string_view about, std::string_view what) {
  return format_text(_("{}: {}"), about, what);
}

std::string with_semicolon(std::string_view one, std::string_view other) {
  return format_text(_("{}; {}"), without_stop(one), other);
}

}  // namespace medsave
