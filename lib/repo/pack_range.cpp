#include "medsave/repo/pack_range.hpp"

#include "medsave/base/error.hpp"

#include <algorithm>

namespace medsave {

bool PackRange::add(std::uint32_t offset, std::uint32_t stored_length,
                    const PackRangeLimits& limits) {
  const std::uint64_t end = std::uint64_t{offset} + stored_length;
  if (offset > end_ + limits.gap || end - offset_ > limits.length) return false;
  end_ = std::max(end_, end);  // contradictory index files may list blobs that overlap
  return true;
}

bool PackRange::load(const Repository& repository, const Id& pack, Buffer& bytes) const {
  try {
    repository.backend().load_range({.kind = FileKind::pack, .id = pack}, offset_, length(), bytes);
    return true;
  } catch (const Error& e) {
    if (is_fatal(e)) throw;
    return false;
  }
}

}  // namespace medsave
