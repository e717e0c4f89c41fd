#pragma once

#include "medsave/ui/table.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// How a table is made to fit a width: which columns are shown, and where their cells break.
inline constexpr std::size_t kTableGap = 2;  // between two columns

/// The lines of a cell.
std::vector<std::string_view> split_cell(std::string_view cell);
/// The lines of a cell in a column of `width`: broken between words, after commas and slashes, what
/// goes on indented. A word that is longer is cut off.
std::vector<std::string> wrap_cell(std::string_view cell, std::size_t width);

/// A column that is shown.
struct FittedColumn {
  std::size_t number = 0;  // in the table
  std::size_t width = 0;
};
/// Which columns are shown, and how wide, in `width` (0: any).
std::vector<FittedColumn> fit_columns(const std::vector<TableColumn>& columns,
                                      const std::vector<std::vector<std::string>>& rows,
                                      std::size_t width);

}  // namespace medsave
