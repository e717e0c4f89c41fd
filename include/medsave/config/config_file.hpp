#pragma once

#include <optional>
#include <string>
#include <vector>

namespace medsave {

/// Where a configuration is looked for when none is named, in this order. `xdg_config_home` counts
/// if it is absolute, as the XDG specification has it; an empty `home` has none.
std::vector<std::string> config_candidates(const std::string& xdg_config_home,
                                           const std::string& home);

/// The first of `candidates` that exists, whatever it is. Throws where that cannot be told, rather
/// than taking another.
std::optional<std::string> find_config(const std::vector<std::string>& candidates);

/// The bytes of the file. Throws Error(usage) for a folder, pipe or device and above a mebibyte,
/// else what the system says; the message names the file.
std::string load_config_text(const std::string& path);

}  // namespace medsave
