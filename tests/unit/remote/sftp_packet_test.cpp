#include "sftp_packet.hpp"

#include "support/matchers.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/base/error.hpp"

#include <gtest/gtest.h>

#include <string>

namespace medsave::test {
namespace {

/// Puts big-endian values together, as the draft prints them.
class Bytes {
 public:
  Bytes& u8(unsigned value) { return put(value, 1); }
  Bytes& u32(std::uint64_t value) { return put(value, 4); }
  Bytes& u64(std::uint64_t value) { return put(value, 8); }
  Bytes& text(const std::string& value) {
    u32(value.size());
    bytes_ += value;
    return *this;
  }
  [[nodiscard]] ByteView view() const { return as_bytes(bytes_); }
  [[nodiscard]] const std::string& str() const { return bytes_; }

 private:
  Bytes& put(std::uint64_t value, unsigned length) {
    for (unsigned i = length; i > 0; --i) bytes_ += static_cast<char>(value >> (8 * (i - 1)));
    return *this;
  }
  std::string bytes_;
};

SftpReply reply(SftpType type, const Bytes& body) { return {.type = type, .body = body.view()}; }

TEST(SftpPacket, WritesRequests) {
  Buffer out;
  encode_sftp_init(out);
  EXPECT_EQ(to_hex(out.view()), "000000050100000003");

  out.clear();
  {
    SftpWriter writer(out, SftpType::open, 0x01020304);
    writer.text("ab").number(sftp_open::kWrite | sftp_open::kCreate | sftp_open::kExclusive);
    writer.attributes({.size = 5, .mode = 0600});
  }
  EXPECT_EQ(to_hex(out.view()),
            "0000001f0301020304"
            "000000026162"
            "0000002a"
            "00000005"
            "0000000000000005"
            "00000180");
}

TEST(SftpPacket, WritesSeveralOneAfterTheOther) {
  Buffer out;
  { SftpWriter(out, SftpType::close, 1).text("h"); }
  { SftpWriter(out, SftpType::read, 2).text("h").large_number(1ULL << 40U).number(9); }
  EXPECT_EQ(to_hex(out.view()),
            "0000000a04000000010000000168"
            "00000016050000000200000001680000010000000000"
            "00000009");
}

TEST(SftpPacket, FindsWholePacketsOnly) {
  const Bytes stream = Bytes().u32(3).u8(1).u8(2).u8(3).u32(9);
  for (std::size_t length = 0; length < 7; ++length) {
    EXPECT_FALSE(first_sftp_packet(stream.view().first(length))) << length;
  }
  EXPECT_EQ(to_hex(first_sftp_packet(stream.view()).value_or(ByteView())), "010203");
}

TEST(SftpPacket, RefusesAbsurdLengthsAtOnce) {
  for (const std::uint64_t length :
       {std::uint64_t{0}, std::uint64_t{kLongestSftpPacket} + 1, std::uint64_t{0xffffffff}}) {
    const Bytes stream = Bytes().u32(length);
    EXPECT_THAT([&] { first_sftp_packet(stream.view()); }, throws_errc(Errc::corrupt));
  }
}

TEST(SftpPacket, ReadsTheGreeting) {
  const Bytes packet =
      Bytes().u8(2).u32(3).text("posix-rename@openssh.com").text("1").text("x").text("");
  const SftpHello hello = decode_sftp_hello(packet.view());
  EXPECT_EQ(hello.version, 3U);
  EXPECT_EQ(hello.extensions.size(), 2U);
  EXPECT_EQ(hello.extensions.at("posix-rename@openssh.com"), "1");
  EXPECT_THAT([&] { decode_sftp_hello(Bytes().u8(101).u32(3).view()); },
              throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { decode_sftp_hello(Bytes().u8(2).u32(3).text("name").view()); },
              throws_errc(Errc::corrupt));
}

TEST(SftpPacket, ReadsTypeAndNumberOfAnswers) {
  const Bytes packet = Bytes().u8(102).u32(77).text("h");
  const SftpReply read = decode_sftp_reply(packet.view());
  EXPECT_EQ(read.type, SftpType::handle);
  EXPECT_EQ(read.id, 77U);
  EXPECT_EQ(decode_sftp_handle(read), "h");
  for (const unsigned type : {0U, 2U, 3U, 100U, 106U, 200U, 255U}) {
    EXPECT_THAT([&] { decode_sftp_reply(Bytes().u8(type).u32(1).view()); },
                throws_errc(Errc::corrupt));
  }
  EXPECT_THAT([&] { decode_sftp_reply(Bytes().u8(101).u8(0).view()); }, throws_errc(Errc::corrupt));
}

TEST(SftpPacket, ReadsStatusesWithAndWithoutWords) {
  const Bytes full = Bytes().u32(4).text("No \x1b[31mspace\n").text("en");
  const SftpStatus status = decode_sftp_status(reply(SftpType::status, full));
  EXPECT_EQ(status.code, SftpCode::failure);
  EXPECT_EQ(status.message, "No ?[31mspace?");
  EXPECT_EQ(decode_sftp_status(reply(SftpType::status, Bytes().u32(1))).code,
            SftpCode::end_of_file);
  const Bytes babble = Bytes().u32(4).text(std::string(100'000, 'x'));
  EXPECT_LT(decode_sftp_status(reply(SftpType::status, babble)).message.size(), 1000U);
}

TEST(SftpPacket, ReadsNames) {
  const Bytes body = Bytes()
                         .u32(3)
                         .text("file")
                         .text("-rw------- file")
                         .u32(0x1 | 0x2 | 0x4 | 0x8 | 0x80000000)
                         .u64(1ULL << 33U)
                         .u32(1)
                         .u32(2)
                         .u32(0100600)
                         .u32(3)
                         .u32(4)
                         .u32(1)
                         .text("name")
                         .text("value")
                         .text("folder")
                         .text("")
                         .u32(0x4)
                         .u32(0040700)
                         .text("bare")
                         .text("")
                         .u32(0);
  const std::vector<SftpName> names = decode_sftp_names(reply(SftpType::names, body));
  ASSERT_EQ(names.size(), 3U);
  EXPECT_EQ(names[0].name, "file");
  EXPECT_EQ(names[0].attributes.size, 1ULL << 33U);
  EXPECT_TRUE(names[0].attributes.may_be_file());
  EXPECT_FALSE(names[0].attributes.is_folder());
  EXPECT_TRUE(names[1].attributes.is_folder());
  EXPECT_FALSE(names[1].attributes.may_be_file());
  EXPECT_FALSE(names[2].attributes.size);
  EXPECT_TRUE(names[2].attributes.may_be_file());
}

TEST(SftpPacket, RefusesListsThatLie) {
  for (const Bytes& body : {Bytes().u32(0), Bytes().u32(0xffffffff).text("a").text("").u32(0),
                            Bytes().u32(1).u32(0xffffffff),
                            Bytes().u32(1).text("a").text("").u32(0x80000000).u32(0xffffffff)}) {
    EXPECT_THAT([&] { decode_sftp_names(reply(SftpType::names, body)); },
                throws_errc(Errc::corrupt))
        << to_hex(body.view());
  }
}

TEST(SftpPacket, RefusesAnswersOfAnotherType) {
  const Bytes body = Bytes().text("x");
  const SftpReply data = reply(SftpType::data, body);
  EXPECT_EQ(as_text(decode_sftp_data(data)), "x");
  EXPECT_THAT([&] { decode_sftp_status(data); }, throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { decode_sftp_handle(data); }, throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { decode_sftp_names(data); }, throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { decode_sftp_attributes(data); }, throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { decode_sftp_limits(data); }, throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { decode_sftp_space(data); }, throws_errc(Errc::corrupt));
}

TEST(SftpPacket, RefusesDataThatIsNoneAndHandlesThatAreTooLong) {
  EXPECT_THAT([&] { decode_sftp_data(reply(SftpType::data, Bytes().text(""))); },
              throws_errc(Errc::corrupt));
  EXPECT_THAT(
      [&] { decode_sftp_handle(reply(SftpType::handle, Bytes().text(std::string(257, 'h')))); },
      throws_errc(Errc::corrupt));
}

TEST(SftpPacket, ReadsLimitsAndSpace) {
  const Bytes limits = Bytes().u64(262'144).u64(261'120).u64(130'000).u64(1019);
  const SftpLimits read = decode_sftp_limits(reply(SftpType::extended_reply, limits));
  EXPECT_EQ(read.read_length, 261'120U);
  EXPECT_EQ(read.write_length, 130'000U);
  EXPECT_EQ(read.open_handles, 1019U);

  const Bytes space = Bytes()
                          .u64(4096)
                          .u64(512)
                          .u64(1000)
                          .u64(300)
                          .u64(200)
                          .u64(50)
                          .u64(40)
                          .u64(30)
                          .u64(9)
                          .u64(1)
                          .u64(255);
  const SftpSpace left = decode_sftp_space(reply(SftpType::extended_reply, space));
  EXPECT_EQ(left.free_bytes, 200U * 512U);
  EXPECT_EQ(left.total_files, 50U);
  EXPECT_EQ(left.free_files, 30U);
  EXPECT_TRUE(left.read_only);

  const Bytes endless =
      Bytes().u64(1).u64(~0ULL).u64(0).u64(0).u64(~0ULL).u64(0).u64(0).u64(0).u64(0).u64(0);
  EXPECT_EQ(decode_sftp_space(reply(SftpType::extended_reply, endless)).free_bytes, ~0ULL);
}

}  // namespace
}  // namespace medsave::test
