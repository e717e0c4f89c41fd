#pragma once

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

}  // namespace medsave
