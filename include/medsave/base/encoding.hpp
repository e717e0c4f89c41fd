#pragma once

#include "medsave/base/bytes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace medsave {

/// Lower-case hex, two digits a byte.
std::string to_hex(ByteView bytes);

/// RFC 4648 standard alphabet with padding.
std::string to_base64(ByteView bytes);
/// nullopt unless `text` is strict RFC 4648 with padding and no white space.
std::optional<Buffer> from_base64(std::string_view text);

/// Length in bytes (1-4) of the valid UTF-8 sequence at the start of `text`, 0 if there is none.
/// Overlong forms, surrogates and values above U+10FFFF are invalid. Source: RFC 3629.
/// `code_point`, when given, receives the decoded value.
std::size_t utf8_sequence(std::string_view text, char32_t* code_point = nullptr);
void append_utf8(std::string& out, char32_t code_point);
/// Whether all of it is valid UTF-8.
bool is_utf8(std::string_view text);
/// What JSON will hold of a text: each byte that is not UTF-8 becomes U+FFFD. To be compared with
/// what was read from JSON.
std::string as_utf8(std::string_view text);

}  // namespace medsave
