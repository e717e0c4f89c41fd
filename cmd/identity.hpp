#pragma once

#include <string>
#include <vector>

namespace medsave::cli {

/// As which program this one speaks. Programs that drive restic look for its version, its words and
/// its exit codes; they find them when they call the program by that name.
enum class Identity { medsave, restic };

/// The release whose words the program speaks as restic.
inline constexpr const char* kResticVersion = "0.19.1";
/// The Go version in `restic version`: some programs parse that line only with it.
inline constexpr const char* kResticCompiler = "go1.26.4";

/// restic for a program called by that name (a link will do) and with --as-restic.
/// `called`: argv[0], may be null.
Identity identity_of(const char* called, const std::vector<std::string>& arguments);

/// "medsave" or "restic": how the user calls the program.
const char* program_name(Identity identity);

}  // namespace medsave::cli
