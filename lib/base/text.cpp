#include "medsave/base/text.hpp"

#include <libintl.h>

#include <array>
#include <clocale>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace medsave {
namespace {

constexpr const char* kDomain = "medsave";

const char* environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

/// "fr" or "en" for a name like "fr", "fr_CH.UTF-8" or "french"; "" for a language not spoken.
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

std::string_view choose_language(std::string_view wanted) {
  if (wanted.empty()) wanted = environment("MEDSAVE_LANG");
  if (wanted.empty()) {
    // As in gettext: who asks for the C locale wants the untranslated texts, whatever LANGUAGE
    // says.
    const std::string_view all = environment("LC_ALL");
    if (all == "C" || all == "POSIX") return "en";
    wanted = environment("LANGUAGE");
  }
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    if (wanted.empty()) wanted = environment(name);
  }
  const std::string_view found = known_language_of_list(wanted);
  return found.empty() ? "en" : found;
}

/// Where the catalogues are: beside an installed program, or in its build tree.
std::filesystem::path catalogue_directory() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return {};
  const auto directory = program.parent_path();
  auto installed = directory.parent_path() / "share" / "locale";
  const auto catalogue = std::filesystem::path("fr") / "LC_MESSAGES" / "medsave.mo";
  if (std::filesystem::exists(installed / catalogue, error)) return installed;
  return directory / "locale";
}

bool is_plain_c(const char* locale) {
  const std::string_view name = locale != nullptr ? locale : "C";
  return name == "C" || name == "POSIX";
}

/// Takes the environment's locale for one category. Where that one is not installed, C.UTF-8,
/// which is always there: in the bare C locale gettext translates nothing.
void set_category(int category) {
  std::setlocale(category, "C");  // the change below makes gettext forget what it looked up
  if (is_plain_c(std::setlocale(category, ""))) std::setlocale(category, "C.UTF-8");
}

std::string& language() {
  static std::string code = "en";
  return code;
}

}  // namespace

const char* translate(const char* id) {
  return *id == '\0' ? id : dgettext(kDomain, id);  // gettext("") is the catalogue's header
}

const char* translate_plural(const char* one, const char* many, unsigned long n) {
  return dngettext(kDomain, one, many, n);
}

namespace {

/// `catalogue`: the name of its folder.
void use_catalogue(const char* catalogue) {
  // Numbers, sorting and dates stay those of the C locale: they end up in JSON and scripts.
  set_category(LC_CTYPE);
  set_category(LC_MESSAGES);
  setenv("LANGUAGE", catalogue, 1);  // in any locale but C, gettext obeys it first
  bindtextdomain(kDomain, catalogue_directory().c_str());
  bind_textdomain_codeset(kDomain, "UTF-8");
}

}  // namespace

void init_language(const std::string& wanted) {
  language() = choose_language(wanted);
  use_catalogue(language().c_str());
}

void init_restic_wording() {
  language() = "en";
  use_catalogue("en@restic");
}

std::string language_in_use() { return language(); }

std::string with_colon(std::string_view about, std::string_view what) {
  return format_text(_("{}: {}"), about, what);
}

std::string with_semicolon(std::string_view one, std::string_view other) {
  return format_text(_("{}; {}"), one, other);
}

}  // namespace medsave
