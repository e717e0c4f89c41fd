#pragma once

#include "table_reader.hpp"

#include <string>

namespace medsave {

/// The keys of a target that [run] has for all: compression, limits, proof. What is not in `table`
/// stays and is entered as `usual` says.
void read_transfer(TableReader& table, TargetSettings& settings,
                   const std::function<Fallback(std::string_view key)>& usual);

/// [[medium]], [[folder]] and [[remote]] into `out.config`, whose `general` holds what they do not
/// say. What is in force by [run] and [retention] has been entered into `general`.
void read_targets(TableReader& root, const std::string& home,
                  const std::vector<ConfigEntry>& general, ConfigReading& out);

}  // namespace medsave
