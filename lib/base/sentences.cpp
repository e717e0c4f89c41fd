#include "medsave/base/sentences.hpp"

namespace medsave {

std::string_view without_stop(std::string_view text) {
  while (text.ends_with(' ') || text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('.')) text.remove_suffix(1);
  return text;
}

std::string with_sentence(std::string_view one, std::string_view other) {
  const bool ends = one.ends_with('?') || one.ends_with('!');
  return std::string(without_stop(one)) + (ends ? " " : ". ") + std::string(other);
}

}  // namespace medsave
