#include "medsave/base/grammar.hpp"

#include "medsave/base/text.hpp"

namespace medsave {

bool in_french() { return language_in_use() == "fr"; }

unsigned long noun_number(unsigned long done, unsigned long total) {
  return in_french() ? done : total;
}

}  // namespace medsave
