#include "medsave/format/node.hpp"

#include "medsave/base/unix_mode.hpp"

#include <array>

namespace medsave {

namespace {

// In the order of NodeType.
constexpr std::array<std::string_view, 8> kTypeNames = {"file",    "dir",  "symlink", "dev",
                                                        "chardev", "fifo", "socket",  "irregular"};
constexpr std::array<std::uint32_t, 8> kUnixTypes = {
    unix_mode::kFile,       unix_mode::kDir,  unix_mode::kSymlink, unix_mode::kDevice,
    unix_mode::kCharDevice, unix_mode::kFifo, unix_mode::kSocket,  0};

}  // namespace

std::string_view node_type_name(NodeType type) {
  return kTypeNames[static_cast<std::size_t>(type)];
}

std::optional<NodeType> parse_node_type(std::string_view name) {
  for (std::size_t i = 0; i < kTypeNames.size(); ++i) {
    if (kTypeNames[i] == name) return static_cast<NodeType>(i);
  }
  return std::nullopt;
}

std::optional<NodeType> node_type_of(std::uint32_t st_mode) {
  for (std::size_t i = 0; i < kUnixTypes.size(); ++i) {
    if (kUnixTypes[i] != 0 && unix_mode::is_of_type(st_mode, kUnixTypes[i])) {
      return static_cast<NodeType>(i);
    }
  }
  return std::nullopt;
}

std::uint32_t unix_type_bits(NodeType type) { return kUnixTypes[static_cast<std::size_t>(type)]; }

namespace go_mode {

std::uint32_t from_unix(std::uint32_t st_mode) {
  std::uint32_t mode = st_mode & unix_mode::kAccess;
  switch (node_type_of(st_mode).value_or(NodeType::irregular)) {
    case NodeType::file:
      break;
    case NodeType::dir:
      mode |= kDir;
      break;
    case NodeType::symlink:
      mode |= kSymlink;
      break;
    case NodeType::device:
      mode |= kDevice;
      break;
    case NodeType::char_device:
      mode |= kDevice | kCharDevice;
      break;
    case NodeType::fifo:
      mode |= kNamedPipe;
      break;
    case NodeType::socket:
      mode |= kSocket;
      break;
    case NodeType::irregular:
      mode |= kIrregular;
  }
  if ((st_mode & unix_mode::kSetuid) != 0) mode |= kSetuid;
  if ((st_mode & unix_mode::kSetgid) != 0) mode |= kSetgid;
  if ((st_mode & unix_mode::kSticky) != 0) mode |= kSticky;
  return mode;
}

std::uint32_t to_unix_permissions(std::uint32_t mode) {
  std::uint32_t permissions = mode & unix_mode::kAccess;
  if ((mode & kSetuid) != 0) permissions |= unix_mode::kSetuid;
  if ((mode & kSetgid) != 0) permissions |= unix_mode::kSetgid;
  if ((mode & kSticky) != 0) permissions |= unix_mode::kSticky;
  return permissions;
}

std::string text(std::uint32_t mode) {
  struct Letter {
    std::uint32_t bit;
    char letter;
  };
  constexpr std::array<Letter, 10> kLetters = {{{kDir, 'd'},
                                                {kSymlink, 'L'},
                                                {kDevice, 'D'},
                                                {kNamedPipe, 'p'},
                                                {kSocket, 'S'},
                                                {kSetuid, 'u'},
                                                {kSetgid, 'g'},
                                                {kCharDevice, 'c'},
                                                {kSticky, 't'},
                                                {kIrregular, '?'}}};
  std::string out;
  for (const Letter& letter : kLetters) {
    if ((mode & letter.bit) != 0) out += letter.letter;
  }
  if (out.empty()) out += '-';
  constexpr std::string_view kPermissions = "rwxrwxrwx";
  for (std::size_t i = 0; i < kPermissions.size(); ++i) {
    out += (mode & (0400U >> i)) != 0 ? kPermissions[i] : '-';
  }
  return out;
}

}  // namespace go_mode

}  // namespace medsave
