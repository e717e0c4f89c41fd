#pragma once

#include <string>
#include <string_view>

/// Sentences made of what others said and of what medsave adds. Messages have no full stop at their
/// end, but those of other programs and servers may have one.
namespace medsave {

/// What comes before more of the same sentence.
std::string_view without_stop(std::string_view text);
/// "One. Other", whatever `one` ends with. In the middle of a sentence: with_semicolon().
std::string with_sentence(std::string_view one, std::string_view other);

}  // namespace medsave
