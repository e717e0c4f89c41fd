#include "table_fit.hpp"

#include "medsave/ui/display_text.hpp"

#include <algorithm>
#include <limits>

namespace medsave {
namespace {

constexpr std::size_t kIndent = 2;         // columns; of continuation lines
constexpr std::size_t kLongestPiece = 24;  // columns; for a longer one no other column has to go

constexpr unsigned kEmpty = std::numeric_limits<unsigned>::max();

/// Up to where a line may be broken, with the character that stays before the break.
std::string_view first_piece(std::string_view text) {
  std::size_t end = text.find_first_not_of(" /,");
  if (end != std::string_view::npos) end = text.find_first_of(" /,", end);
  if (end == std::string_view::npos) return text;
  return text.substr(0, text[end] == ' ' ? end : end + 1);
}

std::size_t longest_piece(std::string_view line) {
  std::size_t longest = 0;
  while (!line.empty()) {
    const std::string_view piece = first_piece(line);
    longest = std::max(longest, display_width(piece));
    line.remove_prefix(piece.size());
  }
  return longest;
}

struct Candidate {
  FittedColumn column = {};
  std::size_t natural = 0;
  std::size_t least = 0;
  unsigned drop = 0;
};

Candidate measure(const std::vector<TableColumn>& columns,
                  const std::vector<std::vector<std::string>>& rows, std::size_t number) {
  const TableColumn& column = columns[number];
  Candidate out{.column = {.number = number}, .drop = column.drop};
  std::size_t content = 0;
  std::size_t piece = 0;
  for (const auto& row : rows) {
    for (const std::string_view line : split_cell(row[number])) {
      const std::size_t line_width = display_width(line);
      content = std::max(content, line_width);
      piece = std::max(piece, std::min(line_width, longest_piece(line) + kIndent));
    }
  }
  // An empty column is left out first.
  if (content == 0 && out.drop != 0) out.drop = kEmpty;
  const std::size_t heading = display_width(column.heading);
  out.natural = std::max(heading, content);
  const std::size_t wanted = std::min(out.natural, column.least);
  out.least =
      column.wraps ? std::max({heading, std::min(piece, kLongestPiece), wanted}) : out.natural;
  return out;
}

template <class Width>
std::size_t total(const std::vector<Candidate>& candidates, Width width) {
  std::size_t sum = kTableGap * (std::max<std::size_t>(candidates.size(), 1) - 1);
  for (const Candidate& candidate : candidates) sum += width(candidate);
  return sum;
}

void drop_columns(std::vector<Candidate>& candidates, std::size_t width) {
  if (total(candidates, [](const Candidate& c) { return c.natural; }) <= width) return;
  std::erase_if(candidates, [](const Candidate& c) { return c.drop == kEmpty; });
  while (total(candidates, [](const Candidate& c) { return c.least; }) > width) {
    const auto first = std::ranges::max_element(candidates, {}, &Candidate::drop);
    if (first == candidates.end() || first->drop == 0) return;
    candidates.erase(first);
  }
}

/// What is left over goes to the columns that lack most.
void share_out(std::vector<Candidate>& candidates, std::size_t width) {
  for (Candidate& candidate : candidates) candidate.column.width = candidate.least;
  std::size_t used = total(candidates, [](const Candidate& c) { return c.least; });
  for (; used < width; ++used) {
    const auto lack = [](const Candidate& c) { return c.natural - c.column.width; };
    const auto neediest = std::ranges::max_element(candidates, {}, lack);
    if (neediest == candidates.end() || lack(*neediest) == 0) return;
    ++neediest->column.width;
  }
}

}  // namespace

std::vector<std::string_view> split_cell(std::string_view cell) {
  std::vector<std::string_view> lines;
  while (true) {
    const std::size_t end = cell.find('\n');
    lines.push_back(cell.substr(0, end));
    if (end == std::string_view::npos) return lines;
    cell.remove_prefix(end + 1);
  }
}

std::vector<std::string> wrap_cell(std::string_view cell, std::size_t width) {
  std::vector<std::string> out;
  for (std::string_view rest : split_cell(cell)) {
    if (display_width(rest) <= width) {
      out.emplace_back(rest);
      continue;
    }
    std::string line;
    std::size_t used = 0;
    while (!rest.empty()) {
      std::string_view piece = first_piece(rest);
      rest.remove_prefix(piece.size());
      if (used > 0 && used + display_width(piece) > width) {
        out.push_back(cut_to_width(line, width));
        line.assign(std::min(kIndent, width), ' ');
        piece.remove_prefix(std::min(piece.find_first_not_of(' '), piece.size()));
      }
      line += piece;
      used = display_width(line);
    }
    out.push_back(cut_to_width(line, width));
  }
  return out;
}

std::vector<FittedColumn> fit_columns(const std::vector<TableColumn>& columns,
                                      const std::vector<std::vector<std::string>>& rows,
                                      std::size_t width) {
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < columns.size(); ++i) candidates.push_back(measure(columns, rows, i));
  if (width == 0) width = total(candidates, [](const Candidate& c) { return c.natural; });
  drop_columns(candidates, width);
  share_out(candidates, width);
  std::vector<FittedColumn> out;
  for (const Candidate& candidate : candidates) out.push_back(candidate.column);
  return out;
}

}  // namespace medsave
