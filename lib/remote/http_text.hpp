#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace medsave {

/// ASCII letters only.
std::string lower_case(std::string_view text);
/// Without the white space around it.
std::string_view trim(std::string_view text);
/// What a library or a server said, fit for a terminal: one line of ASCII, cut at 200 characters.
std::string printable(std::string_view text);
/// "https://host:8000" of an URL, never what stands before an "@".
std::string server_of(std::string_view url);
/// Whether the host of an URL is this computer.
bool is_loopback(std::string_view url);

/// "bytes 3-6/100": what a part of a file is said to be.
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::optional<std::uint64_t> whole = {};  // bytes of the file; absent: "*"
};
/// nullopt for what is no such header.
std::optional<ContentRange> parse_content_range(std::string_view header);

/// Whether `got` bytes are the part that was asked for, as far as the header tells: not another
/// part, and not less of it than there is. Without a header anything is.
bool is_part(std::string_view header, std::uint64_t offset, std::uint64_t length,
             std::uint64_t got);

}  // namespace medsave
