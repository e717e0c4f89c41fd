#include "medsave/base/encoding.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

TEST(Hex, HasTwoLowerCaseDigitsAByte) {
  const std::byte bytes[] = {std::byte{0}, std::byte{0x1f}, std::byte{0xab}, std::byte{0xff}};
  EXPECT_EQ(to_hex(bytes), "001fabff");
  EXPECT_EQ(to_hex({}), "");
}

TEST(Base64, MatchesTheVectorsOfRfc4648) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& vector : vectors) {
    EXPECT_EQ(to_base64(as_bytes(vector.first)), vector.second);
    const auto decoded = from_base64(vector.second);
    ASSERT_TRUE(decoded.has_value()) << vector.second;
    EXPECT_EQ(as_text(decoded->view()), vector.first);
  }
}

TEST(Base64, GoesThereAndBackForEveryByte) {
  Buffer all(256);
  for (std::size_t i = 0; i < 256; ++i) all.data()[i] = static_cast<std::byte>(i);
  const auto decoded = from_base64(to_base64(all.view()));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(as_text(decoded->view()), as_text(all.view()));
}

TEST(Base64, RejectsWhatIsNotStrict) {
  for (const std::string_view text : {"Zg", "Zg=", "Zg===", "Zm9v\n", "Zm 9v===", "Z===", "====",
                                      "=g==", "Zg=v", "Zm9_", "Zh==", "Zm9=", "Zg==Zg=="}) {
    EXPECT_FALSE(from_base64(text).has_value()) << text;
  }
}

TEST(Utf8, DecodesEveryCodePointItEncodes) {
  for (char32_t c = 0; c <= 0x10ffff; ++c) {
    if (c == 0xd800) c = 0xe000;
    std::string text;
    append_utf8(text, c);
    char32_t decoded = 0;
    ASSERT_EQ(utf8_sequence(text, &decoded), text.size()) << static_cast<std::uint32_t>(c);
    ASSERT_EQ(decoded, c);
  }
}

TEST(Utf8, LooksAtTheFirstSequenceOnly) { EXPECT_EQ(utf8_sequence("\xc3\xa9\xff"), 2U); }

TEST(Utf8, RejectsInvalidSequences) {
  for (const std::string_view text : {"",                  // nothing there
                                      "\x80",              // a continuation alone
                                      "\xc3",              // cut short
                                      "\xe2\x82",          //
                                      "\xf0\x9f\x98",      //
                                      "\xc0\xaf",          // overlong
                                      "\xc1\xbf",          //
                                      "\xe0\x80\xaf",      //
                                      "\xe0\x9f\xbf",      //
                                      "\xf0\x8f\xbf\xbf",  //
                                      "\xed\xa0\x80",      // surrogates
                                      "\xed\xbf\xbf",      //
                                      "\xf4\x90\x80\x80",  // above U+10FFFF
                                      "\xf5\x80\x80\x80",  //
                                      "\xff", "\xc3\x28", "\xe2\x28\xa1", "\xf0\x28\x8c\xbc"}) {
    EXPECT_EQ(utf8_sequence(text), 0U) << to_hex(as_bytes(text));
  }
}

TEST(AsUtf8, IsWhatJsonHolds) {
  EXPECT_EQ(as_utf8("clôture €"), "clôture €");
  EXPECT_EQ(as_utf8("cl\xf4ture"), "cl\xef\xbf\xbdture");
  EXPECT_EQ(as_utf8("\xe2\x82"), "\xef\xbf\xbd\xef\xbf\xbd");  // the euro sign, cut off
  EXPECT_EQ(as_utf8(""), "");
  EXPECT_EQ(as_utf8(as_utf8("\xffz")), "\xef\xbf\xbdz");
}

}  // namespace
}  // namespace medsave
