// Snapshots that restic made, restored and compared with what restic had read.
#include "support/temp_dir.hpp"

#include "medsave/backend/local_backend.hpp"
#include "medsave/base/encoding.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/repo/index_load.hpp"
#include "medsave/restore/restorer.hpp"
#include "medsave/snap/snapshot_finder.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/host.hpp"
#include "medsave/sys/xattr.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>

namespace medsave {
namespace {

using nlohmann::json;

std::string decoded(const json& base64) {
  return std::string(as_text(from_base64(base64.get<std::string>())->view()));
}

class RestoreFixture : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const std::string data = std::string(MEDSAVE_TEST_DATA) + "/" + GetParam();
    expected = json::parse(std::ifstream(data + ".expected.json"));
    const std::string command = "tar -xzf '" + data + ".tar.gz' -C '" + folder.path() + "'";
    ASSERT_EQ(std::system(command.c_str()), 0);
    const std::string password = expected["passwords"][0];
    std::string hint;  // saves deriving the other key
    for (const json& key : expected["keys"]) {
      if (key["password"] == password) hint = key["id"];
    }
    repository = Repository::open(make_local_backend(folder / GetParam()), Secret(password), hint);
    for (SnapshotEntry& entry : load_snapshots(*repository, {})) {
      trees[entry.id.hex()] = entry.snapshot.tree;
    }
    index = load_index(*repository, {});
  }

  /// Returns the target.
  std::string restore(const json& snapshot) {
    const BlobReader reader(*repository, *index);
    RestoreRequest request;
    request.tree = trees.at(snapshot["id"]);
    request.target = folder / snapshot["name"].get<std::string>();
    request.verify = true;
    Progress progress;
    const RestoreSinks sinks = {.problem = [](const RestoreProblem& problem) {
      const bool device = problem.path.find("/special/") != std::string::npos;
      EXPECT_TRUE(device && !is_root()) << problem.path << ": " << problem.message;
    }};
    run_restore(reader, request, sinks, progress, {});
    return request.target;
  }

  test::TempDir folder;
  json expected;
  std::unique_ptr<Repository> repository;
  std::unique_ptr<Index> index;
  std::map<std::string, Id> trees;
};

TEST_P(RestoreFixture, EveryFileOfEverySnapshotHasItsContent) {
  for (const json& snapshot : expected["snapshots"]) {
    SCOPED_TRACE(snapshot["name"]);
    if (!trees.contains(snapshot["id"])) continue;
    const std::string target = restore(snapshot);
    for (const json& file : expected["files"][snapshot["name"].get<std::string>()]) {
      const std::string path = target + decoded(file["path_b64"]);
      if (::access(path.c_str(), R_OK) != 0 && !is_root()) continue;  // its mode says so
      EXPECT_EQ(sha256(read_file(path, 1U << 30).view()).hex(), file["sha256"]) << file["path"];
    }
  }
}

void expect_metadata(const std::string& path, const json& entry) {
  struct stat st = {};
  ASSERT_EQ(::lstat(path.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode, entry["st_mode"]);
  EXPECT_EQ(st.st_uid, entry["st_uid"]);
  EXPECT_EQ(st.st_gid, entry["st_gid"]);
  EXPECT_EQ(st.st_rdev, entry["st_rdev"]);
  // Unsigned, because times after 2262 do not fit otherwise; both sides wrap alike.
  EXPECT_EQ(static_cast<std::uint64_t>(st.st_mtim.tv_sec) * 1'000'000'000U +
                static_cast<std::uint64_t>(st.st_mtim.tv_nsec),
            entry["mtime_ns"].get<std::uint64_t>());
  if (!S_ISDIR(st.st_mode)) {
    EXPECT_EQ(st.st_nlink, entry["st_nlink"]);
  }
  if (S_ISREG(st.st_mode)) {
    EXPECT_EQ(st.st_size, entry["st_size"]);
  }
  if (S_ISLNK(st.st_mode)) {
    EXPECT_EQ(std::filesystem::read_symlink(path).string(), decoded(entry["linktarget_b64"]));
  }
  std::map<std::string, std::string> wanted;
  for (const json& xattr : entry.value("xattrs", json::array())) {
    std::string name = decoded(xattr["name_b64"]);
    // The format keeps names of attributes as plain JSON, which loses what is not UTF-8.
    if (name == "user.bad\xff") name = "user.bad\xef\xbf\xbd";
    wanted[name] = decoded(xattr["value_b64"]);
  }
  std::map<std::string, std::string> found;
  for (Xattr& xattr :
       read_xattrs_at(kCurrentDirectory, path, S_ISLNK(st.st_mode), [](const std::string&) {})) {
    if (!xattr.name.starts_with("security.")) found[xattr.name] = std::move(xattr.value);
  }
  EXPECT_EQ(found, wanted);
}

TEST_P(RestoreFixture, EverythingThatLstatTellsIsBack) {
  if (GetParam() != "repo-v2") GTEST_SKIP() << "recorded for version 2 only";
  if (!is_root()) GTEST_SKIP() << "owners and devices need root";
  const json recorded =
      json::parse(std::ifstream(std::string(MEDSAVE_TEST_DATA) + "/repo-v2.lstat.json"));
  for (const json& snapshot : expected["snapshots"]) {
    const std::string name = snapshot["name"];
    // Not s4: the format cuts the seconds of the zone offset that its early times have.
    if (name != "s1" && name != "s2") continue;
    const std::string target = restore(snapshot);
    for (const json& entry : recorded["snapshots"][name]["entries"]) {
      SCOPED_TRACE(name + " " + entry["path_display"].get<std::string>());
      if (!S_ISSOCK(entry["st_mode"].get<mode_t>())) {
        expect_metadata(target + decoded(entry["path_b64"]), entry);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Repositories, RestoreFixture, testing::Values("repo-v1", "repo-v2"),
                         [](const auto& repository) {
                           return repository.param == "repo-v1" ? "version1" : "version2";
                         });

}  // namespace
}  // namespace medsave
