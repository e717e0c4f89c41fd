#include "medsave/json/json_writer.hpp"

#include "medsave/base/encoding.hpp"

#include <algorithm>
#include <array>

namespace medsave {

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

constexpr std::array<bool, 256> kUnescaped = [] {
  std::array<bool, 256> unescaped = {};
  for (std::size_t c = 0x20; c < 0x7f; ++c) {
    unescaped[c] = c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
  }
  return unescaped;
}();

bool unescaped(char c) { return kUnescaped[static_cast<unsigned char>(c)]; }

/// `c` is ASCII and not unescaped().
void append_ascii_escape(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\r':
      out += "\\r";
      return;
    case 0x7f:
      out += c;
      return;
    default:
      break;
  }
  const auto value = static_cast<unsigned char>(c);
  out += "\\u00";
  out += kHexDigits[value >> 4U];
  out += kHexDigits[value & 15U];
}

}  // namespace

void append_json_id(std::string& out, const Id& id) {
  std::array<char, 2 * Id::kSize + 2> text;
  char* p = text.data();
  *p++ = '"';
  for (const std::byte byte : id.bytes()) {
    const auto value = std::to_integer<std::size_t>(byte);
    *p++ = kHexDigits[value >> 4U];
    *p++ = kHexDigits[value & 15U];
  }
  *p = '"';
  out.append(text.data(), text.size());
}

void append_json_base64(std::string& out, ByteView bytes) {
  out += '"';
  out += to_base64(bytes);
  out += '"';
}

bool needs_no_escape(std::string_view text) { return std::ranges::all_of(text, unescaped); }

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p != end) {
    const char* const run = p;
    while (p != end && unescaped(*p)) ++p;
    out.append(run, p);
    if (p == end) break;
    if (static_cast<unsigned char>(*p) < 0x80) {
      append_ascii_escape(out, *p++);
      continue;
    }
    char32_t code_point = 0;
    const std::size_t length = utf8_sequence({p, static_cast<std::size_t>(end - p)}, &code_point);
    if (length == 0) {
      out += "\\ufffd";
      ++p;
    } else if (code_point == 0x2028 || code_point == 0x2029) {
      out += code_point == 0x2028 ? "\\u2028" : "\\u2029";
      p += length;
    } else {
      out.append(p, length);
      p += length;
    }
  }
  out += '"';
}

}  // namespace medsave
