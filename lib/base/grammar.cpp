#include "medsave/base/grammar.hpp"

#include "medsave/base/text.hpp"

#include <algorithm>
#include <charconv>

namespace medsave {

bool in_french() { return language_in_use() == "fr"; }

unsigned long noun_number(unsigned long done, unsigned long total) {
  return in_french() ? done : total;
}

unsigned long noun_number(std::string_view shown) {
  shown.remove_prefix(std::min(shown.find_first_not_of(' '), shown.size()));
  unsigned long whole = 0;
  std::from_chars(shown.data(), shown.data() + shown.size(), whole);
  return whole;
}

}  // namespace medsave
