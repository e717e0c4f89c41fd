#pragma once

#include <functional>
#include <string_view>

namespace medsave {

/// Calls `take` for every "name = value" line, with the section it stands in ("" before the first).
/// Lines that start with "#" or ";" are comments; indented lines belong to the value above them,
/// as nested settings, and are skipped; lines of no such form as well.
/// Source: AWS documentation, "Configuration and credential file settings".
void read_ini(std::string_view text,
              const std::function<void(std::string_view section, std::string_view name,
                                       std::string_view value)>& take);

}  // namespace medsave
