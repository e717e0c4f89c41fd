#include "rest_listing.hpp"

#include "http_text.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <limits>
#include <optional>

namespace medsave {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kMaxSize = std::numeric_limits<std::int64_t>::max();

/// ["id", ...] or [{"name": "id", "size": 1}, ...] as it is read; a list of a million files is not
/// first turned into a tree in memory.
class ListingSax : public nlohmann::json_sax<Json> {
 public:
  explicit ListingSax(RestListing& listing) : listing_(listing) {}
  [[nodiscard]] const std::string& complaint() const { return complaint_; }

  /// A list that was never made is null in Go's JSON.
  bool null() override { return depth_ == 0 || value(); }
  bool boolean(bool /*value*/) override { return value(); }
  bool number_integer(number_integer_t /*value*/) override { return number(std::nullopt); }
  bool number_unsigned(number_unsigned_t value) override { return number(value); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override {
    return number(std::nullopt);
  }
  bool string(string_t& text) override;
  bool binary(binary_t& /*value*/) override { return value(); }
  bool start_object(std::size_t /*count*/) override;
  bool key(string_t& name) override;
  bool end_object() override;
  bool start_array(std::size_t /*count*/) override;
  bool end_array() override;
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const Json::exception& /*error*/) override {
    return complain(format_text("JSON, {}", position));
  }

 private:
  enum class Field : std::uint8_t { other, name, size };
  static constexpr std::size_t kInList = 1;
  static constexpr std::size_t kInFile = 2;

  bool complain(std::string text) {
    complaint_ = std::move(text);
    return false;
  }
  /// Something that may stand anywhere in a file's object, and nowhere else.
  bool value() { return depth_ >= kInFile || complain("[...]"); }
  bool number(std::optional<std::uint64_t> amount);
  void add(const std::string& name, std::uint64_t size) {
    if (const std::optional<Id> id = Id::parse(name)) {
      listing_.files.push_back({.id = *id, .size = size});
    } else if (name.size() == 2 * Id::kSize && listing_.near_ids.empty()) {
      listing_.near_ids.push_back(name);
    }
  }

  RestListing& listing_;
  std::string complaint_;
  std::size_t depth_ = 0;
  Field field_ = Field::other;
  std::optional<std::string> name_;
  std::optional<std::uint64_t> size_;
};

bool ListingSax::number(std::optional<std::uint64_t> amount) {
  if (!value()) return false;
  if (depth_ > kInFile || field_ != Field::size) return true;
  if (!amount || *amount > kMaxSize) return complain("\"size\"");
  size_ = amount;
  return true;
}

bool ListingSax::string(string_t& text) {
  if (depth_ == 0) return complain("[...]");
  if (depth_ == kInList) {
    listing_.has_sizes = false;
    add(text, 0);
  } else if (depth_ == kInFile && field_ == Field::name) {
    name_ = text;
  }
  return true;
}

bool ListingSax::start_object(std::size_t /*count*/) {
  if (depth_ == 0) return complain("[...]");
  ++depth_;
  if (depth_ == kInFile) {
    name_.reset();
    size_.reset();
  }
  field_ = Field::other;
  return true;
}

bool ListingSax::key(string_t& name) {
  field_ = Field::other;
  if (name == "name") field_ = Field::name;
  if (name == "size") field_ = Field::size;
  return true;
}

bool ListingSax::end_object() {
  if (depth_ == kInFile) {
    if (!name_ || !size_) return complain(name_ ? "\"size\"" : "\"name\"");
    add(*name_, *size_);
  }
  --depth_;
  field_ = Field::other;
  return true;
}

bool ListingSax::start_array(std::size_t /*count*/) {
  if (depth_ == kInList) return complain("[...]");
  ++depth_;
  field_ = Field::other;
  return true;
}

bool ListingSax::end_array() {
  --depth_;
  return true;
}

}  // namespace

void RestListingReader::refuse(const std::string& why) const {
  throw Error(Errc::corrupt,
              format_text(_("{}: the list of files is not understood ({}); is this a restic REST "
                            "server, and the path of a repository?"),
                          server_, printable(why)));
}

void RestListingReader::read(std::string_view json) {
  ListingSax sax(listing_);
  if (!Json::sax_parse(json, &sax)) refuse(sax.complaint());
  if (listing_.files.size() > most_files_) {
    throw Error(Errc::corrupt, format_text(_("{}: the list of files does not end"), server_));
  }
}

/// Reads the elements that are complete, as a list of their own.
void RestListingReader::read_complete() {
  const std::string rest = text_.substr(complete_ + 1);
  text_.resize(complete_);
  text_ += ']';
  read(text_);
  text_ = "[" + rest;
  scanned_ = text_.size();
  complete_ = 0;
  began_ = true;
}

void RestListingReader::take(ByteView piece) {
  constexpr std::size_t kBatch = std::size_t{1} << 20U;  // bytes
  text_ += as_text(piece);
  for (; scanned_ < text_.size(); ++scanned_) {
    const char c = text_[scanned_];
    if (in_string_) {
      in_string_ = escaped_ || c != '"';
      escaped_ = !escaped_ && c == '\\';
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '[' || c == '{') {
      ++depth_;
    } else if (c == ']' || c == '}') {
      --depth_;
    } else if (c == ',' && depth_ == 1) {
      complete_ = scanned_;
    }
  }
  if (text_.size() < kBatch) return;
  if (complete_ == 0) refuse("[...]");  // no element is so long
  read_complete();
}

RestListing RestListingReader::finish() {
  const std::size_t first = text_.find_first_not_of(" \t\r\n", 1);
  if (began_ && first != std::string::npos && text_[first] == ']') refuse("[..., ]");
  read(text_);
  text_.clear();
  make_unique_listing(listing_.files, server_);
  return std::move(listing_);
}

RestListing parse_rest_listing(ByteView json, const std::string& server) {
  RestListingReader reader(server);
  reader.take(json);
  return reader.finish();
}

}  // namespace medsave
