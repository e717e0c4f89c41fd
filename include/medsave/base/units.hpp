#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace medsave {

/// "1048576", "512k", "16M", "2G", "1T" (1024-based, case-insensitive, optional trailing B or iB).
/// nullopt when not of that form or too large for 63 bits.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// For people, in the language in use (never for JSON): "0 B", "1.500 KiB", "12.345 MiB" as restic
/// prints them; in French "0 o", "1,5 Kio", "12,3 Mio".
std::string format_size(std::uint64_t bytes);
/// Likewise "1.25" or "1,25".
std::string format_decimal(double value, int decimals);
/// Likewise "24.4%" or "24,4 %".
std::string format_percent(double percent, int decimals);

/// "0:07", "12:34", "1:02:03".
std::string format_duration(std::chrono::seconds duration);

/// Go's duration syntax: "300ms", "1h30m", "90s". nullopt when malformed or negative.
std::optional<std::chrono::nanoseconds> parse_go_duration(std::string_view text);
/// For people, in whole seconds: "3s", "5m0s", "1h0m0s" as Go prints them; in French "3 s", "5
/// min", "1 h 30 min".
std::string format_period(std::chrono::nanoseconds duration);

}  // namespace medsave
