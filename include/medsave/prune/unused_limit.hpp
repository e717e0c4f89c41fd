#pragma once

#include <cstdint>
#include <string>

namespace medsave {

/// `--max-unused`: how much of what nobody needs may stay.
struct UnusedLimit {
  enum class Kind { percent, bytes, unlimited };
  Kind kind = Kind::percent;
  double percent = 5;       // of the repository as it will be; 0 <= percent < 100
  std::uint64_t bytes = 0;  // with Kind::bytes

  /// In bytes, for a repository with `used` bytes of needed blobs.
  [[nodiscard]] std::uint64_t allowed(std::uint64_t used) const;
};
/// "5%", "200M", "unlimited". Throws Error(usage).
UnusedLimit parse_unused_limit(const std::string& text);

}  // namespace medsave
