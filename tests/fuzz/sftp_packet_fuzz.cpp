#include "fuzz.hpp"
#include "sftp_packet.hpp"

namespace medsave {
namespace {

void require_attributes(const SftpAttributes& attributes) {
  // What is written is read as it was.
  Buffer out;
  { SftpWriter(out, SftpType::attributes, 7).attributes(attributes); }
  const std::optional<ByteView> packet = first_sftp_packet(out.view());
  fuzz::require(packet.has_value());
  const SftpAttributes again =
      decode_sftp_attributes(decode_sftp_reply(packet.value_or(ByteView())));
  fuzz::require(again.size == attributes.size && again.mode == attributes.mode);
}

void decode_reply(const SftpReply& reply) {
  switch (reply.type) {
    case SftpType::status:
      for (const char c : decode_sftp_status(reply).message) fuzz::require(c >= ' ' && c <= '~');
      break;
    case SftpType::handle:
      fuzz::require(decode_sftp_handle(reply).size() <= reply.body.size());
      break;
    case SftpType::data:
      fuzz::require(decode_sftp_data(reply).size() + 4 <= reply.body.size());
      break;
    case SftpType::names:
      for (const SftpName& name : decode_sftp_names(reply)) require_attributes(name.attributes);
      break;
    case SftpType::attributes:
      require_attributes(decode_sftp_attributes(reply));
      break;
    default:
      decode_sftp_limits(reply);
      decode_sftp_space(reply);
  }
}

/// A stream as it comes from a server: its greeting, then answers.
void decode_stream(ByteView stream) {
  bool greeted = false;
  while (const std::optional<ByteView> packet = first_sftp_packet(stream)) {
    fuzz::require(!packet->empty() && packet->size() <= kLongestSftpPacket);
    fuzz::require(packet->size() + 4 <= stream.size());
    stream = stream.subspan(4 + packet->size());
    if (greeted) {
      decode_reply(decode_sftp_reply(*packet));
    } else {
      decode_sftp_hello(*packet);
    }
    greeted = true;
  }
}

}  // namespace
}  // namespace medsave

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return medsave::fuzz::run(data, size, medsave::decode_stream);
}
