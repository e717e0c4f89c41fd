// A restore that is planned first, looked at, and then applied or not.
#include "restore_run.hpp"

#include "medsave/repo/index_load.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

using test::RepoBuilder;
using test::RestoreRun;

class RestorePlanTest : public testing::Test {
 protected:
  RestorePlanTest() {
    run_.builder.start_packs();
    index_ = load_index(run_.builder.repository(), {});
    reader_.emplace(run_.builder.repository(), *index_);
    run_.request.tree = root_;
    run_.request.target = run_.target();
  }

  /// What is told of each entry while it is planned or done.
  RestoreSinks sinks() {
    told_.clear();
    return {.problem = [this](const RestoreProblem& problem) { problems_.push_back(problem); },
            .item = [this](const RestoreItem& item) { told_[item.path] = item.action; }};
  }
  RestorePlan plan() { return plan_restore(*reader_, run_.request, sinks(), run_.progress, {}); }
  RestoreResult apply(const RestorePlan& plan) {
    Progress progress;
    return apply_restore(*reader_, plan, sinks(), progress, {});
  }

  RestoreRun run_;
  const Id root_ =
      run_.builder.tree({run_.builder.dir("folder", {run_.builder.file("file", {"content"})}),
                         run_.builder.file("changed", {"right"}), run_.builder.file("empty", {}),
                         RepoBuilder::symlink("link", "folder/file")});
  std::unique_ptr<Index> index_;
  std::optional<BlobReader> reader_;
  std::map<std::string, RestoreAction> told_;
  std::vector<RestoreProblem> problems_;
};

TEST_F(RestorePlanTest, ThatIsNotAppliedLeavesNothingBehind) {
  const RestorePlan made = plan();
  EXPECT_FALSE(std::filesystem::exists(run_.target()));
  EXPECT_TRUE(run_.strays().empty());
  EXPECT_EQ(made.forecast.made, 5U);
  EXPECT_EQ(made.forecast.bytes, 12U);
  EXPECT_EQ(made.outcome.files_restored, 5U);
  EXPECT_EQ(made.outcome.problems, 0U);
  EXPECT_EQ(told_.size(), 5U);
}

TEST_F(RestorePlanTest, IsLookedAtAndThenApplied) {
  run_.put("changed", "wrong");
  run_.put("gone", "not in the snapshot");
  run_.request.delete_extra = true;
  const RestorePlan made = plan();
  EXPECT_EQ(made.forecast.made, 4U);
  EXPECT_EQ(made.forecast.changed, 1U);
  EXPECT_EQ(made.forecast.removed, 1U);
  const auto planned = told_;
  EXPECT_EQ(planned.at("/changed"), RestoreAction::updated);
  EXPECT_EQ(planned.at("/gone"), RestoreAction::deleted);
  EXPECT_EQ(run_.text("changed"), "wrong");
  EXPECT_TRUE(run_.exists("gone"));

  const RestoreResult result = apply(made);
  EXPECT_EQ(told_, planned);
  EXPECT_EQ(result.files_restored, made.outcome.files_restored);
  EXPECT_EQ(result.bytes_restored, made.outcome.bytes_restored);
  EXPECT_EQ(run_.text("changed"), "right");
  EXPECT_EQ(run_.text("folder/file"), "content");
  EXPECT_FALSE(run_.exists("gone"));
  EXPECT_TRUE(problems_.empty());
}

TEST_F(RestorePlanTest, DoesNotRemoveWhatCameAfterIt) {
  run_.put("gone", "not in the snapshot");
  run_.request.delete_extra = true;
  const RestorePlan made = plan();
  run_.put("new", "of somebody who went on working");
  apply(made);
  EXPECT_FALSE(run_.exists("gone"));
  EXPECT_EQ(run_.text("new"), "of somebody who went on working");
}

TEST_F(RestorePlanTest, RemovesNothingThatChangedSinceTheTimeItIsOf) {
  run_.put("gone", "not in the snapshot");
  run_.request.delete_extra = true;
  RestorePlan made = plan();
  made.made = {.seconds = 1};  // long before anything here was made
  apply(made);
  EXPECT_TRUE(run_.exists("gone"));
}

}  // namespace
}  // namespace medsave
