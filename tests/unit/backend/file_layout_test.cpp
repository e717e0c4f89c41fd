#include "medsave/backend/file_layout.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace medsave {
namespace {

TEST(FileLayout, KnowsThePartsOfARepository) {
  const FileLayout layout("");
  for (const FileKind kind :
       {FileKind::key, FileKind::lock, FileKind::snapshot, FileKind::index, FileKind::pack}) {
    const std::string name = layout.folder_of(kind).substr(1);
    const auto folders = repository_folders();
    EXPECT_NE(std::ranges::find(folders, name), folders.end()) << name;
    EXPECT_TRUE(is_repository_part(name));
  }
  EXPECT_TRUE(is_repository_part("config"));
  EXPECT_TRUE(is_repository_part("medsave"));
  EXPECT_FALSE(is_repository_part("letters"));
  EXPECT_FALSE(is_repository_part(""));
}

}  // namespace
}  // namespace medsave
