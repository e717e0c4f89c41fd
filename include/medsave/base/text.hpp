#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>

/// Words for people. Every message a user can see is written in English in the source, marked
/// with one of these, and translated by GNU gettext (catalogues: lib/i18n/*.po):
///
///   throw Error(Errc::corrupt, format_text(_("pack {}: header is {} bytes long"), id, n));
///   format_text(n_("{} file", "{} files", n), n)
///
/// Placeholders are fmt's; a translation must use the same ones (tested).
namespace medsave {

/// Translation of `id` in the language chosen by init_language(); `id` itself when there is none.
const char* translate(const char* id);
const char* translate_plural(const char* one, const char* many, unsigned long n);

/// A text with its plural, translated where it is used.
struct PluralText {
  const char* one;
  const char* many;
};

/// Chooses the language: `language` ("fr", "en", "fr_FR.UTF-8") if known, else the locale.
/// Works without an installed locale for that language. Call once, before the first thread.
void init_language(const std::string& language);

/// Whether there are texts in that language, or in one of a list like "de:fr".
bool is_known_language(std::string_view names);

/// English with restic's words where programs that drive restic look for them: the catalogue
/// lib/i18n/en@restic.po has those messages that differ. Instead of init_language().
void init_restic_wording();

/// Two-letter code of the language in use, "en" or "fr".
std::string language_in_use();

/// "about: what", with the space before the colon that French wants.
std::string with_colon(std::string_view about, std::string_view what);
/// "one; other", likewise.
std::string with_semicolon(std::string_view one, std::string_view other);

/// fmt with a run-time format string, since translations are not constants.
template <typename... Args>
std::string format_text(std::string_view pattern, const Args&... args) {
  return fmt::vformat(fmt::string_view(pattern.data(), pattern.size()),
                      fmt::make_format_args(args...));
}

}  // namespace medsave

// The names xgettext looks for. N_ and Nn_ mark texts that are translated where they are used.
#define _(text) ::medsave::translate(text)                            // NOLINT
#define n_(one, many, n) ::medsave::translate_plural(one, many, (n))  // NOLINT
#define Nn_(one, many) \
  ::medsave::PluralText { one, many }  // NOLINT
#define N_(text) text                  // NOLINT
