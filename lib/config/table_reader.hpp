#pragma once

#include "toml_document.hpp"

#include "medsave/config/config_reading.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// Thrown for a value that its key cannot take.
struct BadValue {
  std::string code = {};  // of a ConfigProblem
  std::string message = {};
};

/// Throws BadValue for a text that its key cannot take.
using TextCheck = std::function<void(const std::string&)>;
/// What is shown of a text that may hold a secret.
using TextMask = std::function<std::string(const std::string&)>;

/// What is in force for a key that is not in the table.
struct Fallback {
  std::string value = "null";  // JSON
  ConfigPlace place = {};
};

/// A table of a configuration: reads its keys by name and kind, enters each into the reading with
/// what is in force, and what is wrong with the problems. A variable whose key is missing or wrong
/// is left as it is. The keys that it was never asked for are unknown: finish() says so.
class TableReader {
 public:
  /// `table`: null where the file has none. `path`: what its keys begin with ("medium[2]."). Both
  /// outlive this. `enters`: whether keys are entered; problems always are.
  TableReader(const TomlValue* table, std::string path, ConfigReading& out, bool enters = true);

  void text(std::string_view key, std::string& target, const TextCheck& check,
            const TextMask& mask = {});
  void flag(std::string_view key, bool& target);
  /// A whole number, not negative.
  void number(std::string_view key, std::uint64_t& target, const Fallback& fallback);
  void texts(std::string_view key, std::vector<std::string>& target, const TextCheck& check,
             const TextMask& mask = {});
  /// A program and its arguments.
  void command(std::string_view key, CommandWords& target, const TextMask& mask);
  void period(std::string_view key, std::chrono::seconds& target, const std::string& usual,
              std::chrono::seconds least = std::chrono::seconds(1));
  /// One of `words`: its place among them.
  void choice(std::string_view key, std::size_t& target, const std::vector<std::string>& words,
              const Fallback& fallback);
  /// A value that `read` takes, which throws BadValue; nothing is entered.
  void value(std::string_view key, const std::function<void(const TomlValue&)>& read);

  /// The value of a key, whatever it is; null: there is none.
  const TomlValue* find(std::string_view key);
  /// The same of a table; a problem where it is something else.
  const TomlValue* table(std::string_view key);
  /// The tables of [[key]]; a problem where it is something else.
  std::vector<const TomlValue*> tables(std::string_view key);

  void enter(std::string_view key, std::string value, ConfigPlace place);
  void problem(std::string_view key, const BadValue& what, ConfigPlace place);
  /// That the table lacks a key it must have.
  void missing(std::string_view key, const std::string& message);
  /// So far, of the whole configuration.
  [[nodiscard]] std::size_t problem_count() const { return out_.problems.size(); }

  [[nodiscard]] bool has(std::string_view key) { return find(key) != nullptr; }
  [[nodiscard]] ConfigPlace place() const;
  /// Of a key that is there, else of the table.
  [[nodiscard]] ConfigPlace place_of(std::string_view key);
  /// "medium[2].days"; without a key "medium[2]".
  [[nodiscard]] std::string full(std::string_view key) const;
  void finish();

 private:
  const TomlValue* of_kind(std::string_view key, TomlKind wanted);
  void wrong_kind(std::string_view key, const std::string& wanted, const TomlValue& found);
  /// Runs `read` and enters the outcome.
  void read(std::string_view key, const TomlValue* value, const Fallback& fallback,
            const std::function<std::string(const TomlValue&)>& read);
  void unknown(const TomlValue& entry);

  const TomlValue* table_;
  std::string path_;
  ConfigReading& out_;
  bool enters_;
  std::vector<std::string> known_ = {};
};

/// `text` in quotes, as both JSON and TOML read it.
std::string quoted_value(std::string_view text);
/// ["a", "b"]
std::string quoted_list(const std::vector<std::string>& texts);
/// "a", "b", "c" for people.
std::string listed(const std::vector<std::string>& words);

}  // namespace medsave
