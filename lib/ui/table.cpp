#include "medsave/ui/table.hpp"

#include "table_fit.hpp"

#include "medsave/ui/display_text.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace medsave {
namespace {

std::string padded(std::string_view text, std::size_t width, bool right) {
  const std::size_t used = display_width(text);
  if (!right || used >= width) return pad_to_width(text, width);
  return std::string(width - used, ' ').append(text);
}

void trim_right(std::string& line) { line.erase(line.find_last_not_of(' ') + 1); }

}  // namespace

void Table::add_column(TableColumn column) { columns_.push_back(std::move(column)); }

void Table::add_row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

void Table::add_footer(std::string line) { footer_.push_back(std::move(line)); }

std::vector<std::string> Table::lines(std::size_t width) const {
  const std::vector<FittedColumn> shown = fit_columns(columns_, rows_, width);
  std::vector<std::string> out;
  std::string heading;
  std::size_t total = 0;
  for (const FittedColumn& column : shown) {
    if (total > 0) heading.append(kTableGap, ' ');
    heading += padded(columns_[column.number].heading, column.width, false);
    total += (total > 0 ? kTableGap : 0) + column.width;
  }
  const std::string rule(total, '-');
  trim_right(heading);
  out.push_back(std::move(heading));
  out.push_back(rule);
  for (const auto& row : rows_) {
    std::vector<std::vector<std::string>> cells;
    std::size_t height = 1;
    for (const FittedColumn& column : shown) {
      cells.push_back(wrap_cell(row[column.number], column.width));
      height = std::max(height, cells.back().size());
    }
    for (std::size_t n = 0; n < height; ++n) {
      std::string line;
      for (std::size_t i = 0; i < shown.size(); ++i) {
        if (i > 0) line.append(kTableGap, ' ');
        line += padded(n < cells[i].size() ? cells[i][n] : "", shown[i].width,
                       columns_[shown[i].number].right);
      }
      trim_right(line);
      out.push_back(std::move(line));
    }
  }
  out.push_back(rule);
  for (const std::string& line : footer_) {
    out.push_back(width == 0 ? line : wrap_lines(line, width));
  }
  return out;
}

}  // namespace medsave
