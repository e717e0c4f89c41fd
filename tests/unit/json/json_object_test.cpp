#include "medsave/json/json_object.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

TEST(JsonObject, WritesFieldsInOrder) {
  JsonObject out("summary");
  out.add("b", 2).add("a", "x").add("yes", true).add_nonzero("zero", 0).add_nonzero("one", 1);
  EXPECT_EQ(out.text(), R"({"message_type":"summary","b":2,"a":"x","yes":true,"one":1})");
}

TEST(JsonObject, WritesFloatsShortest) {
  EXPECT_EQ(JsonObject().add("p", 0.1).add("one", 1.0).text(), R"({"p":0.1,"one":1})");
}

TEST(JsonObject, EscapesTexts) {
  EXPECT_EQ(JsonObject().add("t", "a\"<\n").text(), "{\"t\":\"a\\\"\\u003c\\n\"}");
}

TEST(JsonObject, MergesIntoAnEncodedObject) {
  EXPECT_EQ(merge_json(R"({"a":{"b":1}})", JsonObject().add("c", 2)), R"({"a":{"b":1},"c":2})");
  EXPECT_EQ(merge_json("{}", JsonObject().add("c", 2)), R"({"c":2})");
}

TEST(JsonArray, QuotesItsElements) {
  EXPECT_EQ(json_array({}), "[]");
  EXPECT_EQ(json_array({"a", "b\""}), R"(["a","b\""])");
}

}  // namespace
}  // namespace medsave
