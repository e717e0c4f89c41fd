#pragma once

#include <cstdint>

/// The mode bits of Unix systems (st_mode). The functions of sys return these values on every
/// system, and SFTP has them; nodes store those of Go (go_mode in format/node.hpp).
namespace medsave::unix_mode {

inline constexpr std::uint32_t kTypeBits = 0170000;
inline constexpr std::uint32_t kFifo = 0010000;
inline constexpr std::uint32_t kCharDevice = 0020000;
inline constexpr std::uint32_t kDir = 0040000;
inline constexpr std::uint32_t kDevice = 0060000;
inline constexpr std::uint32_t kFile = 0100000;
inline constexpr std::uint32_t kSymlink = 0120000;
inline constexpr std::uint32_t kSocket = 0140000;

inline constexpr std::uint32_t kSetuid = 04000;
inline constexpr std::uint32_t kSetgid = 02000;
inline constexpr std::uint32_t kSticky = 01000;
inline constexpr std::uint32_t kAccess = 0777;        // read, write, execute
inline constexpr std::uint32_t kPermissions = 07777;  // all of these: what chmod takes

constexpr bool is_of_type(std::uint32_t mode, std::uint32_t type) {
  return (mode & kTypeBits) == type;
}

}  // namespace medsave::unix_mode
