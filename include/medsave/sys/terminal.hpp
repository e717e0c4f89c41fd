#pragma once

#include "medsave/base/bytes.hpp"

#include <optional>
#include <stop_token>
#include <string>

namespace medsave {

/// Whether the descriptor is a terminal.
bool is_terminal(int fd);
/// Columns of the terminal, 80 when unknown.
unsigned terminal_width(int fd);
/// Columns that a character takes there, by the locale; nullopt where it is none that shows.
std::optional<unsigned> character_columns(char32_t character);
/// Asks on /dev/tty (or stdin) without echo. nullopt at end of input or without a terminal.
/// Throws Interrupted at Ctrl-C, and soon after a stop. The returned Buffer holds the line without
/// its newline; the caller wipes it.
std::optional<Buffer> read_password(const std::string& prompt, const std::stop_token& stop);

}  // namespace medsave
