#pragma once

#include "medsave/config/config_reading.hpp"

#include <map>
#include <string>
#include <vector>

namespace medsave {

/// What the rules need to know of this computer.
struct ConfigFacts {
  /// A path of the configuration, without symbolic links. Paths that are missing here stand for
  /// themselves.
  std::map<std::string, std::string> resolved = {};
  bool password_file_missing = false;
  bool password_file_exposed = false;  // others can read it
};

/// The paths for ConfigFacts::resolved.
std::vector<std::string> paths_to_resolve(const PracticeConfig& config);

/// What is allowed but should not stay, in the order of the text. For a reading without problems.
std::vector<ConfigWarning> config_warnings(const ConfigReading& reading, const ConfigFacts& facts);

}  // namespace medsave
