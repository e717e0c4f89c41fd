#include "support/matchers.hpp"

#include "medsave/json/json_reader.hpp"
#include "medsave/json/json_writer.hpp"

#include <gtest/gtest.h>

namespace medsave::test {
namespace {

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string read_string(std::string_view json) {
  JsonReader in(json);
  std::string value(in.string());
  in.finish();
  return value;
}

TEST(AppendJsonString, EscapesAsTheFormatSays) {
  EXPECT_EQ(json_string("plain / text'"), R"("plain / text'")");
  EXPECT_EQ(json_string("\"\\\b\t\n\f\r"), R"("\"\\\b\t\n\f\r")");
  EXPECT_EQ(json_string(std::string_view("\0\x01\v\x1f", 4)), R"("\u0000\u0001\u000b\u001f")");
  EXPECT_EQ(json_string("<tag>&"), R"("\u003ctag\u003e\u0026")");
  EXPECT_EQ(json_string("\u2027\u2028\u2029\u202a"), "\"\u2027\\u2028\\u2029\u202a\"");
  EXPECT_EQ(json_string("\x7f\u0080\ufeff\ufffdé😀"), "\"\x7f\u0080\ufeff\ufffdé😀\"");
}

TEST(AppendJsonString, ReplacesEachInvalidByte) {
  EXPECT_EQ(json_string("a\xff\xfe"), R"("a\ufffd\ufffd")");
  EXPECT_EQ(json_string("\xc0\xaf"), R"("\ufffd\ufffd")");            // overlong
  EXPECT_EQ(json_string("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");  // surrogate
  EXPECT_EQ(json_string("\xf4\x90\x80\x80"), R"("\ufffd\ufffd\ufffd\ufffd")");
  EXPECT_EQ(json_string("\xe2\x82"), R"("\ufffd\ufffd")");  // cut off
  EXPECT_EQ(json_string("\xe2\x82z"), R"("\ufffd\ufffdz")");
}

TEST(JsonReader, ReadsEscapes) {
  EXPECT_EQ(read_string(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(read_string(R"("\u0041\u00e9\u20AC\ud83d\ude00")"), "Aé€😀");
  EXPECT_EQ(read_string(R"("\ud800")"), "\ufffd");
  EXPECT_EQ(read_string(R"("\ud800\u0041")"), "\ufffdA");
  EXPECT_EQ(read_string(R"("\ud800\ud83d\ude00")"), "\ufffd😀");
  EXPECT_EQ(read_string(R"("\udc00x")"), "\ufffdx");
  EXPECT_EQ(read_string("\"é\\u0000€\""), std::string("é\0€", 6));
}

TEST(JsonReader, RejectsMalformedStrings) {
  for (const std::string_view bad :
       {std::string_view("\""), std::string_view("\"\\\""), std::string_view("\"\\u12\""),
        std::string_view("\"\\u12g4\""), std::string_view("\"\\a\""), std::string_view("\"\x01\""),
        std::string_view("\"\xc3\""), std::string_view("\"\\n\xc3\""), std::string_view("'a'")}) {
    EXPECT_THAT([&] { read_string(bad); }, throws_errc(Errc::corrupt)) << bad;
  }
}

TEST(JsonReader, ReadsIntegersExactly) {
  EXPECT_EQ(JsonReader("18446744073709551615").integer<std::uint64_t>(), UINT64_MAX);
  EXPECT_EQ(JsonReader("-9223372036854775808").integer<std::int64_t>(), INT64_MIN);
  EXPECT_EQ(JsonReader("9223372036854775807").integer<std::int64_t>(), INT64_MAX);
  EXPECT_EQ(JsonReader("4294967295").integer<std::uint32_t>(), UINT32_MAX);
  EXPECT_EQ(JsonReader("0").integer<std::uint32_t>(), 0U);
  for (const char* bad : {"9223372036854775808", "-9223372036854775809", "-", "1.0", "1e1", "00"}) {
    EXPECT_THAT([&] { JsonReader(bad).integer<std::int64_t>(); }, throws_errc(Errc::corrupt))
        << bad;
  }
  EXPECT_THAT([] { JsonReader("4294967296").integer<std::uint32_t>(); },
              throws_errc(Errc::corrupt));
}

TEST(JsonReader, SkipsAnyValueAndReturnsItsText) {
  for (const char* good : {"null", "true", "false", "-0.5e+10", "0", R"("a\"b")", "[]", "{}",
                           R"([1,[2,{"a":[]}],"x"])", R"({"a":1,"b":{"c":null}})"}) {
    JsonReader in(good);
    EXPECT_EQ(in.skip(), good);
    EXPECT_NO_THROW(in.finish());
  }
  for (const char* bad : {"", "nil", "tru", "-", "1.", "1e", ".5", "[1 2]", "[,]", "{1:2}",
                          R"({"a" 1})", R"({"a":1,})", "[1", "{"}) {
    EXPECT_THAT([&] { JsonReader(bad).skip(); }, throws_errc(Errc::corrupt)) << bad;
  }
}

}  // namespace
}  // namespace medsave::test
