#pragma once

#include "table_reader.hpp"

#include <string>
#include <vector>

namespace medsave {

/// The tables [[source]].
std::vector<SourceConfig> read_sources(TableReader& root, const std::string& home,
                                       ConfigReading& out);

}  // namespace medsave
