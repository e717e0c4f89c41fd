#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace medsave {

/// `raw` as it may be shown on a terminal: names from a disk or a repository can hold control
/// characters that would act on the terminal, and bytes that are no text. Those become Go-style
/// escapes ("\x1b", "\u202e"); all else stays.
std::string escape_for_terminal(std::string_view raw);

/// Columns that UTF-8 text takes on a terminal.
std::size_t display_width(std::string_view text);

/// The start of `text` that fits into `columns`; "…" ends it when something was cut.
std::string cut_to_width(std::string_view text, std::size_t columns);
/// Its end, for paths: "…" stands first when something was cut.
std::string cut_front_to_width(std::string_view text, std::size_t columns);

/// `text` filled with spaces on the right up to `columns`.
std::string pad_to_width(std::string_view text, std::size_t columns);

/// Breaks at spaces so that no line is wider than `columns`. Lines after the first begin with
/// `indent` spaces; line breaks in `text` are kept.
std::string wrap_text(std::string_view text, std::size_t columns, std::size_t indent);
/// Each line of `text` that is wider than `columns` broken at spaces; what follows begins below the
/// line's first word, in a list behind its "- " or "3. ".
std::string wrap_lines(std::string_view text, std::size_t columns);

}  // namespace medsave
