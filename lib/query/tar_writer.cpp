#include "tar_writer.hpp"

#include "posix_acl.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/go_quote.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace medsave {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameSize = 100;
constexpr std::size_t kPrefixSize = 155;
constexpr std::size_t kUserSize = 32;
constexpr const char* kAttributePrefix = "SCHILY.xattr.";
constexpr std::uint64_t kMaxPaxRecords = 1U << 20;  // bytes; readers refuse more
constexpr std::uint64_t kRoomForNames = 64U << 10;  // of these, for paths and owners

/// A field of the header block.
struct Field {
  std::size_t offset = 0;
  std::size_t size = 0;
};
// POSIX.1-1988, "ustar Interchange Format".
constexpr Field kName = {.offset = 0, .size = kNameSize};
constexpr Field kMode = {.offset = 100, .size = 8};
constexpr Field kUid = {.offset = 108, .size = 8};
constexpr Field kGid = {.offset = 116, .size = 8};
constexpr Field kSize = {.offset = 124, .size = 12};
constexpr Field kMtime = {.offset = 136, .size = 12};
constexpr Field kChecksum = {.offset = 148, .size = 8};
constexpr Field kType = {.offset = 156, .size = 1};
constexpr Field kLinkName = {.offset = 157, .size = kNameSize};
constexpr Field kMagic = {.offset = 257, .size = 8};
constexpr Field kUser = {.offset = 265, .size = kUserSize};
constexpr Field kGroup = {.offset = 297, .size = kUserSize};
constexpr Field kDevMajor = {.offset = 329, .size = 8};
constexpr Field kDevMinor = {.offset = 337, .size = 8};
constexpr Field kPrefix = {.offset = 345, .size = kPrefixSize};

bool is_ascii(std::string_view text) {
  return std::ranges::none_of(
      text, [](char c) { return c == '\0' || static_cast<unsigned char>(c) >= 0x80; });
}

std::string ascii_only(std::string_view text) {
  std::string out(text);
  std::erase_if(out, [](char c) { return c == '\0' || static_cast<unsigned char>(c) >= 0x80; });
  return out;
}

/// Octal digits and a NUL fill the field.
bool fits_octal(const Field& field, std::int64_t value) {
  return value >= 0 && value < std::int64_t{1} << (3 * (field.size - 1));
}

class HeaderBlock {
 public:
  void set_text(const Field& field, std::string_view text) {
    const std::size_t length = std::min(text.size(), field.size);
    std::copy_n(text.data(), length, block_.data() + field.offset);
    // A cut name that ends in a slash would be taken for a folder.
    if (text.size() > field.size && text[field.size - 1] == '/') {
      const std::size_t end = text.substr(0, field.size - 1).find_last_not_of('/');
      block_.at(field.offset + (end == std::string_view::npos ? 0 : end + 1)) = '\0';
    }
  }
  void set_number(const Field& field, std::int64_t value) {
    set_text(field, fmt::format("{:0{}o}", fits_octal(field, value) ? value : 0, field.size - 1));
  }
  /// Completes the block with the checksum of all other fields.
  ByteView seal() {
    set_text(kMagic, std::string_view("ustar\00000", kMagic.size));
    set_text(kChecksum, "        ");
    unsigned sum = 0;
    for (const char c : block_) sum += static_cast<unsigned char>(c);
    set_text(kChecksum, fmt::format("{:06o}", sum));
    block_.at(kChecksum.offset + 6) = '\0';
    return as_bytes(std::string_view(block_.data(), block_.size()));
  }

 private:
  std::array<char, kBlock> block_ = {};
};

/// A name longer than its field that can be cut at a slash: both parts.
std::optional<std::pair<std::string, std::string>> split_name(const std::string& name) {
  if (name.size() <= kNameSize || !is_ascii(name)) return std::nullopt;
  std::size_t length = name.size();
  if (length > kPrefixSize + 1) {
    length = kPrefixSize + 1;
  } else if (name.back() == '/') {
    --length;
  }
  const std::size_t slash = std::string_view(name).substr(0, length).rfind('/');
  if (slash == std::string::npos || slash == 0 || slash > kPrefixSize) return std::nullopt;
  const std::size_t rest = name.size() - slash - 1;
  if (rest == 0 || rest > kNameSize) return std::nullopt;
  return std::pair(name.substr(0, slash), name.substr(slash + 1));
}

/// "27 path=...\n": the length counts itself.
std::string pax_record(const std::string& key, const std::string& value) {
  const std::size_t rest = key.size() + value.size() + 3;  // ' ', '=' and newline
  std::size_t length = rest + std::to_string(rest).size();
  length = rest + std::to_string(length).size();
  return fmt::format("{} {}={}\n", length, key, value);
}

struct Entry {
  char type = '0';
  std::string name = {};
  std::string link_name = {};
  std::int64_t mode = 0;
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  std::int64_t size = 0;
  std::int64_t mtime = 0;
  std::string user = {};
  std::string group = {};
  std::map<std::string, std::string> attributes = {};  // pax records of their own
};

std::map<std::string, std::string> attribute_records(const Node& node) {
  std::map<std::string, std::string> records;
  for (const ExtendedAttribute& attribute : node.extended_attributes) {
    const bool access = attribute.name == "system.posix_acl_access";
    if (!access && attribute.name != "system.posix_acl_default") {
      records[kAttributePrefix + attribute.name] = attribute.value;
    } else if (const auto text = acl_text(attribute.value)) {
      records[access ? "SCHILY.acl.access" : "SCHILY.acl.default"] = *text;
    }
  }
  return records;
}

Entry make_entry(const std::string& path, const Node& node) {
  constexpr std::uint32_t kHalfSecond = 500'000'000;  // nanoseconds
  Entry entry = {.name = path,
                 .mode = go_mode::to_unix_permissions(node.mode),
                 .uid = node.uid,
                 .gid = node.gid,
                 .size = static_cast<std::int64_t>(node.size),
                 .mtime = node.mtime.seconds + (node.mtime.nanoseconds >= kHalfSecond ? 1 : 0),
                 .user = node.user,
                 .group = node.group,
                 .attributes = attribute_records(node)};
  if (node.type == NodeType::dir) {
    entry.type = '5';
    entry.name += '/';
  } else if (node.type == NodeType::symlink) {
    entry.type = '2';
    entry.link_name = node.link_target;
  }
  return entry;
}

/// What the header block cannot hold. Empty: it holds all.
std::map<std::string, std::string> needed_records(const Entry& entry) {
  std::map<std::string, std::string> records;
  bool needed = !entry.attributes.empty();
  const auto text = [&](const char* key, const std::string& value, std::size_t limit) {
    if (is_ascii(value) && value.size() <= limit) return;
    records[key] = value;
    needed = needed || std::string_view(key) != "path" || !split_name(value);
  };
  const auto number = [&](const char* key, std::int64_t value, const Field& field) {
    if (fits_octal(field, value)) return;
    records[key] = std::to_string(value);
    needed = true;
  };
  text("path", entry.name, kNameSize);
  text("linkpath", entry.link_name, kNameSize);
  text("uname", entry.user, kUserSize);
  text("gname", entry.group, kUserSize);
  number("uid", entry.uid, kUid);
  number("gid", entry.gid, kGid);
  number("size", entry.size, kSize);
  number("mtime", entry.mtime, kMtime);
  if (!needed) return {};
  records.insert(entry.attributes.begin(), entry.attributes.end());
  return records;
}

class TarWriter : public ArchiveWriter {
 public:
  TarWriter(ByteSink sink, NoticeSink left_out)
      : sink_(std::move(sink)), left_out_(std::move(left_out)) {}

  void begin_entry(const std::string& path, const Node& node) override {
    pad();
    Entry entry = make_entry(path, node);
    leave_out_odd(entry);
    const auto records = needed_records(entry);
    if (!records.empty()) write_records(entry.name, records);
    HeaderBlock block;
    if (const auto parts = split_name(entry.name); parts && records.empty()) {
      block.set_text(kPrefix, parts->first);
      block.set_text(kName, parts->second);
    } else {
      block.set_text(kName, ascii_only(entry.name));
    }
    block.set_number(kMode, entry.mode);
    block.set_number(kUid, entry.uid);
    block.set_number(kGid, entry.gid);
    block.set_number(kSize, entry.size);
    block.set_number(kMtime, entry.mtime);
    block.set_text(kType, {&entry.type, 1});
    block.set_text(kLinkName, ascii_only(entry.link_name));
    block.set_text(kUser, ascii_only(entry.user));
    block.set_text(kGroup, ascii_only(entry.group));
    block.set_number(kDevMajor, 0);
    block.set_number(kDevMinor, 0);
    sink_(block.seal());
    left_ = entry.size;
    padding_ = padding_of(static_cast<std::uint64_t>(entry.size));
  }

  void write_data(ByteView data) override {
    left_ -= static_cast<std::int64_t>(data.size());
    sink_(data);
  }

  void finish() override {
    pad();
    sink_(ByteView(zeros_));
    sink_(ByteView(zeros_));
  }

 private:
  static std::size_t padding_of(std::uint64_t size) { return (kBlock - size % kBlock) % kBlock; }

  void pad() {
    if (left_ != 0) {
      throw Error(Errc::corrupt, _("a file's content does not have the size that is recorded"));
    }
    sink_(ByteView(zeros_).first(padding_));
    padding_ = 0;
  }

  /// Drops attributes that tar cannot hold and says so, so that the archive goes on.
  void leave_out_odd(Entry& entry) const {
    const auto tell = [&](const std::string& what) {
      left_out_(
          format_text(_("{}: a tar archive cannot hold {}, so it was left out"), entry.name, what));
    };
    const auto is_odd = [](std::string_view text) {
      return text.find('\0') != std::string_view::npos;
    };
    for (std::string* owner : {&entry.user, &entry.group}) {
      if (!is_odd(*owner)) continue;
      tell(format_text(_("the name \"{}\" of an owner"), go_quote(*owner)));
      owner->clear();
    }
    std::uint64_t room = kMaxPaxRecords - kRoomForNames;
    std::erase_if(entry.attributes, [&](const auto& record) {
      const auto& [key, value] = record;
      const std::uint64_t size = pax_record(key, value).size();
      if (!is_odd(key) && key.find('=') == std::string::npos && size <= room) {
        room -= size;
        return false;
      }
      const std::string_view prefix = kAttributePrefix;
      const std::string_view name = key;
      tell(format_text(_("the attribute \"{}\""),
                       go_quote(name.starts_with(prefix) ? name.substr(prefix.size()) : name)));
      return true;
    });
  }

  void write_records(const std::string& name, const std::map<std::string, std::string>& records) {
    std::string text;
    for (const auto& [key, value] : records) text += pax_record(key, value);
    const std::size_t slash = name.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : name.substr(0, slash + 1);
    const std::string file = name.substr(slash == std::string::npos ? 0 : slash + 1);
    std::string header_name =
        ascii_only(folder + (file.empty() ? "PaxHeaders.0" : "PaxHeaders.0/" + file));
    if (header_name.size() > kNameSize) header_name.resize(kNameSize);
    while (header_name.ends_with('/')) header_name.pop_back();
    HeaderBlock block;
    block.set_text(kType, "x");
    block.set_text(kName, header_name);
    for (const Field& field : {kMode, kUid, kGid, kMtime}) block.set_number(field, 0);
    block.set_number(kSize, static_cast<std::int64_t>(text.size()));
    sink_(block.seal());
    sink_(as_bytes(text));
    sink_(ByteView(zeros_).first(padding_of(text.size())));
  }

  const ByteSink sink_;
  const NoticeSink left_out_;
  const std::array<std::byte, kBlock> zeros_ = {};
  std::int64_t left_ = 0;    // bytes of the entry still to come
  std::size_t padding_ = 0;  // bytes that end the entry
};

}  // namespace

std::unique_ptr<ArchiveWriter> make_tar_writer(ByteSink sink, NoticeSink left_out) {
  return std::make_unique<TarWriter>(std::move(sink), std::move(left_out));
}

}  // namespace medsave
