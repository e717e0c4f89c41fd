#include "config_facts.hpp"

#include "medsave/base/error.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/path.hpp"

#include <optional>

namespace medsave::cli {
namespace {

void look_at_password_file(const std::string& path, ConfigFacts& facts) {
  constexpr std::uint32_t kOthersRead = 0044;
  try {
    const std::optional<FileInfo> info = stat_at(kCurrentDirectory, path);
    facts.password_file_missing = !info;
    facts.password_file_exposed = info && info->is_regular() && (info->mode & kOthersRead) != 0;
  } catch (const Error&) {  // not for this user to see, so perhaps for the one of the nightly run
  }
}

}  // namespace

ConfigFacts look_at_config(const PracticeConfig& config) {
  ConfigFacts facts;
  for (const std::string& path : paths_to_resolve(config)) {
    try {
      facts.resolved.emplace(path, resolve_links(path));
    } catch (const Error&) {
    }
  }
  if (!config.password.file.empty()) look_at_password_file(config.password.file, facts);
  return facts;
}

}  // namespace medsave::cli
