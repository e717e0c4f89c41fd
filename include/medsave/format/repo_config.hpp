#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace medsave {

/// Content of the file `config`.
struct RepoConfig {
  std::uint32_t version = 2;
  std::string id = {};                  // 64 hex digits, names the local cache
  std::string chunker_polynomial = {};  // hex; checked by the chunk area
  friend bool operator==(const RepoConfig&, const RepoConfig&) = default;
};

std::string encode_repo_config(const RepoConfig& config);
/// Throws Error(corrupt); Error(unsupported) for a version other than 1 and 2.
RepoConfig decode_repo_config(std::string_view json);

}  // namespace medsave
