#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/base/unix_mode.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

// The packets of SFTP version 3. Source: draft-ietf-secsh-filexfer-02, and OpenSSH's PROTOCOL for
// the extensions. Decoders throw Error(corrupt) for whatever is not one.

enum class SftpType : std::uint8_t {
  init = 1,
  version = 2,
  open = 3,
  close = 4,
  read = 5,
  write = 6,
  lstat = 7,
  fstat = 8,
  setstat = 9,
  fsetstat = 10,
  opendir = 11,
  readdir = 12,
  remove = 13,
  mkdir = 14,
  stat = 17,
  rename = 18,
  status = 101,
  handle = 102,
  data = 103,
  names = 104,
  attributes = 105,
  extended = 200,
  extended_reply = 201,
};

enum class SftpCode : std::uint32_t {
  ok = 0,
  end_of_file = 1,
  no_such_file = 2,
  permission_denied = 3,
  failure = 4,
  bad_message = 5,
  no_connection = 6,
  connection_lost = 7,
  unsupported = 8,
};

/// How a file is opened (bits).
namespace sftp_open {
inline constexpr std::uint32_t kRead = 0x01;
inline constexpr std::uint32_t kWrite = 0x02;
inline constexpr std::uint32_t kCreate = 0x08;
inline constexpr std::uint32_t kExclusive = 0x20;
}  // namespace sftp_open

constexpr std::uint32_t kSftpVersion = 3;
/// The longest packet a server may send: what OpenSSH sends at most, and a little.
constexpr std::size_t kLongestSftpPacket = (256 << 10) + 1024;

struct SftpAttributes {
  std::optional<std::uint64_t> size = {};  // bytes
  std::optional<std::uint32_t> mode = {};  // type and permissions as stat(2) has them
  std::optional<std::uint32_t> modified =
      {};  // seconds since 1970 by the server's clock; read only

  [[nodiscard]] bool is_folder() const {
    return mode && unix_mode::is_of_type(*mode, unix_mode::kDir);
  }
  /// Also where the server does not say what it is.
  [[nodiscard]] bool may_be_file() const {
    return !mode || unix_mode::is_of_type(*mode, unix_mode::kFile);
  }
};

struct SftpStatus {
  SftpCode code = SftpCode::ok;
  std::string message = {};  // the server's words: one printable line
};

struct SftpName {
  std::string name = {};
  SftpAttributes attributes = {};
};

/// limits@openssh.com; 0 = not said.
struct SftpLimits {
  std::uint64_t read_length = 0;
  std::uint64_t write_length = 0;
  std::uint64_t open_handles = 0;
};

/// statvfs@openssh.com
struct SftpSpace {
  std::uint64_t free_bytes = 0;  // for this user
  std::uint64_t free_files = 0;
  std::uint64_t total_files = 0;  // 0 where files are not counted
  bool read_only = false;
};

/// Appends one packet to `out`, complete when the writer ends.
class SftpWriter {
 public:
  /// All but init have the request's number.
  SftpWriter(Buffer& out, SftpType type, std::uint32_t id);
  ~SftpWriter();
  SftpWriter(const SftpWriter&) = delete;
  SftpWriter& operator=(const SftpWriter&) = delete;

  SftpWriter& number(std::uint32_t value);
  SftpWriter& large_number(std::uint64_t value);
  SftpWriter& bytes(ByteView value);  // with their length in front
  SftpWriter& text(std::string_view value) { return bytes(as_bytes(value)); }
  SftpWriter& attributes(const SftpAttributes& value);

 private:
  Buffer& out_;
  const std::size_t begin_;
};
void encode_sftp_init(Buffer& out);

/// What follows the length of the first packet in `stream`; nullopt when it is not there in whole.
std::optional<ByteView> first_sftp_packet(ByteView stream);

/// Version and extensions (name to data) of the server.
struct SftpHello {
  std::uint32_t version = 0;
  std::map<std::string, std::string, std::less<>> extensions = {};
};
SftpHello decode_sftp_hello(ByteView packet);

/// An answer, of which only type and number have been looked at. `body` points into the packet.
struct SftpReply {
  SftpType type = SftpType::status;
  std::uint32_t id = 0;
  ByteView body = {};
};
SftpReply decode_sftp_reply(ByteView packet);

// Each wants a reply of its own type.
SftpStatus decode_sftp_status(const SftpReply& reply);
std::string decode_sftp_handle(const SftpReply& reply);
ByteView decode_sftp_data(const SftpReply& reply);
std::vector<SftpName> decode_sftp_names(const SftpReply& reply);
SftpAttributes decode_sftp_attributes(const SftpReply& reply);
SftpLimits decode_sftp_limits(const SftpReply& reply);
SftpSpace decode_sftp_space(const SftpReply& reply);

}  // namespace medsave
