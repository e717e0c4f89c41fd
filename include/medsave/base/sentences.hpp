#pragma once

#include <string>
#include <string_view>

/// Sentences made of what others said and of what medsave adds. A message of one phrase has no full
/// stop at its end; one of several sentences has, and what programs and servers say may have one.
namespace medsave {

/// What comes before more of the same sentence.
std::string_view without_stop(std::string_view text);
/// "One. Other.", whatever they end with. In the middle of a sentence: with_semicolon().
std::string with_sentence(std::string_view one, std::string_view other);
/// "cannot open: permission denied" of "cannot open NAME: permission denied": for a message behind
/// the whole `path`, whose last part NAME is.
std::string without_own_name(std::string message, std::string_view path);

}  // namespace medsave
