#pragma once

#include <string>
#include <vector>

namespace medsave {

/// Plain columns for people, in the form of restic's lists: headings, a rule, rows, a rule, a
/// footer. A cell may have several lines. Widths go by what a terminal shows.
class Table {
 public:
  /// `right` aligns the column's cells at their right edge.
  void add_column(std::string heading, bool right = false);
  /// As many cells as columns.
  void add_row(std::vector<std::string> cells);
  void add_footer(std::string line);

  /// Complete lines.
  [[nodiscard]] std::vector<std::string> lines() const;

 private:
  struct Column {
    std::string heading = {};
    bool right = false;
  };
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::string> footer_;
};

}  // namespace medsave
