#include "folder_planner.hpp"

#include "restore_run.hpp"
#include "restore_target.hpp"

#include "medsave/repo/index_load.hpp"
#include "medsave/snap/tree_walker.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace medsave {
namespace {

using test::RepoBuilder;
using test::RestoreRun;

/// Plans the target's own folder, as it is and without a walk.
class Planning {
 public:
  Planning(RestoreRun& run, const Id& root)
      : request_(run.request),
        index_((run.builder.start_packs(), load_index(run.builder.repository(), {}))),
        reader_(run.builder.repository(), *index_),
        log_(sinks_, progress_, run.target()),
        metadata_(request_, {}),
        target_((request_.target = run.target(), request_), false),
        guard_(request_, log_),
        notes_(request_, false),
        tree_(load_tree(reader_, root)) {
    job_.saved = true;
    folder_.fd = target_.open(RestoreTarget::kRoot);
  }

  FolderPlan next() { return planner_.next({}); }
  std::vector<std::string> extras() { return planner_.extras(); }
  /// By name.
  std::map<std::string, Decision> decisions() {
    std::map<std::string, Decision> found;
    for (FolderPlan plan = next(); !plan.empty(); plan = next()) {
      for (const EntryPlan& entry : plan) found[entry.node->name] = entry.decision;
    }
    return found;
  }

 private:
  RestoreRequest& request_;
  std::unique_ptr<Index> index_;
  BlobReader reader_;
  RestoreSinks sinks_;
  Progress progress_;
  RestoreLog log_;
  MetadataWriter metadata_;
  RestoreTarget target_;
  DeferredWork deferred_;
  ExtraGuard guard_;
  std::set<FileKey> kept_;
  RestoreContext context_ = {.reader = reader_,
                             .request = request_,
                             .metadata = metadata_,
                             .target = target_,
                             .deferred = deferred_,
                             .log = log_,
                             .guard = guard_,
                             .kept = kept_};
  PlanNotes notes_;
  Tree tree_;
  FolderJob job_;
  TargetFolder folder_;
  FolderPlanner planner_{context_, notes_, job_, folder_, tree_, [] { return SharedDir(); }};
};

/// What lstat tells of everything in a folder.
std::map<std::string, std::string> state_of(const std::string& folder) {
  std::map<std::string, std::string> state;
  const auto note = [&](const std::string& path) {
    struct stat st = {};
    EXPECT_EQ(::lstat(path.c_str(), &st), 0) << path;
    state[path] = std::to_string(st.st_ino) + " " + std::to_string(st.st_mode) + " " +
                  std::to_string(st.st_size) + " " + std::to_string(st.st_ctim.tv_sec) + "." +
                  std::to_string(st.st_ctim.tv_nsec);
  };
  note(folder);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    note(entry.path());
  }
  return state;
}

Id sample(RestoreRun& run) {
  Node damaged = run.builder.file("damaged", {"d"});
  damaged.content.front().bytes()[0] ^= std::byte{1};
  Node name = run.builder.file("name", {"shared"});
  name.links = 2;
  name.inode = 7;
  Node other_name = name;
  other_name.name = "other_name";
  return run.builder.tree(
      {damaged, name, other_name, run.builder.dir("folder", {run.builder.file("f", {"f"})}),
       run.builder.dir("in_the_way", Tree{}), run.builder.dir("new_folder", Tree{}),
       run.builder.file("new", {"n"}), run.builder.file("there", {"t"}),
       run.builder.file("was_folder", {"w"}), RepoBuilder::symlink("link", "x"),
       RepoBuilder::node("socket", NodeType::socket, go_mode::kSocket | 0640U)});
}

void fill_target(const RestoreRun& run) {
  run.put("damaged", "d");
  run.put("folder/f", "F");
  run.put("in_the_way", "a file");
  run.put("there", "T");
  run.put("was_folder/inside", "i");
  run.put("link", "a file");
  run.put("extra", "x");
}

TEST(FolderPlanner, SaysWhatBecomesOfEachEntryAndWhy) {
  RestoreRun run;
  const Id root = sample(run);
  fill_target(run);
  const std::map<std::string, Decision> expected = {
      {"damaged", {EntryAction::refuse, Reason::damaged}},
      {"folder", {EntryAction::enter, Reason::is_folder}},
      {"in_the_way", {EntryAction::replace, Reason::file_for_folder}},
      {"link", {EntryAction::replace, Reason::made_anew}},
      {"name", {EntryAction::make, Reason::nothing_there}},
      {"new", {EntryAction::make, Reason::nothing_there}},
      {"new_folder", {EntryAction::make, Reason::nothing_there}},
      {"other_name", {EntryAction::link, Reason::another_name}},
      {"there", {EntryAction::compare, Reason::content_unknown}},
      {"was_folder", {EntryAction::replace, Reason::empty_folder}},
  };
  EXPECT_EQ(Planning(run, root).decisions(), expected);
}

TEST(FolderPlanner, ChangesNothing) {
  RestoreRun run;
  const Id root = sample(run);
  fill_target(run);
  run.request.delete_extra = true;
  const auto before = state_of(run.target());
  Planning planning(run, root);
  EXPECT_EQ(planning.decisions().size(), 10U);
  EXPECT_EQ(planning.extras(), std::vector<std::string>{"extra"});
  EXPECT_EQ(state_of(run.target()), before);
}

TEST(FolderPlanner, PlansALargeFolderInPortions) {
  RestoreRun run;
  Tree nodes;
  for (int i = 0; i < 1000; ++i) {
    nodes.push_back(RepoBuilder::symlink("link" + std::to_string(i), "x"));
  }
  const Id root = run.builder.tree(nodes);
  run.put("link0", "a file");
  Planning planning(run, root);
  std::size_t entries = 0;
  std::size_t portions = 0;
  for (FolderPlan plan = planning.next(); !plan.empty(); plan = planning.next()) {
    EXPECT_LE(plan.size(), 256U);
    entries += plan.size();
    ++portions;
  }
  EXPECT_EQ(entries, 1000U);
  EXPECT_EQ(portions, 4U);
}

TEST(RestoreForecast, ADryRunForetellsWhatARestoreDoes) {
  RestoreRun run;
  const Id root = sample(run);
  fill_target(run);
  std::filesystem::remove_all(run.path("was_folder"));
  run.request.delete_extra = true;
  const auto before = state_of(run.target());
  run.dry_run = true;
  const RestoreResult foretold = run.restore(root);
  const RestoreForecast forecast = run.forecast;
  EXPECT_EQ(state_of(run.target()), before);

  run.dry_run = false;
  const RestoreResult result = run.restore(root);
  EXPECT_EQ(run.forecast.made, forecast.made);
  EXPECT_EQ(run.forecast.bytes, forecast.bytes);
  EXPECT_EQ(result.files_restored, foretold.files_restored);
  EXPECT_EQ(result.files_deleted, foretold.files_deleted);
  EXPECT_EQ(result.bytes_restored, foretold.bytes_restored);

  EXPECT_EQ(forecast.made, 4U);      // name, new, new_folder, was_folder
  EXPECT_EQ(forecast.replaced, 2U);  // in_the_way, link
  EXPECT_EQ(forecast.changed, 2U);   // there, folder/f
  EXPECT_EQ(forecast.kept, 1U);      // folder
  EXPECT_EQ(forecast.linked, 1U);
  EXPECT_EQ(forecast.removed, 1U);
  EXPECT_EQ(forecast.refused, 1U);
  EXPECT_EQ(forecast.newer, 3U);  // there, folder/f, link
  EXPECT_EQ(forecast.bytes, result.bytes_restored);
  EXPECT_EQ(forecast.growth, 8U);  // "shared", "n", "w"
  EXPECT_TRUE(forecast.free.has_value());
}

TEST(RestoreForecast, AFileThatIsWrittenBesideItsPlaceNeedsRoomForAllOfIt) {
  RestoreRun run;
  const Id root = run.builder.tree({run.builder.file("f", {"aaaa", "bbbb"})});
  run.put("f", "aaaaXX");
  run.dry_run = true;
  run.restore(root);
  EXPECT_EQ(run.forecast.growth, 2U);
  EXPECT_EQ(run.forecast.bytes, 4U);
  run.request.under_temporary_names = true;
  run.restore(root);
  EXPECT_EQ(run.forecast.growth, 8U);
  EXPECT_EQ(run.forecast.bytes, 8U);
}

}  // namespace
}  // namespace medsave
