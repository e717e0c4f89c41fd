#include "entry_decision.hpp"

#include "target_entry.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace medsave {
namespace {

constexpr std::int64_t kSaved = 1'600'000'000;  // when the snapshot's entry was changed
constexpr std::uint32_t kRegular = 0100644;
constexpr std::uint32_t kFolder = 0040755;
constexpr std::uint32_t kSymlink = 0120777;
constexpr std::uint32_t kUnfinishedFile = 0100000U | kUnfinished;

Node node_of(NodeType type, std::size_t blobs = 1) {
  Node node;
  node.name = "n";
  node.type = type;
  node.mtime = {.seconds = kSaved, .nanoseconds = 0};
  if (type == NodeType::file) node.content.resize(blobs);
  return node;
}

using Present = std::optional<FileInfo>;

Present entry_there(std::uint32_t mode, std::int64_t age = 1, std::uint64_t links = 1) {
  FileInfo info;
  info.mode = mode;
  info.links = links;
  info.mtime = {.seconds = kSaved - age, .nanoseconds = 0};
  return info;
}

const std::array kOverwrites = {Overwrite::always, Overwrite::if_changed, Overwrite::if_newer,
                                Overwrite::never};

std::string described(NodeType type, Overwrite overwrite, bool clears_folders) {
  const auto number = std::to_string(static_cast<int>(overwrite));
  return std::string(node_type_name(type)) + ", overwrite " + number +
         (clears_folders ? ", delete" : "");
}

/// What is in an entry's place, and what becomes of a file and of a link that the snapshot has
/// there: where it may be overwritten, and with --delete too.
struct Row {
  const char* what;
  Present present;
  Decision file;
  Decision file_with_delete;
  Decision link;
  bool is_newer = false;    // than in the snapshot, or as new
  bool is_nobodys = false;  // left by an interrupted restore
};

constexpr Decision kMake = {EntryAction::make, Reason::nothing_there};
constexpr Decision kCompare = {EntryAction::compare, Reason::content_unknown};
constexpr Decision kOtherKind = {EntryAction::replace, Reason::other_kind};
constexpr Decision kAnew = {EntryAction::replace, Reason::made_anew};
constexpr Decision kEmptyFolder = {EntryAction::replace, Reason::empty_folder};
constexpr Decision kWholeFolder = {EntryAction::replace, Reason::whole_folder};
constexpr Decision kNever = {EntryAction::keep, Reason::overwrite_never};
constexpr Decision kNotNewer = {EntryAction::keep, Reason::overwrite_if_newer};

std::vector<Row> rows() {
  return {
      {"nothing", std::nullopt, kMake, kMake, kMake},
      {"a file", entry_there(kRegular), kCompare, kCompare, kAnew},
      {"a file of the same time", entry_there(kRegular, 0), kCompare, kCompare, kAnew, true},
      {"a newer file", entry_there(kRegular, -1), kCompare, kCompare, kAnew, true},
      {"a file with several names", entry_there(kRegular, 1, 2), kCompare, kCompare, kAnew},
      {"an unfinished file", entry_there(kUnfinishedFile, -1), kCompare, kCompare, kAnew, true,
       true},
      {"a folder", entry_there(kFolder), kEmptyFolder, kWholeFolder, kEmptyFolder},
      {"a newer folder", entry_there(kFolder, -1), kEmptyFolder, kWholeFolder, kEmptyFolder, true},
      {"a link", entry_there(kSymlink), kOtherKind, kOtherKind, kAnew},
      {"a newer link", entry_there(kSymlink, -1), kOtherKind, kOtherKind, kAnew, true},
  };
}

Decision expected(const Row& row, NodeType type, const RestorePolicy& policy) {
  const bool may_stay = row.present && !row.is_nobodys;
  if (may_stay && policy.overwrite == Overwrite::never) return kNever;
  if (may_stay && policy.overwrite == Overwrite::if_newer && row.is_newer) return kNotNewer;
  const Decision anyway = policy.clears_folders ? row.file_with_delete : row.file;
  if (type == NodeType::file) return anyway;
  return row.link == kEmptyFolder ? anyway : row.link;
}

TEST(EntryDecision, IsTakenByKindByWhatIsThereAndByWhatWasAskedFor) {
  for (const Row& row : rows()) {
    for (const NodeType type : {NodeType::file, NodeType::symlink, NodeType::fifo, NodeType::device,
                                NodeType::char_device}) {
      for (const Overwrite overwrite : kOverwrites) {
        for (const bool clears_folders : {false, true}) {
          const RestorePolicy policy = {.overwrite = overwrite, .clears_folders = clears_folders};
          EXPECT_EQ(decide_entry(node_of(type), row.present, false, policy),
                    expected(row, type, policy))
              << row.what << " in the place of " << described(type, overwrite, clears_folders);
        }
      }
    }
  }
}

TEST(EntryDecision, WhatCannotBeMadeIsPassedByOrRefusedWhateverIsThere) {
  for (const Row& row : rows()) {
    for (const Overwrite overwrite : kOverwrites) {
      const RestorePolicy policy = {.overwrite = overwrite};
      EXPECT_EQ(decide_entry(node_of(NodeType::socket), row.present, false, policy),
                (Decision{EntryAction::pass_by, Reason::socket}));
      EXPECT_EQ(decide_entry(node_of(NodeType::irregular), row.present, false, policy),
                (Decision{EntryAction::refuse, Reason::unknown_type}));
    }
  }
}

TEST(EntryDecision, WhatOpensTheRepositoryStaysWhateverWasAskedFor) {
  for (const NodeType type : {NodeType::file, NodeType::symlink}) {
    for (const Overwrite overwrite : kOverwrites) {
      EXPECT_EQ(decide_entry(node_of(type), entry_there(kRegular), true, {.overwrite = overwrite}),
                (Decision{EntryAction::refuse, Reason::opens_repository}));
    }
  }
}

TEST(EntryDecision, AnEmptyFileIsNotWrittenOverOneWithOtherNames) {
  const Node empty = node_of(NodeType::file, 0);
  EXPECT_EQ(decide_entry(empty, entry_there(kRegular, 1, 2), false, {}),
            (Decision{EntryAction::replace, Reason::has_other_names}));
  EXPECT_EQ(decide_entry(empty, entry_there(kRegular), false, {}), kCompare);
}

TEST(EntryDecision, ADamagedFileReplacesOnlyWhatIsNobodys) {
  EXPECT_EQ(decide_damaged(kMake, std::nullopt), kMake);
  EXPECT_EQ(decide_damaged(kCompare, entry_there(kUnfinishedFile)), kCompare);
  EXPECT_EQ(decide_damaged(kCompare, entry_there(kRegular)),
            (Decision{EntryAction::refuse, Reason::damaged}));
  EXPECT_EQ(decide_damaged(kOtherKind, entry_there(kSymlink)),
            (Decision{EntryAction::refuse, Reason::damaged}));
}

TEST(EntryDecision, AComparedFileIsChangedNoMoreThanNecessary) {
  struct Case {
    Comparison found;
    Decision decision;
  };
  const Decision keep = {EntryAction::keep, Reason::same_content};
  const Decision cut = {EntryAction::cut, Reason::longer};
  const Decision correct = {EntryAction::correct, Reason::content_differs};
  const Decision names = {EntryAction::replace, Reason::has_other_names};
  const Decision not_ours = {EntryAction::replace, Reason::not_ours};
  const std::vector<Case> cases = {
      {{.complete = true, .same_size = true, .same_metadata = true}, keep},
      {{.complete = true, .same_size = true}, keep},
      {{.complete = true}, cut},
      {{.complete = true, .can_be_marked = false}, cut},
      {{.same_size = true}, correct},
      {{}, correct},
      {{.same_size = true, .same_metadata = true}, correct},
      {{.can_be_marked = false}, not_ours},
      {{.complete = true, .same_size = true, .can_be_marked = false}, keep},
      {{.complete = true, .same_size = true, .same_metadata = true, .has_other_names = true}, keep},
      {{.complete = true, .same_size = true, .has_other_names = true}, names},
      {{.complete = true, .same_metadata = true, .has_other_names = true}, names},
      {{.same_size = true, .same_metadata = true, .has_other_names = true}, names},
      {{.has_other_names = true, .can_be_marked = false}, names},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(decide_compared(cases[i].found, {}), cases[i].decision) << "case " << i;
  }
}

TEST(EntryDecision, AFileThatIsWrittenWholeIsReplacedRatherThanCorrected) {
  const RestorePolicy policy = {.whole_files = true};
  EXPECT_EQ(decide_compared({}, policy), (Decision{EntryAction::replace, Reason::written_whole}));
  EXPECT_EQ(decide_compared({.complete = true}, policy).action, EntryAction::cut);
  EXPECT_EQ(decide_compared({.complete = true, .same_size = true}, policy).action,
            EntryAction::keep);
}

TEST(EntryDecision, AFileSavedWithTheModeOfUnfinishedOnesIsNotTakenForOne) {
  Node node = node_of(NodeType::file);
  node.mode = go_mode::kSticky | 0600U;
  for (const Overwrite overwrite : kOverwrites) {
    const RestorePolicy policy = {.overwrite = overwrite};
    const bool may_keep = overwrite == Overwrite::never || overwrite == Overwrite::if_newer;
    EXPECT_EQ(decide_entry(node, entry_there(kUnfinishedFile, 0), false, policy).action,
              may_keep ? EntryAction::keep : EntryAction::compare);
    for (const int later : {-1, 1}) {
      const Decision decision =
          decide_entry(node, entry_there(kUnfinishedFile, later), false, policy);
      EXPECT_EQ(decision.action, may_keep ? EntryAction::refuse : EntryAction::compare);
    }
  }
}

TEST(EntryDecision, AFolderReplacesAFileOnlyWhereThatMayGo) {
  const FolderFacts chosen = {.mtime = {.seconds = kSaved, .nanoseconds = 0}, .chosen = true};
  FolderFacts on_the_way = chosen;
  on_the_way.chosen = false;
  FolderFacts above_sources = chosen;
  above_sources.leads_to_sources = true;
  const Decision enter = {EntryAction::enter, Reason::is_folder};
  const Decision replace = {EntryAction::replace, Reason::file_for_folder};
  for (const Overwrite overwrite : kOverwrites) {
    for (const bool clears_folders : {false, true}) {
      const RestorePolicy policy = {.overwrite = overwrite, .clears_folders = clears_folders};
      for (const FolderFacts& facts : {chosen, on_the_way, above_sources}) {
        EXPECT_EQ(decide_folder(facts, std::nullopt, policy), kMake);
        EXPECT_EQ(decide_folder(facts, entry_there(kFolder, -1), policy), enter);
      }
      for (const std::uint32_t mode : {kRegular, kSymlink}) {
        const bool never = overwrite == Overwrite::never;
        const Decision refused = {EntryAction::refuse, Reason::overwrite_never};
        EXPECT_EQ(decide_folder(chosen, entry_there(mode), policy), never ? refused : replace);
        EXPECT_EQ(decide_folder(chosen, entry_there(mode, 0), policy), never ? refused : replace);
        EXPECT_EQ(decide_folder(on_the_way, entry_there(mode), policy),
                  never ? refused : (Decision{EntryAction::refuse, Reason::not_chosen}));
        EXPECT_EQ(decide_folder(above_sources, entry_there(mode), policy),
                  never ? refused : (Decision{EntryAction::refuse, Reason::leads_to_sources}));
      }
    }
  }
  FolderFacts source = chosen;
  source.is_source = true;
  EXPECT_EQ(decide_folder(source, entry_there(kSymlink), {}),
            (Decision{EntryAction::refuse, Reason::source_is_link}));
  EXPECT_EQ(decide_folder(source, entry_there(kRegular), {}), replace);
  EXPECT_EQ(decide_folder(source, entry_there(kFolder, -1), {}), enter);
  FolderFacts opening = chosen;
  opening.opens_repository = true;
  EXPECT_EQ(decide_folder(opening, entry_there(kSymlink), {}),
            (Decision{EntryAction::refuse, Reason::opens_repository}));
  EXPECT_EQ(decide_folder(chosen, entry_there(kRegular, -1), {.overwrite = Overwrite::if_newer}),
            (Decision{EntryAction::refuse, Reason::overwrite_if_newer}));
}

TEST(EntryDecision, FullFoldersGoOnlyWithDeleteAndWithoutPatterns) {
  RestoreRequest request;
  EXPECT_FALSE(restore_policy(request).clears_folders);
  request.delete_extra = true;
  EXPECT_TRUE(restore_policy(request).clears_folders);
  request.excludes.add("*.tmp", false);
  EXPECT_FALSE(restore_policy(request).clears_folders);
}

TEST(EntryDecision, AFolderAboveWhatWasSavedOnlyLeadsThere) {
  RestoreRequest request;
  request.sources = {"/srv/practice"};
  EXPECT_TRUE(leads_to_sources("/srv", request));
  EXPECT_FALSE(leads_to_sources("/srv/practice", request));
  EXPECT_FALSE(leads_to_sources("/srv/practice/letters", request));
  EXPECT_TRUE(leads_to_sources("/srv/practice2", request));
  request.sources = {"/"};
  EXPECT_FALSE(leads_to_sources("/srv", request));
  request.sources = {};
  EXPECT_FALSE(leads_to_sources("/srv", request));
}

}  // namespace
}  // namespace medsave
