#pragma once

#include <string>

namespace medsave::cli {

/// "medsave 0.1.0", as snapshots name their writer.
std::string program_version();

}  // namespace medsave::cli
