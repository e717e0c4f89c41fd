#include "medsave/format/unix_mode.hpp"

#include <array>

namespace medsave::unix_mode {
namespace {

// In the order of NodeType.
constexpr std::array<std::uint32_t, 8> kTypes = {kFile,       kDir,  kSymlink, kDevice,
                                                 kCharDevice, kFifo, kSocket,  0};

}  // namespace

std::optional<NodeType> type_of(std::uint32_t mode) {
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    if (kTypes[i] != 0 && kTypes[i] == (mode & kTypeBits)) return static_cast<NodeType>(i);
  }
  return std::nullopt;
}

std::uint32_t type_bits(NodeType type) { return kTypes[static_cast<std::size_t>(type)]; }

}  // namespace medsave::unix_mode
