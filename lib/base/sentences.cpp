#include "medsave/base/sentences.hpp"

#include <algorithm>
#include <array>

namespace medsave {

std::string_view without_stop(std::string_view text) {
  while (text.ends_with(' ') || text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('.')) text.remove_suffix(1);
  return text;
}

std::string with_sentence(std::string_view one, std::string_view other) {
  const bool ends = one.ends_with('?') || one.ends_with('!');
  return std::string(without_stop(one)) + (ends ? " " : ". ") + std::string(without_stop(other)) +
         ".";
}

namespace {

/// Whether something has to follow: "cannot set the mode of".
bool ends_open(std::string_view text) {
  constexpr std::array kOpen = {" of", " to", " in", " from", " de", " dans", " à"};
  return std::ranges::any_of(kOpen, [&](const char* word) { return text.ends_with(word); });
}

}  // namespace

std::string without_own_name(std::string message, std::string_view path) {
  const std::string name(path.substr(path.find_last_of('/') + 1));
  if (name.empty()) return message;
  // As messages name files, in English and French.
  for (const std::string& quoted : {" " + name, " \u00ab\u00a0" + name + "\u00a0\u00bb"}) {
    for (const std::string_view colon : {": ", "\u00a0: "}) {
      const std::size_t at = message.find(std::string(quoted).append(colon));
      if (at == std::string::npos || ends_open(std::string_view(message).substr(0, at))) continue;
      message.erase(at, quoted.size());
      return message;
    }
  }
  return message;
}

}  // namespace medsave
