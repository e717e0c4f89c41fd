#include "posix_acl.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>

namespace medsave {
namespace {

// <linux/posix_acl_xattr.h>: a version, then entries of tag, permissions and id, little endian.
constexpr std::uint32_t kVersion = 2;
constexpr std::size_t kHeaderSize = 4;
constexpr std::size_t kEntrySize = 8;
constexpr std::uint16_t kUserOwner = 0x01;
constexpr std::uint16_t kUser = 0x02;
constexpr std::uint16_t kGroupOwner = 0x04;
constexpr std::uint16_t kGroup = 0x08;
constexpr std::uint16_t kMask = 0x10;
constexpr std::uint16_t kOther = 0x20;

template <typename Number>
Number load(std::string_view bytes, std::size_t offset) {
  Number value = 0;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::optional<std::string> subject(std::uint16_t tag, std::uint32_t id) {
  switch (tag) {
    case kUserOwner:
      return "user:";
    case kUser:
      return fmt::format("user:{}", id);
    case kGroupOwner:
      return "group:";
    case kGroup:
      return fmt::format("group:{}", id);
    case kMask:
      return "mask:";
    case kOther:
      return "other:";
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<std::string> acl_text(std::string_view stored) {
  if (stored.size() < kHeaderSize || (stored.size() - kHeaderSize) % kEntrySize != 0 ||
      load<std::uint32_t>(stored, 0) != kVersion) {
    return std::nullopt;
  }
  std::string text;
  for (std::size_t at = kHeaderSize; at < stored.size(); at += kEntrySize) {
    const auto who = subject(load<std::uint16_t>(stored, at), load<std::uint32_t>(stored, at + 4));
    if (!who) return std::nullopt;
    const auto permissions = load<std::uint16_t>(stored, at + 2);
    text += fmt::format("{}:{}{}{}\n", *who, (permissions & 4U) != 0 ? 'r' : '-',
                        (permissions & 2U) != 0 ? 'w' : '-', (permissions & 1U) != 0 ? 'x' : '-');
  }
  return text;
}

}  // namespace medsave
