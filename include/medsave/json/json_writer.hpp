#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/base/id.hpp"

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace medsave {

/// Pieces of JSON text, as restic's writer makes them.

template <std::integral Integer>
void append_json_number(std::string& out, Integer value) {
  char digits[24];
  const std::to_chars_result end = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, end.ptr);
}

/// With quotes, escaped as restic does (medsave-repository(5), "Strings"): each byte that is not
/// UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// 64 hex digits in quotes.
void append_json_id(std::string& out, const Id& id);

/// Base64 in quotes.
void append_json_base64(std::string& out, ByteView bytes);

/// Whether neither append_json_string() nor Go's quoting changes `text`: printable ASCII without
/// quote, backslash, '<', '>' and '&'.
bool needs_no_escape(std::string_view text);

}  // namespace medsave
