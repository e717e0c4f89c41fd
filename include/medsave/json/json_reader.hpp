#pragma once

// json: reading and writing JSON. Begin here: a pull parser for the decoders of the area format.
// json_writer.hpp appends JSON as restic writes it, for what is stored; json_object.hpp builds the
// objects of --json.

#include "medsave/base/id.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace medsave {

/// Strict pull parser for one JSON text (RFC 8259): the caller says what it expects next, and no
/// document is built. Integers of 64 bits are exact. Every method throws Error(corrupt) when the
/// text has something else there; none reads outside it. Not thread-safe.
///
///   in.enter_object();
///   while (in.next_member()) {
///     if (in.key() == "size") size = in.integer<std::uint64_t>();
///     else in.skip();
///   }
class JsonReader {
 public:
  /// Deepest nesting of a skipped value.
  static constexpr int kMaxDepth = 64;

  /// `text` outlives the reader.
  explicit JsonReader(std::string_view text)
      : begin_(text.data()), p_(begin_), end_(begin_ + text.size()) {}

  void enter_object();
  /// Moves to the value of the next member; false after the closing brace.
  bool next_member();
  /// The member's key; valid until the next token is read.
  [[nodiscard]] std::string_view key() const { return key_; }
  /// The key as it is in the text, with quotes and escapes.
  [[nodiscard]] std::string_view raw_key() const { return raw_key_; }

  void enter_array();
  bool next_element();

  /// Valid UTF-8 without escapes; an escaped lone surrogate reads as U+FFFD. The view is valid
  /// until the next token is read.
  std::string_view string();
  template <typename Integer>
  Integer integer() {
    constexpr auto kMax = std::numeric_limits<Integer>::max();
    if constexpr (std::numeric_limits<Integer>::is_signed) {
      const bool negative = take_minus();
      const std::uint64_t limit = static_cast<std::uint64_t>(kMax) + (negative ? 1U : 0U);
      const std::uint64_t magnitude = digits(limit);
      return static_cast<Integer>(negative ? 0U - magnitude : magnitude);
    } else {
      return static_cast<Integer>(digits(kMax));
    }
  }
  bool boolean();
  /// True, and the token is consumed, if it is `null`.
  bool take_null();
  /// 64 hex digits.
  Id id();
  /// Strict base64, as raw bytes.
  std::string base64();
  /// Skips any value; returns its text.
  std::string_view skip();
  /// Skips an object; returns its text.
  std::string_view raw_object();
  /// Nothing but white space may follow.
  void finish();

  /// Throws Error(corrupt) at this place in the text, for a value that is well-formed but not
  /// usable.
  [[noreturn]] void bad_value() const;

 private:
  [[noreturn]] void fail() const;
  void skip_space();
  char peek();
  void expect(char c);
  void literal(std::string_view word);
  bool take_minus();
  std::uint64_t digits(std::uint64_t limit);
  std::string_view string_token();
  std::string_view escaped_string(const char* start);
  void append_escape();
  std::uint32_t hex4();
  void skip_number();
  void skip_value(int depth);

  const char* begin_;
  const char* p_;
  const char* end_;
  bool first_ = false;  // a container was just entered
  std::string_view key_ = {};
  std::string_view raw_key_ = {};
  std::string scratch_ = {};  // the last string, if it had escapes
};

/// Whether a key means the field of this lower-case name: Go's decoder does not mind the case of
/// ASCII letters.
bool is_json_name(std::string_view key, std::string_view name);

/// Throws Error(corrupt) that names the missing field.
[[noreturn]] void throw_missing_field(std::string_view key);

}  // namespace medsave
