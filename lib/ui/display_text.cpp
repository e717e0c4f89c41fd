#include "medsave/ui/display_text.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/format/go_quote.hpp"
#include "medsave/format/node.hpp"
#include "medsave/sys/terminal.hpp"

#include <algorithm>

namespace medsave {
namespace {

bool is_plain_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

struct Glyph {
  std::size_t bytes = 1;
  std::size_t columns = 1;
};

/// The code point at the start of `text`, which is not empty.
Glyph first_glyph(std::string_view text) {
  char32_t code_point = 0;
  const std::size_t bytes = utf8_sequence(text, &code_point);
  if (bytes == 0) return {};
  return {bytes, character_columns(code_point).value_or(1)};
}

constexpr std::string_view kEllipsis = "\u2026";

/// Appends the words of one line, breaking where `columns` would be exceeded.
void wrap_line(std::string& out, std::string_view line, std::size_t columns, std::size_t indent,
               std::size_t column) {
  bool first_word = true;
  while (!line.empty()) {
    const std::size_t space = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, space);
    line.remove_prefix(std::min(space + 1, line.size()));
    const std::size_t width = display_width(word);
    if (!first_word && column + 1 + width > columns) {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
    } else if (!first_word) {
      out += ' ';
      ++column;
    }
    out += word;
    column += width;
    first_word = false;
  }
}

/// Where the text of a line begins, behind its spaces and "- " or "3. ".
std::size_t hanging_indent(std::string_view line) {
  const std::size_t first = std::min(line.find_first_not_of(' '), line.size());
  const std::string_view text = line.substr(first);
  if (text.starts_with("- ")) return first + 2;
  const std::size_t digits = text.find_first_not_of("0123456789");
  const bool is_numbered =
      digits != 0 && digits != std::string_view::npos && text.substr(digits).starts_with(". ");
  return is_numbered ? first + digits + 2 : first;
}

}  // namespace

std::string escape_for_terminal(std::string_view raw) {
  if (is_plain_ascii(raw)) return std::string(raw);
  std::string out;
  while (!raw.empty()) {
    const std::size_t bytes = std::max<std::size_t>(utf8_sequence(raw), 1);
    // go_quote() would escape these too, but they are harmless; French has a no-break space before
    // half of its punctuation marks.
    const std::string_view character = raw.substr(0, bytes);
    if (character == "\"" || character == "\\" || character == "\u00a0" || character == "\u202f") {
      out += character;
    } else {
      append_go_quoted(out, raw.substr(0, bytes));
    }
    raw.remove_prefix(bytes);
  }
  return out;
}

std::size_t display_width(std::string_view text) {
  if (is_plain_ascii(text)) return text.size();
  std::size_t columns = 0;
  while (!text.empty()) {
    const Glyph glyph = first_glyph(text);
    columns += glyph.columns;
    text.remove_prefix(glyph.bytes);
  }
  return columns;
}

std::string cut_to_width(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  std::string out;
  std::size_t used = 1;  // the ellipsis
  while (!text.empty()) {
    const Glyph glyph = first_glyph(text);
    if (used + glyph.columns > columns) break;
    used += glyph.columns;
    out += text.substr(0, glyph.bytes);
    text.remove_prefix(glyph.bytes);
  }
  return columns == 0 ? std::string() : out.append(kEllipsis);
}

std::string cut_front_to_width(std::string_view text, std::size_t columns) {
  std::size_t width = display_width(text);
  if (width <= columns) return std::string(text);
  if (columns == 0) return {};
  while (!text.empty() && width + 1 > columns) {
    const Glyph glyph = first_glyph(text);
    width -= glyph.columns;
    text.remove_prefix(glyph.bytes);
  }
  return std::string(kEllipsis).append(text);
}

std::string pad_to_width(std::string_view text, std::size_t columns) {
  std::string out(text);
  const std::size_t width = display_width(text);
  if (width < columns) out.append(columns - width, ' ');
  return out;
}

std::string wrap_text(std::string_view text, std::size_t columns, std::size_t indent) {
  std::string out;
  std::size_t column = indent;  // the caller has written that much of the first line
  while (true) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    wrap_line(out, text.substr(0, end), columns, indent, column);
    if (end == text.size()) return out;
    text.remove_prefix(end + 1);
    out += '\n';
    if (!text.empty() && text.front() != '\n') out.append(indent, ' ');
    column = indent;
  }
}

std::string wrap_lines(std::string_view text, std::size_t columns) {
  std::string out;
  while (true) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const std::size_t indent = hanging_indent(line);
    if (display_width(line) <= columns || indent >= columns / 2) {
      out += line;
    } else {
      out.append(line.substr(0, indent)).append(wrap_text(line.substr(indent), columns, indent));
    }
    if (end == text.size()) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

}  // namespace medsave
