#include "medsave/ui/table.hpp"

#include "medsave/ui/display_text.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <utility>

namespace medsave {
namespace {

constexpr std::size_t kGap = 2;  // columns between two columns

std::vector<std::string_view> split_lines(std::string_view cell) {
  std::vector<std::string_view> lines;
  while (true) {
    const std::size_t end = cell.find('\n');
    lines.push_back(cell.substr(0, end));
    if (end == std::string_view::npos) return lines;
    cell.remove_prefix(end + 1);
  }
}

std::string padded(std::string_view text, std::size_t width, bool right) {
  const std::size_t used = display_width(text);
  if (!right || used >= width) return pad_to_width(text, width);
  return std::string(width - used, ' ').append(text);
}

void trim_right(std::string& line) { line.erase(line.find_last_not_of(' ') + 1); }

}  // namespace

void Table::add_column(std::string heading, bool right) {
  columns_.push_back({std::move(heading), right});
}

void Table::add_row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

void Table::add_footer(std::string line) { footer_.push_back(std::move(line)); }

std::vector<std::string> Table::lines() const {
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) widths.push_back(display_width(column.heading));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      for (const std::string_view line : split_lines(row[i])) {
        widths[i] = std::max(widths[i], display_width(line));
      }
    }
  }

  std::vector<std::string> out;
  std::string heading;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (i > 0) heading.append(kGap, ' ');
    heading += padded(columns_[i].heading, widths[i], false);
  }
  const std::size_t total =
      std::accumulate(widths.begin(), widths.end(), kGap * (columns_.size() - 1));
  const std::string rule(total, '-');
  trim_right(heading);
  out.push_back(std::move(heading));
  out.push_back(rule);
  for (const auto& row : rows_) {
    std::vector<std::vector<std::string_view>> cells;
    std::size_t height = 1;
    for (const std::string& cell : row) {
      cells.push_back(split_lines(cell));
      height = std::max(height, cells.back().size());
    }
    for (std::size_t n = 0; n < height; ++n) {
      std::string line;
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (i > 0) line.append(kGap, ' ');
        line += padded(n < cells[i].size() ? cells[i][n] : "", widths[i], columns_[i].right);
      }
      trim_right(line);
      out.push_back(std::move(line));
    }
  }
  out.push_back(rule);
  out.insert(out.end(), footer_.begin(), footer_.end());
  return out;
}

}  // namespace medsave
