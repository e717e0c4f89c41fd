#pragma once

#include <string>
#include <string_view>

namespace medsave {

/// A form of a name in which spellings that people take for the same are equal: canonically
/// decomposed, without combining marks, in folded case ("Étude", with É as one character or two,
/// gives "etude"). Independent of the locale; bytes that are not UTF-8 are kept. A pattern can be
/// folded, too: folding never makes another character into one that is special in patterns.
std::string folded(std::string_view text);

}  // namespace medsave
