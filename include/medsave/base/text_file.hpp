#pragma once

#include "medsave/base/bytes.hpp"

#include <string>
#include <string_view>

namespace medsave {

/// Content of a text file that people write, as UTF-8: a byte order mark is left out, and behind
/// one of UTF-16 (either order; PowerShell and Windows' editors write it) the text is converted.
/// Without a mark the bytes are returned unchanged. restic reads such files in the same way, except
/// that here a lone surrogate, or an odd number of bytes, throws Error(corrupt) that names `what`.
Buffer decode_marked_text(ByteView content, const std::string& what);

/// The same for lists, patterns and names, which hold no NUL. Throws Error(corrupt) where there is
/// one: UTF-16 without a mark, or no text at all.
Buffer decode_text(ByteView content, const std::string& what);

/// The same for lists of lines that are trimmed: where no line ends with a newline, carriage
/// returns end them (old Mac programs), and are newlines in the result.
Buffer decode_lines(ByteView content, const std::string& what);

/// Without surrounding white space as Unicode and Go's strings.TrimSpace have it. Bytes that are
/// not UTF-8 are no white space.
std::string_view trim_unicode_space(std::string_view text);

}  // namespace medsave
