#include "sftp_packet.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>
#include <array>

namespace medsave {
namespace {

constexpr std::size_t kLengthField = 4;
constexpr std::size_t kLongestHandle = 256;
constexpr std::size_t kLongestMessage = 200;

// Which attributes there are (bits).
constexpr std::uint32_t kHasSize = 0x1;
constexpr std::uint32_t kHasOwner = 0x2;
constexpr std::uint32_t kHasMode = 0x4;
constexpr std::uint32_t kHasTimes = 0x8;
constexpr std::uint32_t kHasMore = 0x80000000;

[[noreturn]] void throw_malformed() {
  throw Error(Errc::corrupt, _("a packet is not as SFTP wants it"));
}

std::array<std::byte, 4> big_endian(std::uint32_t value) {
  return {static_cast<std::byte>(value >> 24U), static_cast<std::byte>(value >> 16U),
          static_cast<std::byte>(value >> 8U), static_cast<std::byte>(value)};
}

std::uint32_t from_big_endian(const std::byte* p) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8U | std::to_integer<std::uint32_t>(p[i]);
  return value;
}

/// Takes values from the front of a packet.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  ByteView take(std::size_t length) {
    if (length > rest_.size()) throw_malformed();
    const ByteView taken = rest_.first(length);
    rest_ = rest_.subspan(length);
    return taken;
  }
  std::uint8_t small_number() { return std::to_integer<std::uint8_t>(take(1)[0]); }
  std::uint32_t number() { return from_big_endian(take(4).data()); }
  std::uint64_t large_number() {
    const std::uint64_t high = number();
    return high << 32U | number();
  }
  ByteView bytes() { return take(number()); }
  std::string text() { return std::string(as_text(bytes())); }

  SftpAttributes attributes() {
    SftpAttributes read;
    const std::uint32_t flags = number();
    if ((flags & kHasSize) != 0) read.size = large_number();
    if ((flags & kHasOwner) != 0) take(8);
    if ((flags & kHasMode) != 0) read.mode = number();
    if ((flags & kHasTimes) != 0) {
      take(4);  // of the last access
      read.modified = number();
    }
    if ((flags & kHasMore) != 0) {
      for (std::uint32_t count = number(); count > 0; --count) {
        bytes();
        bytes();
      }
    }
    return read;
  }

 private:
  ByteView rest_;
};

Reader open_body(const SftpReply& reply, SftpType wanted) {
  if (reply.type != wanted) throw_malformed();
  return Reader(reply.body);
}

/// A server's words go to a terminal.
std::string printable_line(ByteView message) {
  std::string line(as_text(message.first(std::min(message.size(), kLongestMessage))));
  for (char& c : line) {
    if (c < ' ' || c > '~') c = '?';
  }
  return line;
}

}  // namespace

SftpWriter::SftpWriter(Buffer& out, SftpType type, std::uint32_t id)
    : out_(out), begin_(out.size()) {
  out_.resize(begin_ + kLengthField + 1);
  out_.data()[begin_ + kLengthField] = static_cast<std::byte>(type);
  number(id);
}

SftpWriter::~SftpWriter() {
  const auto length = big_endian(static_cast<std::uint32_t>(out_.size() - begin_ - kLengthField));
  std::ranges::copy(length, out_.data() + begin_);
}

SftpWriter& SftpWriter::number(std::uint32_t value) {
  out_.append(big_endian(value));
  return *this;
}

SftpWriter& SftpWriter::large_number(std::uint64_t value) {
  number(static_cast<std::uint32_t>(value >> 32U));
  return number(static_cast<std::uint32_t>(value));
}

SftpWriter& SftpWriter::bytes(ByteView value) {
  number(static_cast<std::uint32_t>(value.size()));
  out_.append(value);
  return *this;
}

SftpWriter& SftpWriter::attributes(const SftpAttributes& value) {
  number((value.size ? kHasSize : 0) | (value.mode ? kHasMode : 0));
  if (value.size) large_number(*value.size);
  if (value.mode) number(*value.mode);
  return *this;
}

// The version stands where other packets have their number.
void encode_sftp_init(Buffer& out) { const SftpWriter writer(out, SftpType::init, kSftpVersion); }

std::optional<ByteView> first_sftp_packet(ByteView stream) {
  if (stream.size() < kLengthField) return std::nullopt;
  const std::size_t length = from_big_endian(stream.data());
  if (length == 0 || length > kLongestSftpPacket) throw_malformed();
  if (stream.size() - kLengthField < length) return std::nullopt;
  return stream.subspan(kLengthField, length);
}

SftpHello decode_sftp_hello(ByteView packet) {
  Reader reader(packet);
  if (reader.small_number() != static_cast<std::uint8_t>(SftpType::version)) throw_malformed();
  SftpHello hello{.version = reader.number()};
  while (!reader.at_end()) {
    const std::string name = reader.text();
    hello.extensions[name] = reader.text();
  }
  return hello;
}

SftpReply decode_sftp_reply(ByteView packet) {
  Reader reader(packet);
  const auto type = static_cast<SftpType>(reader.small_number());
  constexpr SftpType kReplies[] = {SftpType::status,     SftpType::handle,
                                   SftpType::data,       SftpType::names,
                                   SftpType::attributes, SftpType::extended_reply};
  if (std::ranges::find(kReplies, type) == std::end(kReplies)) throw_malformed();
  const std::uint32_t id = reader.number();
  return {.type = type, .id = id, .body = packet.subspan(1 + kLengthField)};
}

SftpStatus decode_sftp_status(const SftpReply& reply) {
  Reader reader = open_body(reply, SftpType::status);
  SftpStatus status{.code = static_cast<SftpCode>(reader.number())};
  // Some old servers leave the words out.
  if (!reader.at_end()) status.message = printable_line(reader.bytes());
  return status;
}

std::string decode_sftp_handle(const SftpReply& reply) {
  std::string handle = open_body(reply, SftpType::handle).text();
  if (handle.size() > kLongestHandle) throw_malformed();
  return handle;
}

ByteView decode_sftp_data(const SftpReply& reply) {
  const ByteView data = open_body(reply, SftpType::data).bytes();
  if (data.empty()) throw_malformed();  // the end of a file is a status
  return data;
}

std::vector<SftpName> decode_sftp_names(const SftpReply& reply) {
  Reader reader = open_body(reply, SftpType::names);
  std::vector<SftpName> names;
  const std::uint32_t count = reader.number();
  if (count == 0) throw_malformed();  // the end of a folder is a status
  for (std::uint32_t i = 0; i < count; ++i) {
    SftpName entry{.name = reader.text()};
    reader.bytes();  // the line of ls -l
    entry.attributes = reader.attributes();
    names.push_back(std::move(entry));
  }
  return names;
}

SftpAttributes decode_sftp_attributes(const SftpReply& reply) {
  return open_body(reply, SftpType::attributes).attributes();
}

SftpLimits decode_sftp_limits(const SftpReply& reply) {
  Reader reader = open_body(reply, SftpType::extended_reply);
  reader.large_number();  // of a whole packet
  SftpLimits limits;
  limits.read_length = reader.large_number();
  limits.write_length = reader.large_number();
  limits.open_handles = reader.large_number();
  return limits;
}

SftpSpace decode_sftp_space(const SftpReply& reply) {
  constexpr std::uint64_t kReadOnly = 1;
  Reader reader = open_body(reply, SftpType::extended_reply);
  reader.large_number();  // block size
  const std::uint64_t unit = reader.large_number();
  reader.large_number();  // blocks
  reader.large_number();  // free blocks
  const std::uint64_t free_units = reader.large_number();
  SftpSpace space;
  const bool fits = unit != 0 && free_units <= UINT64_MAX / unit;
  space.free_bytes = fits ? free_units * unit : UINT64_MAX;
  space.total_files = reader.large_number();
  reader.large_number();  // free files for root
  space.free_files = reader.large_number();
  reader.large_number();  // the file system's id
  space.read_only = (reader.large_number() & kReadOnly) != 0;
  return space;
}

}  // namespace medsave
