#include "medsave/ui/table.hpp"

#include <gmock/gmock.h>

namespace medsave {
namespace {

using testing::ElementsAre;

TEST(Table, AlignsColumnsAndSpreadsCellsOfSeveralLines) {
  Table table;
  table.add_column("ID");
  table.add_column("Size", true);
  table.add_column("Paths");
  table.add_row({"1f2e3d4c", "5 B", "/a\n/b"});
  table.add_footer("1 thing");
  EXPECT_THAT(table.lines(), ElementsAre("ID        Size  Paths",  //
                                         "---------------------",  //
                                         "1f2e3d4c   5 B  /a",     //
                                         "                /b",     //
                                         "---------------------",  //
                                         "1 thing"));
}

}  // namespace
}  // namespace medsave
