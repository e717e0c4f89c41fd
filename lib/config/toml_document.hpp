#pragma once

#include "medsave/config/practice_config.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

enum class TomlKind { text, integer, real, boolean, date, list, table };

/// A value of a TOML text and where it stands; of a table, where its heading does.
struct TomlValue {
  TomlKind kind = TomlKind::table;
  ConfigPlace place = {};
  std::string text = {};
  std::int64_t integer = 0;
  bool boolean = false;
  /// Of a list; of a table, in the order of the text, each with its key and where that stands.
  std::vector<TomlValue> items = {};
  std::string key = {};
  ConfigPlace key_place = {};
};

/// The text is not TOML.
struct TomlFault {
  ConfigPlace place = {};
  std::string message = {};
};

/// The text as a tree of values, without the library's types. Throws TomlFault. Neither depth nor
/// length of the text can exhaust the stack.
TomlValue parse_toml(std::string_view text);

}  // namespace medsave
