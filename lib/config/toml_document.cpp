#include "toml_document.hpp"

#include "medsave/base/text.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>

namespace {

/// Instead of ending the program, where the library meets what it did not think of.
[[noreturn]] void toml_gave_up() { throw std::logic_error("toml++"); }

}  // namespace

// With NDEBUG the library would go on where it is lost.
#undef NDEBUG
#define TOML_ASSERT(expression)                         \
  do {                                                  \
    if (!static_cast<bool>(expression)) toml_gave_up(); \
  } while (false)
#define TOML_EXCEPTIONS 1
#define TOML_ENABLE_FORMATTERS 0
// A configuration needs three: a list of tables, in one of them a list.
#define TOML_MAX_NESTED_VALUES 8

// This library (3.3) takes letters with accents outside of texts for impossible, and the compiler
// may then do anything. Its tables of characters are to say no to them, all else is to give up.
// clang-format off
#include <toml++/impl/forward_declarations.h>
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE return false
#include <toml++/impl/unicode.h>
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE toml_gave_up()
#include <toml++/toml.h>
// clang-format on

namespace medsave {
namespace {

/// Each dot between keys makes a table in a table, and the library takes these down by recursion.
constexpr std::size_t kMostDots = 500;  // in a line
/// What is deeper cannot be known to the configuration: it is only counted as being there.
constexpr int kDeepest = 8;

ConfigPlace place_of(const toml::source_position& position) {
  return {.line = position.line, .column = position.column};
}

void refuse_many_dots(std::string_view text) {
  std::size_t line = 1;
  std::size_t dots = 0;
  for (const char c : text) {
    if (c == '\n') {
      ++line;
      dots = 0;
    } else if (c == '.' && ++dots > kMostDots) {
      throw TomlFault{.place = {.line = line, .column = 1},
                      .message = format_text(_("this line has more than {} dots"), kMostDots)};
    }
  }
}

TomlValue converted(const toml::node& node, int depth);

void add_entries(TomlValue& out, const toml::table& table, int depth) {
  for (const auto& [key, value] : table) {
    TomlValue entry = converted(value, depth + 1);
    entry.key = std::string(key.str());
    entry.key_place = place_of(key.source().begin);
    out.items.push_back(std::move(entry));
  }
  std::ranges::stable_sort(out.items, [](const TomlValue& a, const TomlValue& b) {
    return a.key_place.line != b.key_place.line ? a.key_place.line < b.key_place.line
                                                : a.key_place.column < b.key_place.column;
  });
}

TomlValue converted(const toml::node& node, int depth) {
  TomlValue out;
  out.place = place_of(node.source().begin);
  if (const toml::table* table = node.as_table()) {
    if (depth < kDeepest) add_entries(out, *table, depth);
  } else if (const toml::array* list = node.as_array()) {
    out.kind = TomlKind::list;
    if (depth >= kDeepest) return out;
    for (const toml::node& item : *list) out.items.push_back(converted(item, depth + 1));
  } else if (const auto* text = node.as_string()) {
    out.kind = TomlKind::text;
    out.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    out.kind = TomlKind::integer;
    out.integer = integer->get();
  } else if (const auto* boolean = node.as_boolean()) {
    out.kind = TomlKind::boolean;
    out.boolean = boolean->get();
  } else {
    out.kind = node.is_floating_point() ? TomlKind::real : TomlKind::date;
  }
  return out;
}

bool gives_up(std::string_view text) {
  try {
    static_cast<void>(toml::parse(text));
  } catch (const toml::parse_error&) {
  } catch (const std::logic_error&) {
    return true;
  }
  return false;
}

/// The library does not say where: the first line with which it gives up.
std::size_t lost_line(std::string_view text) {
  std::vector<std::size_t> ends;  // of the lines
  for (std::size_t at = text.find('\n'); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    ends.push_back(at);
  }
  const auto lost = std::ranges::partition_point(
      ends, [&](std::size_t end) { return !gives_up(text.substr(0, end)); });
  return static_cast<std::size_t>(lost - ends.begin()) + 1;
}

}  // namespace

TomlValue parse_toml(std::string_view text) {
  refuse_many_dots(text);
  try {
    return converted(toml::parse(text), 0);
  } catch (const toml::parse_error& e) {
    throw TomlFault{.place = place_of(e.source().begin),
                    .message = format_text(_("this is not valid TOML ({})"), e.description())};
  } catch (const std::logic_error&) {
    throw TomlFault{.place = {.line = lost_line(text), .column = 1},
                    .message = _("this is not valid TOML")};
  }
}

}  // namespace medsave
