#include "table_reader.hpp"

#include "config_values.hpp"

#include "medsave/base/closest_name.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace medsave {
namespace {

std::string kind_name(TomlKind kind) {
  switch (kind) {
    case TomlKind::text:
      return _("a text in quotes");
    case TomlKind::integer:
      return _("a whole number");
    case TomlKind::real:
      return _("a number with decimals");
    case TomlKind::boolean:
      return _("true or false");
    case TomlKind::date:
      return _("a date or time");
    case TomlKind::list:
      return _("a list");
    case TomlKind::table:
      break;
  }
  return _("a table");
}

/// `guess`: may be empty.
std::string with_guess(const std::string& message, const std::string& guess) {
  if (guess.empty()) return message;
  return with_semicolon(message, format_text(_("perhaps \"{}\" is meant"), guess));
}

std::vector<std::string> masked(const std::vector<std::string>& texts, const TextMask& mask) {
  if (!mask) return texts;
  std::vector<std::string> out;
  std::ranges::transform(texts, std::back_inserter(out), mask);
  return out;
}

}  // namespace

TableReader::TableReader(const TomlValue* table, std::string path, ConfigReading& out, bool enters)
    : table_(table), path_(std::move(path)), out_(out), enters_(enters) {}

const TomlValue* TableReader::find(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end()) known_.emplace_back(key);
  if (table_ == nullptr) return nullptr;
  const auto found = std::ranges::find(table_->items, key, &TomlValue::key);
  return found == table_->items.end() ? nullptr : &*found;
}

const TomlValue* TableReader::of_kind(std::string_view key, TomlKind wanted) {
  const TomlValue* value = find(key);
  if (value == nullptr || value->kind == wanted) return value;
  wrong_kind(key, kind_name(wanted), *value);
  return nullptr;
}

void TableReader::wrong_kind(std::string_view key, const std::string& wanted,
                             const TomlValue& found) {
  problem(key,
          {.code = "config_wrong_type",
           .message = format_text(_("\"{}\" must be {}, but here it is {}"), key, wanted,
                                  kind_name(found.kind))},
          found.place);
}

void TableReader::read(std::string_view key, const TomlValue* value, const Fallback& fallback,
                       const std::function<std::string(const TomlValue&)>& read) {
  if (value == nullptr) {
    enter(key, fallback.value, fallback.place);
    return;
  }
  try {
    enter(key, read(*value), value->place);
  } catch (const BadValue& bad) {
    problem(key, bad, value->place);
  }
}

void TableReader::text(std::string_view key, std::string& target, const TextCheck& check,
                       const TextMask& mask) {
  read(key, of_kind(key, TomlKind::text), {}, [&](const TomlValue& value) {
    check(value.text);
    target = value.text;
    return quoted_value(mask ? mask(value.text) : value.text);
  });
}

void TableReader::flag(std::string_view key, bool& target) {
  const Fallback fallback{.value = target ? "true" : "false"};
  read(key, of_kind(key, TomlKind::boolean), fallback, [&](const TomlValue& value) {
    target = value.boolean;
    return std::string(target ? "true" : "false");
  });
}

void TableReader::number(std::string_view key, std::uint64_t& target, const Fallback& fallback) {
  read(key, of_kind(key, TomlKind::integer), fallback, [&](const TomlValue& value) {
    if (value.integer < 0) {
      throw BadValue{.code = "config_bad_number",
                     .message = format_text(_("\"{}\" must not be negative"), key)};
    }
    target = static_cast<std::uint64_t>(value.integer);
    return std::to_string(target);
  });
}

void TableReader::texts(std::string_view key, std::vector<std::string>& target,
                        const TextCheck& check, const TextMask& mask) {
  const TomlValue* list = of_kind(key, TomlKind::list);
  if (list == nullptr) {
    enter(key, quoted_list(target), {});
    return;
  }
  std::vector<std::string> out;
  bool right = true;
  for (const TomlValue& item : list->items) {
    try {
      if (item.kind != TomlKind::text) {
        throw BadValue{
            .code = "config_wrong_type",
            .message = format_text(_("each item of \"{}\" must be {}, but this one is {}"), key,
                                   kind_name(TomlKind::text), kind_name(item.kind))};
      }
      check(item.text);
      out.push_back(item.text);
    } catch (const BadValue& bad) {
      problem(key, bad, item.place);
      right = false;
    }
  }
  if (!right) return;
  target = std::move(out);
  enter(key, quoted_list(masked(target, mask)), list->place);
}

void TableReader::command(std::string_view key, CommandWords& target, const TextMask& mask) {
  const TomlValue* list = find(key);
  if (list != nullptr && list->kind == TomlKind::text) {
    problem(key,
            {.code = "config_wrong_type",
             .message = format_text(_("\"{}\" must be a list, in which the program and each of its "
                                      "arguments are texts of their own: {}"),
                                    key, R"(["program", "argument"])")},
            list->place);
    return;
  }
  if (list != nullptr && list->kind == TomlKind::list &&
      (list->items.empty() ||
       (list->items.front().kind == TomlKind::text && list->items.front().text.empty()))) {
    problem(key,
            {.code = "config_empty", .message = format_text(_("\"{}\" names no program"), key)},
            list->place);
    return;
  }
  texts(key, target, check_text, mask);
  if (list == nullptr && enters_) out_.entries.back().value = "null";
}

void TableReader::period(std::string_view key, std::chrono::seconds& target,
                         const std::string& usual, std::chrono::seconds least) {
  read(key, of_kind(key, TomlKind::text), {.value = quoted_value(usual)},
       [&](const TomlValue& value) {
         target = read_period(value.text, least);
         return quoted_value(value.text);
       });
}

void TableReader::choice(std::string_view key, std::size_t& target,
                         const std::vector<std::string>& words, const Fallback& fallback) {
  read(key, of_kind(key, TomlKind::text), fallback, [&](const TomlValue& value) {
    target = chosen_word(key, value.text, words);
    return quoted_value(value.text);
  });
}

void TableReader::value(std::string_view key, const std::function<void(const TomlValue&)>& take) {
  const TomlValue* found = find(key);
  if (found == nullptr) return;
  try {
    take(*found);
  } catch (const BadValue& bad) {
    problem(key, bad, found->place);
  }
}

const TomlValue* TableReader::table(std::string_view key) {
  const TomlValue* value = find(key);
  if (value == nullptr || value->kind == TomlKind::table) return value;
  if (value->kind == TomlKind::list) {
    problem(key,
            {.code = "config_wrong_type",
             .message = format_text(_("\"{}\" is there once and is written [{}]"), key, full(key))},
            value->place);
  } else {
    wrong_kind(key, kind_name(TomlKind::table), *value);
  }
  return nullptr;
}

std::vector<const TomlValue*> TableReader::tables(std::string_view key) {
  const TomlValue* value = find(key);
  if (value == nullptr) return {};
  std::vector<const TomlValue*> out;
  if (value->kind == TomlKind::list) {
    for (const TomlValue& item : value->items) {
      if (item.kind == TomlKind::table) out.push_back(&item);
    }
    if (out.size() == value->items.size()) return out;
  }
  const std::string heading = path_.empty() ? std::string(key) : "source." + std::string(key);
  problem(key,
          {.code = "config_wrong_type",
           .message = format_text(_("\"{}\" is a list of tables: write [[{}]] for each of them"),
                                  key, heading)},
          value->place);
  return out;
}

void TableReader::enter(std::string_view key, std::string value, ConfigPlace place) {
  if (!enters_) return;
  out_.entries.push_back({.key = full(key), .value = std::move(value), .place = place});
}

void TableReader::problem(std::string_view key, const BadValue& what, ConfigPlace place) {
  out_.problems.push_back(
      {.code = what.code, .place = place, .key = full(key), .message = what.message});
}

void TableReader::missing(std::string_view key, const std::string& message) {
  problem(key, {.code = "config_missing_key", .message = message}, place());
}

ConfigPlace TableReader::place() const { return table_ == nullptr ? ConfigPlace{} : table_->place; }

ConfigPlace TableReader::place_of(std::string_view key) {
  const TomlValue* value = find(key);
  return value == nullptr ? place() : value->place;
}

std::string TableReader::full(std::string_view key) const {
  if (key.empty() && path_.ends_with('.')) return path_.substr(0, path_.size() - 1);
  return path_ + std::string(key);
}

void TableReader::unknown(const TomlValue& entry) {
  const std::string message = with_guess(format_text(_("there is no key \"{}\" here"), entry.key),
                                         closest_name(entry.key, known_));
  problem(entry.key,
          {.code = "config_unknown_key",
           .message = format_text(_("{} (there are: {})"), message, listed(known_))},
          entry.key_place);
}

void TableReader::finish() {
  if (table_ == nullptr) return;
  for (const TomlValue& entry : table_->items) {
    if (std::ranges::find(known_, entry.key) == known_.end()) unknown(entry);
  }
}

std::string quoted_value(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string quoted_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ", ";
    out += quoted_value(text);
  }
  return out + "]";
}

std::string listed(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += ", ";
    out += format_text(_("\"{}\""), word);
  }
  return out;
}

}  // namespace medsave
