#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/base/id.hpp"
#include "medsave/format/go_quote.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// What an entry of a directory is.
enum class NodeType : std::uint8_t {
  file,
  dir,
  symlink,
  device,
  char_device,
  fifo,
  socket,
  irregular
};
/// "file", "dir", "symlink", "dev", "chardev", "fifo", "socket", "irregular".
std::string_view node_type_name(NodeType type);
/// Its inverse.
std::optional<NodeType> parse_node_type(std::string_view name);
/// The type that mode bits of Unix (base/unix_mode.hpp) tell; nullopt for type bits that no type
/// has.
std::optional<NodeType> node_type_of(std::uint32_t st_mode);
/// Its inverse; 0 for NodeType::irregular.
std::uint32_t unix_type_bits(NodeType type);

struct ExtendedAttribute {
  std::string name = {};   // raw bytes
  std::string value = {};  // raw bytes
  friend bool operator==(const ExtendedAttribute&, const ExtendedAttribute&) = default;
};

/// One entry of a directory as stored in a tree blob. Names and link targets are raw bytes.
struct Node {
  std::string name = {};
  NodeType type = NodeType::file;
  std::uint32_t mode = 0;  // Go file mode: permissions, type bits, setuid/setgid/sticky
  Timestamp mtime = {};
  Timestamp atime = {};
  Timestamp ctime = {};
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string user = {};
  std::string group = {};
  std::uint64_t inode = 0;
  std::uint64_t device_id = 0;
  std::uint64_t size = 0;  // bytes; files only
  std::uint64_t links = 0;
  std::string link_target = {};
  std::vector<ExtendedAttribute> extended_attributes = {};
  std::string generic_attributes = {};  // JSON object text, kept verbatim; empty if absent
  std::uint64_t device = 0;             // st_rdev of devices
  std::vector<Id> content = {};         // files: blobs in order
  bool content_is_null = true;          // files normally have false, even when empty
  std::optional<Id> subtree = {};       // directories
  std::string error = {};
  std::string unknown_fields = {};  // `,"key":value` texts of keys not listed here, verbatim

  friend bool operator==(const Node&, const Node&) = default;
};

/// Go mode bits (medsave-repository(5), "Modes") from and to those of Unix (base/unix_mode.hpp).
namespace go_mode {
inline constexpr std::uint32_t kDir = 1U << 31;
inline constexpr std::uint32_t kSymlink = 1U << 27;
inline constexpr std::uint32_t kDevice = 1U << 26;
inline constexpr std::uint32_t kNamedPipe = 1U << 25;
inline constexpr std::uint32_t kSocket = 1U << 24;
inline constexpr std::uint32_t kSetuid = 1U << 23;
inline constexpr std::uint32_t kSetgid = 1U << 22;
inline constexpr std::uint32_t kCharDevice = 1U << 21;
inline constexpr std::uint32_t kSticky = 1U << 20;
inline constexpr std::uint32_t kIrregular = 1U << 19;

std::uint32_t from_unix(std::uint32_t st_mode);
/// Permission and setuid/setgid/sticky bits only (07777), as chmod takes them.
std::uint32_t to_unix_permissions(std::uint32_t mode);
/// "-rw-r--r--", "drwxr-xr-x", "dtrwxrwxrwx".
std::string text(std::uint32_t mode);
}  // namespace go_mode

}  // namespace medsave
