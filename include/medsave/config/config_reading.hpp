#pragma once

#include "medsave/config/practice_config.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// What is wrong, or unwise, in a configuration.
struct ConfigProblem {
  std::string code = {};  // stable English: "config_unknown_key"
  ConfigPlace place = {};
  std::string key = {};  // "medium[2].days", counted from 1; empty where the text is no TOML
  /// In the user's language; names and values of the file are in it as they stand there.
  std::string message = {};
};
using ConfigWarning = ConfigProblem;

/// A key and what is in force for it.
struct ConfigEntry {
  std::string key = {};
  std::string value = {};  // JSON, with *** for secrets; "null": not set
  ConfigPlace place = {};  // of its value; nowhere: by default
};

struct ConfigReading {
  PracticeConfig config = {};
  /// All of them, in the order of the text. The structs are what they should be only if this is
  /// empty.
  std::vector<ConfigProblem> problems = {};
  /// Each key that there is, whether the file has it or not, in the order of medsave.toml(5).
  std::vector<ConfigEntry> entries = {};
};

/// Reads the text of a configuration; "~/" is `home`. Strict: what is not understood is a problem,
/// never ignored. Does no I/O. Safe on any input, which is best bounded (load_config_text()).
ConfigReading read_config(std::string_view text, const std::string& home);

}  // namespace medsave
