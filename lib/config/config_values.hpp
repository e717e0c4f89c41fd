#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// What the texts of a configuration may say. All of these throw BadValue.

/// "36h", "1h30m", "5 minutes", "12 months": whole numbers with units, at most a century. Months
/// and years are those of the calendar on average.
std::chrono::seconds read_period(const std::string& text, std::chrono::seconds least);
/// "50%"
unsigned read_percent(const std::string& text);
/// The place of `text` among `words`.
std::size_t chosen_word(std::string_view key, const std::string& text,
                        const std::vector<std::string>& words);
/// "~/x" below `home`, an absolute path as it is; without slashes at its end.
std::string read_path(const std::string& text, const std::string& home);

/// Any text without control characters.
void check_text(const std::string& text);
/// A name that people and screens can tell from others: one line, at most 64 characters, none that
/// would be taken for part of a path or of a quotation. The apostrophe is in French names.
void check_name(const std::string& text);
/// The name of a practice.
void check_title(const std::string& text);
/// One component of a path.
void check_file_name(const std::string& text);
/// A folder below another one.
void check_relative_folder(const std::string& text);
void check_pattern(const std::string& text);
/// "UUID=..." or "LABEL=..."
void check_filesystem(const std::string& text);
/// A repository that is not in a folder of this computer.
void check_remote(const std::string& text);
/// https, or http to this computer.
void check_ping(const std::string& text);
void check_mail(const std::string& text);

}  // namespace medsave
