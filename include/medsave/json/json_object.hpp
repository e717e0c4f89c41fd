#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// Writes one JSON object on one line, fields in the order they are added (front ends compare
/// with restic's output). Keys are plain ASCII.
class JsonObject {
 public:
  JsonObject() = default;
  /// Begins with `"message_type":"<type>"`.
  explicit JsonObject(std::string_view message_type) { add("message_type", message_type); }

  JsonObject& add(std::string_view key, std::string_view text);
  JsonObject& add(std::string_view key, const char* text) {
    return add(key, std::string_view(text));
  }
  JsonObject& add(std::string_view key, bool value);
  /// Shortest text that reads back as the same value.
  JsonObject& add(std::string_view key, double value);
  JsonObject& add(std::string_view key, std::integral auto value) {
    return add_json(key, std::to_string(value));
  }
  JsonObject& add(std::string_view key, const std::vector<std::string>& texts);
  /// Left out when zero.
  JsonObject& add_nonzero(std::string_view key, std::uint64_t value) {
    return value == 0 ? *this : add(key, value);
  }
  /// `json` is a complete JSON value.
  JsonObject& add_json(std::string_view key, std::string_view json);

  /// The object, without a newline.
  [[nodiscard]] std::string text() const { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

/// `["a","b"]`
std::string json_array(const std::vector<std::string>& texts);
/// The object `json` with the fields of `more` behind its own.
std::string merge_json(std::string_view json, const JsonObject& more);

}  // namespace medsave
