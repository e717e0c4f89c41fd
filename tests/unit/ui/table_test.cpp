#include "medsave/ui/table.hpp"

#include <gmock/gmock.h>

namespace medsave {
namespace {

using testing::ElementsAre;

TEST(Table, AlignsColumnsAndSpreadsCellsOfSeveralLines) {
  Table table;
  table.add_column({.heading = "ID"});
  table.add_column({.heading = "Size", .right = true});
  table.add_column({.heading = "Paths"});
  table.add_row({"1f2e3d4c", "5 B", "/a\n/b"});
  table.add_footer("1 thing");
  EXPECT_THAT(table.lines(), ElementsAre("ID        Size  Paths",  //
                                         "---------------------",  //
                                         "1f2e3d4c   5 B  /a",     //
                                         "                /b",     //
                                         "---------------------",  //
                                         "1 thing"));
}

Table backups(const std::string& paths, const std::string& tags = "daily") {
  Table table;
  table.add_column({.heading = "ID"});
  table.add_column({.heading = "Host", .wraps = true, .drop = 2});
  table.add_column({.heading = "Tags", .wraps = true, .drop = 1});
  table.add_column({.heading = "Paths", .wraps = true});
  table.add_column({.heading = "Size", .right = true, .drop = 3});
  table.add_row({"1f2e3d4c", "front-desk", tags, paths, "5 B"});
  return table;
}

TEST(Table, WrapsPathsBetweenTheirFolders) {
  EXPECT_THAT(
      backups("/srv/practice/letters of 2026\n/etc").lines(50),
      ElementsAre("ID        Host        Tags   Paths            Size",
                  "--------------------------------------------------",
                  "1f2e3d4c  front-desk  daily  /srv/practice/    5 B",
                  "                               letters of",
                  "                               2026", "                             /etc",
                  "--------------------------------------------------"));
}

TEST(Table, LeavesOutTheLeastImportantWhereWrappingDoesNotDo) {
  EXPECT_THAT(
      backups("/srv/practice/letters").lines(40),
      ElementsAre("ID        Host        Tags   Paths", "----------------------------------------",
                  "1f2e3d4c  front-desk  daily  /srv/", "                               practice/",
                  "                               letters",
                  "----------------------------------------"));
  EXPECT_THAT(backups("/srv/practice/letters").lines(24),
              ElementsAre("ID        Paths", "------------------------", "1f2e3d4c  /srv/practice/",
                          "            letters", "------------------------"));
}

TEST(Table, LeavesOutOthersForAColumnThatKeepsItsWidth) {
  Table table;
  table.add_column({.heading = "ID"});
  table.add_column({.heading = "Reasons", .wraps = true, .least = 14, .drop = 1});
  table.add_column({.heading = "Host", .drop = 2});
  table.add_row({"1f2e3d4c", "daily snapshot", "front-desk"});
  EXPECT_EQ(table.lines(26)[2], "1f2e3d4c  daily snapshot");
  EXPECT_EQ(table.lines(36)[2], "1f2e3d4c  daily snapshot  front-desk");
}

TEST(Table, LeavesOutEmptyColumnsFirst) {
  EXPECT_EQ(backups("/srv/practice/letters", "").lines(50)[2],
            "1f2e3d4c  front-desk  /srv/practice/letters   5 B");
  EXPECT_THAT(
      backups("/srv", "").lines(35),
      ElementsAre("ID        Host        Paths  Size", "---------------------------------",
                  "1f2e3d4c  front-desk  /srv    5 B", "---------------------------------"));
}

TEST(Table, BreaksAfterCommasAndKeepsNoBreakSpacesTogether) {
  Table table;
  table.add_column({.heading = "Tags", .wraps = true});
  table.add_row({"weekly,monthly,5\u00a0Mio"});
  EXPECT_THAT(table.lines(16), ElementsAre("Tags", "----------------", "weekly,monthly,",
                                           "  5\u00a0Mio", "----------------"));
}

TEST(Table, CutsOffOnlyWhatIsOneWordAndTooLongForTheTerminal) {
  Table table;
  table.add_column({.heading = "ID"});
  table.add_column({.heading = "Paths", .wraps = true});
  table.add_row({"1f2e3d4c", "/srv/" + std::string(50, 'x') + "/letters"});
  const std::vector<std::string> lines = table.lines(40);
  EXPECT_THAT(lines, testing::Contains(testing::EndsWith("xxx\u2026")));
  EXPECT_THAT(lines, testing::Contains("            letters"));
}

TEST(Table, IsAsWideAsItsCellsWithoutATerminal) {
  const std::vector<std::string> lines = backups("/srv/practice/letters").lines();
  EXPECT_EQ(lines[2], "1f2e3d4c  front-desk  daily  /srv/practice/letters   5 B");
  EXPECT_EQ(backups("/srv/practice/letters").lines(56), lines);
}

}  // namespace
}  // namespace medsave
