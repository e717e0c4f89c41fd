#include "medsave/base/folding.hpp"

#include "medsave/base/encoding.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace medsave {
namespace {

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

/// Length of the valid UTF-8 at the start.
std::size_t valid_length(std::string_view text) {
  std::size_t length = 0;
  while (const std::size_t next = utf8_sequence(text.substr(length))) length += next;
  return length;
}

void append_folded(std::string& out, std::string_view valid) {
  constexpr auto kOptions =
      static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK);
  // Reused, since a search asks once per name.
  thread_local std::vector<utf8proc_int32_t> points;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(valid.data());
  const auto decompose = [&] {
    return utf8proc_decompose(bytes, static_cast<utf8proc_ssize_t>(valid.size()), points.data(),
                              static_cast<utf8proc_ssize_t>(points.size()), kOptions);
  };
  utf8proc_ssize_t count = decompose();
  if (count > static_cast<utf8proc_ssize_t>(points.size())) {
    points.resize(static_cast<std::size_t>(count));
    count = decompose();
  }
  for (utf8proc_ssize_t i = 0; i < count; ++i) {
    append_utf8(out, static_cast<char32_t>(points[static_cast<std::size_t>(i)]));
  }
}

}  // namespace

std::string folded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  if (std::ranges::all_of(text, is_ascii)) {
    for (const char c : text) out.push_back(lower(c));
    return out;
  }
  while (!text.empty()) {
    const std::size_t valid = valid_length(text);
    append_folded(out, text.substr(0, valid));
    text.remove_prefix(valid);
    if (text.empty()) break;
    out.push_back(text.front());
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace medsave
