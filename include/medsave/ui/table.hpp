#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace medsave {

/// A column of a table, and what happens to it where the terminal is too narrow.
struct TableColumn {
  std::string heading = {};
  bool right = false;     // cells stand at its right edge
  bool wraps = false;     // cells break between words, after commas and slashes
  std::size_t least = 0;  // columns that a cell which breaks keeps, if it fills them
  unsigned drop = 0;      // the highest is left out first; 0: stays
};

/// Plain columns for people, in the form of restic's lists: headings, a rule, rows, a rule, a
/// footer. A cell may have several lines. Widths go by what a terminal shows.
class Table {
 public:
  void add_column(TableColumn column);
  /// As many cells as columns.
  void add_row(std::vector<std::string> cells);
  void add_footer(std::string line);

  /// Complete lines, of at most `width` columns where that can be done: empty columns are left out,
  /// cells wrap, then other columns are left out. 0: as wide as the cells are.
  [[nodiscard]] std::vector<std::string> lines(std::size_t width = 0) const;

 private:
  std::vector<TableColumn> columns_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::string> footer_;
};

}  // namespace medsave
