#pragma once

#include <string>
#include <string_view>

namespace medsave {

/// What names have in common that people take for the same: canonically decomposed, without
/// combining marks, in folded case ("Étude", with é as one character or two, is "etude"). Whatever
/// the locale; bytes that are no UTF-8 stay. Patterns keep their meaning: none of their special
/// characters comes from another one.
std::string folded(std::string_view text);

}  // namespace medsave
