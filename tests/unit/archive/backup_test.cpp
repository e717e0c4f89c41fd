#include "backup_setup.hpp"
#include "support/matchers.hpp"

#include "medsave/archive/snapshot_paths.hpp"
#include "medsave/base/error.hpp"
#include "medsave/chunk/chunker.hpp"
#include "medsave/format/tree_encode.hpp"
#include "medsave/repo/index_load.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/metadata.hpp"
#include "medsave/sys/remove_tree.hpp"
#include "medsave/sys/xattr.hpp"

#include <gmock/gmock.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <thread>

namespace medsave {
namespace {

using test::BackupTest;
using test::OneRequest;
using test::OneResult;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::UnorderedElementsAre;

std::string random_text(unsigned seed, std::size_t size) {
  const Buffer bytes = test::content(seed, size, false);
  return std::string(as_text(bytes.view()));
}

std::vector<std::string> names_below(const std::map<std::string, Node>& nodes) {
  std::vector<std::string> names;
  for (const auto& [path, node] : nodes) {
    if (!path.starts_with('/')) names.push_back(path);
  }
  return names;
}

TEST_F(BackupTest, StoresContentOfAllSizes) {
  std::map<std::string, std::string> files;
  unsigned seed = 1;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{5000}, kMinChunk - 1,
                                 kMinChunk, kMinChunk + 1, kMaxChunk + 12345, 3 * kMaxChunk}) {
    files["f" + std::to_string(size)] = random_text(seed++, size);
  }
  files["zeros"] = std::string(5 * kMinChunk + 7, '\0');
  std::uint64_t bytes = 0;
  for (const auto& [name, content] : files) {
    write(name, content);
    bytes += content.size();
  }
  const OneResult result = run();
  EXPECT_THAT(problems_, IsEmpty());
  const std::map<std::string, Node> stored = nodes(result);
  for (const auto& [name, expected] : files) {
    ASSERT_TRUE(stored.contains(name)) << name;
    EXPECT_EQ(stored.at(name).size, expected.size());
    EXPECT_FALSE(stored.at(name).content_is_null);
    EXPECT_EQ(content(stored.at(name)), expected) << name;
  }
  EXPECT_EQ(stored.at("zeros").content.size(), 6U);
  EXPECT_EQ(stored.at("zeros").content[0].hex(),
            "07854d2fef297a06ba81685e660c332de36d5d18d546927d30daad6d7fda1541");
  EXPECT_EQ(result.snapshot.summary->total_bytes_processed, bytes);
  EXPECT_EQ(done_bytes_, bytes);
  EXPECT_EQ(done_items_, files.size());
}

TEST_F(BackupTest, StoresNothingTheSecondTime) {
  for (unsigned i = 0; i < 200; ++i) {
    write("d" + std::to_string(i % 7) + "/f" + std::to_string(i), random_text(i, 100 + i));
  }
  write("large", random_text(999, 2 * kMaxChunk));
  const OneResult first = run();
  const SnapshotSummary& counts = *first.snapshot.summary;
  EXPECT_EQ(counts.files_new, 201U);
  EXPECT_EQ(counts.data_blobs, 200U + nodes(first).at("large").content.size());
  EXPECT_GT(counts.data_added_packed, counts.total_bytes_processed);

  const OneResult second = run_again(first);
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_EQ(second.snapshot.tree, first.snapshot.tree);
  EXPECT_EQ(second.snapshot.parent, first.snapshot_id);
  const SnapshotSummary& again = *second.snapshot.summary;
  EXPECT_EQ(again.files_unmodified, 201U);
  EXPECT_EQ(again.files_new + again.files_changed + again.dirs_new + again.dirs_changed, 0U);
  EXPECT_EQ(again.dirs_unmodified, counts.dirs_new);
  EXPECT_EQ(again.data_blobs + again.tree_blobs + again.data_added + again.data_added_packed, 0U);
  EXPECT_EQ(again.total_bytes_processed, counts.total_bytes_processed);
}

TEST_F(BackupTest, CountsWhatChanged) {
  for (const char* name : {"a/1", "a/2", "b/3"}) write(name, name);
  const OneResult first = run();
  write("a/1", "something else");
  write("c/4", "new");
  const OneResult second = run_again(first);
  const SnapshotSummary& counts = *second.snapshot.summary;
  EXPECT_EQ(counts.files_new, 1U);
  EXPECT_EQ(counts.files_changed, 1U);
  EXPECT_EQ(counts.files_unmodified, 2U);
  EXPECT_EQ(counts.dirs_new, 1U);
  EXPECT_EQ(counts.dirs_unmodified, 1U);  // b; a and all above have new subtrees
  EXPECT_EQ(counts.data_blobs, 2U);
  const auto action_of = [&](const std::string& name) {
    return std::ranges::find(items_, "/src/" + name, &BackupItem::path)->action;
  };
  EXPECT_EQ(action_of("a/1"), ItemAction::modified);
  EXPECT_EQ(action_of("c/4"), ItemAction::added);
  EXPECT_EQ(action_of("b/"), ItemAction::unchanged);
}

TEST_F(BackupTest, RecordsEveryKindOfFile) {
  write("file", "content");
  make_symlink_at(kCurrentDirectory, source_ / "symlink", "caf\xE9-nowhere");
  make_link_at(kCurrentDirectory, source_ / "file", kCurrentDirectory, source_ / "second");
  ::mkfifo((source_ / "fifo").c_str(), 0640);
  ::mkdir((source_ / "dir").c_str(), 0700);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string socket_path = source_ / "socket";
  std::strncpy(address.sun_path, socket_path.c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);

  const std::map<std::string, Node> stored = nodes(run());
  ::close(socket);
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_THAT(names_below(stored), ElementsAre("dir", "fifo", "file", "second", "symlink"));
  EXPECT_EQ(stored.at("symlink").link_target, "caf\xE9-nowhere");
  EXPECT_EQ(stored.at("symlink").links, 1U);
  EXPECT_EQ(stored.at("fifo").type, NodeType::fifo);
  EXPECT_EQ(stored.at("fifo").links, 0U);
  EXPECT_TRUE(stored.at("fifo").content_is_null);
  EXPECT_EQ(stored.at("dir").links, 0U);
  EXPECT_EQ(stored.at("dir").mode, go_mode::kDir | 0700U);
  EXPECT_EQ(stored.at("file").links, 2U);
  EXPECT_EQ(stored.at("file").inode, stored.at("second").inode);
  EXPECT_EQ(stored.at("file").device_id, stored.at("second").device_id);
  EXPECT_EQ(stored.at("file").content, stored.at("second").content);
}

TEST_F(BackupTest, RecordsMetadata) {
  write("f", "x");
  const timespec times[2] = {{.tv_sec = 1'000'000'000, .tv_nsec = 1},
                             {.tv_sec = -77, .tv_nsec = 999'999'999}};
  ::chmod((source_ / "f").c_str(), 04751);
  ::utimensat(AT_FDCWD, (source_ / "f").c_str(), times, 0);
  const std::string value("a\0b", 3);
  bool attribute_set = false;
  try {
    set_xattr_at(kCurrentDirectory, source_ / "f", {.name = "user.note", .value = value});
    attribute_set = true;
  } catch (const Error&) {
    // this file system has none
  }
  const Node node = nodes(run()).at("f");
  EXPECT_EQ(node.mode, go_mode::kSetuid | 0751U);
  EXPECT_EQ(node.mtime.seconds, -77);
  EXPECT_EQ(node.mtime.nanoseconds, 999'999'999U);
  EXPECT_EQ(node.atime, node.mtime);
  EXPECT_EQ(node.uid, ::geteuid());
  EXPECT_FALSE(node.user.empty());
  if (attribute_set) {
    ASSERT_EQ(node.extended_attributes.size(), 1U);
    EXPECT_EQ(node.extended_attributes[0].name, "user.note");
    EXPECT_EQ(node.extended_attributes[0].value, value);
  }

  OneRequest with_atime = request();
  with_atime.with_atime = true;
  ::utimensat(AT_FDCWD, (source_ / "f").c_str(), times, 0);
  EXPECT_EQ(nodes(run(std::move(with_atime))).at("f").atime.seconds, 1'000'000'000);
}

TEST_F(BackupTest, KeepsNamesThatAreNoText) {
  const std::string longest(255, 'n');
  for (const std::string& name : {std::string("\xFF\xFE"), std::string("caf\xE9"),
                                  std::string("a\nb"), std::string("\"\\"), longest}) {
    write(name, name);
  }
  const std::map<std::string, Node> stored = nodes(run());
  EXPECT_THAT(names_below(stored),
              UnorderedElementsAre("\xFF\xFE", "caf\xE9", "a\nb", "\"\\", longest));
  EXPECT_EQ(content(stored.at("\xFF\xFE")), "\xFF\xFE");
}

TEST_F(BackupTest, ReachesBelowTheLongestPath) {
  const std::string name(200, 'd');
  UniqueDir dir = open_dir_at(kCurrentDirectory, source_.path());
  for (int level = 0; level < 30; ++level) {  // 6000 bytes, PATH_MAX is 4096
    make_dir_at(dir.get(), name, 0755);
    dir = open_dir_at(dir.get(), name);
  }
  const UniqueFd file = create_file_at(dir.get(), "leaf", 0644);
  ASSERT_EQ(::write(file.get(), "deep", 4), 4);
  const OneResult first = run();
  EXPECT_THAT(problems_, IsEmpty());
  const std::map<std::string, Node> stored = nodes(first);
  const auto leaf =
      std::ranges::find_if(stored, [](const auto& item) { return item.first.ends_with("/leaf"); });
  ASSERT_NE(leaf, stored.end());
  EXPECT_GT(leaf->first.size(), 6000U);
  EXPECT_EQ(content(leaf->second), "deep");
  EXPECT_EQ(run_again(first).snapshot.tree, first.snapshot.tree);
  remove_tree_at(open_dir_at(kCurrentDirectory, source_.path()).get(), name);
}

TEST_F(BackupTest, ReportsFoldersNestedDeeperThanCanBeRestored) {
  const test::TempDir deep(test::TempDir::memory());  // a disk takes long for so many folders
  UniqueDir dir = open_dir_at(kCurrentDirectory, deep.path());
  for (unsigned level = 0; level < kMaxTreeDepth + 10; ++level) {
    make_dir_at(dir.get(), "d", 0755);
    dir = open_dir_at(dir.get(), "d");
  }
  OneRequest nested = request();
  write("f", "x");
  nested.targets = {deep.path(), "src"};
  const OneResult result = run(std::move(nested));
  EXPECT_EQ(problems_.size(), 1U);
  EXPECT_EQ(result.snapshot.summary->dirs_new, kMaxTreeDepth + 1);
  remove_tree_at(open_dir_at(kCurrentDirectory, deep.path()).get(), "d");
}

TEST_F(BackupTest, GoesOnWithoutWhatCannotBeRead) {
  write("good", "x");
  OneRequest two = request();
  two.targets.emplace_back("/proc/self/mem");  // reading at 0 fails, for root too
  const OneResult result = run(std::move(two));
  EXPECT_THAT(problems_, ElementsAre("/proc/self/mem"));
  EXPECT_EQ(result.problems, 1U);
  EXPECT_TRUE(result.snapshot_id);
  EXPECT_TRUE(nodes(result).contains("good"));
  EXPECT_FALSE(nodes(result).contains("/proc/self/mem"));
}

TEST_F(BackupTest, ReadsFilesWhoseSizeIsUnknown) {
  OneRequest version = request();
  version.targets = {"/proc/version"};
  const OneResult result = run(std::move(version));
  const Node node = nodes(result).at("/proc/version");
  EXPECT_GT(node.size, 0U);
  EXPECT_EQ(content(node).size(), node.size);
  EXPECT_THAT(notices_, IsEmpty());
}

TEST_F(BackupTest, ReportsMissingTargetsAndLeavesThemOutOfThePaths) {
  write("f", "x");
  OneRequest two = request();
  two.targets.push_back(source_ / "missing");
  const OneResult result = run(std::move(two));
  EXPECT_THAT(problems_, ElementsAre(source_ / "missing"));
  EXPECT_THAT(result.snapshot.paths, ElementsAre(source_.path()));
}

TEST_F(BackupTest, NeedsATargetThatExists) {
  OneRequest none = request();
  none.targets = {source_ / "missing", ""};
  EXPECT_THAT([&] { run(std::move(none)); }, test::throws_errc(Errc::usage));
  EXPECT_THAT(store_.list(FileKind::snapshot), IsEmpty());
}

TEST_F(BackupTest, SavesNoEmptySnapshot) {
  OneRequest empty = request();
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(source_.path());
  empty.targets = {"."};
  EXPECT_THAT([&] { run(std::move(empty)); }, test::throws_errc(Errc::io));
  std::filesystem::current_path(before);
  EXPECT_THAT(store_.list(FileKind::snapshot), IsEmpty());
}

TEST_F(BackupTest, SavesNoSnapshotWhenNothingCouldBeRead) {
  OneRequest unreadable = request();
  unreadable.targets = {"/proc/self/mem"};  // reading at 0 fails, for root too
  EXPECT_THAT([&] { run(std::move(unreadable)); }, test::throws_errc(Errc::io));
  EXPECT_THAT(problems_, ElementsAre("/proc/self/mem"));
  EXPECT_THAT(store_.list(FileKind::snapshot), IsEmpty());
}

TEST_F(BackupTest, LeavesOutFoldersThatLeadToNothing) {
  write("f", "x");
  OneRequest two = request();
  two.targets.emplace_back("/proc/self/mem");
  const OneResult result = run(std::move(two));
  EXPECT_FALSE(nodes(result).contains("/proc"));
}

TEST_F(BackupTest, SavesTheTimeItIsToldWhateverThatIs) {
  write("f", "x");
  OneRequest oldest = request();
  oldest.snapshot.time = {};
  EXPECT_EQ(run(std::move(oldest)).snapshot.time.instant, Timestamp{});
}

TEST(StdinComponents, AreNamesThatAFileCanHave) {
  EXPECT_THAT(stream_components("dump//db.sql"), ElementsAre("dump", "db.sql"));
  EXPECT_THAT(stream_components("../a/./b/../c"), ElementsAre("a", "c"));
  const std::string longest(255, 'x');
  EXPECT_THAT(stream_components(longest + "/" + longest), ElementsAre(longest, longest));
  for (const std::string& name :
       {std::string(), std::string("/"), std::string("."), std::string(".."), std::string("a/.."),
        std::string("a\0b", 3), longest + "x", longest + "x/a"}) {
    EXPECT_THAT([&] { stream_components(name); }, test::throws_errc(Errc::usage)) << name;
  }
}

TEST_F(BackupTest, TellsOfSourcesThatAreEmptyNow) {
  write("f", "x");
  write("sub/g", "x");
  const OneResult first = run();
  std::filesystem::remove_all(source_ / "sub");
  const OneResult second = run_again(first);
  EXPECT_EQ(second.emptied, 0U);
  std::filesystem::remove(source_ / "f");
  std::filesystem::create_directory(source_ / "lost+found");
  const OneResult third = run_again(second);
  EXPECT_EQ(third.emptied, 1U);
  EXPECT_THAT(notices_, ElementsAre(HasSubstr("is empty")));
  const OneResult fourth = run_again(third);
  EXPECT_EQ(fourth.emptied, 1U);  // each time, or the last of the good snapshots would be forgotten
}

/// The same snapshot as if another file system had been mounted at the source's folder `name`.
OneResult with_mount_at(const std::string& name, OneResult result, const Repository& repository,
                        Index& index) {
  const BlobReader reader(repository, index);
  Tree root = load_tree(reader, result.snapshot.tree);
  Tree source = load_tree(reader, *root.front().subtree);
  ++std::ranges::find(source, name, &Node::name)->device_id;
  BlobWriter writer(repository, index, {}, {});
  root.front().subtree = writer.save(BlobKind::tree, as_bytes(encode_tree(source))).id;
  result.snapshot.tree = writer.save(BlobKind::tree, as_bytes(encode_tree(root))).id;
  writer.finish();
  return result;
}

TEST_F(BackupTest, TellsOfMountPointsBelowASourceWhereNothingIsMountedNow) {
  write("mnt/drive/f", "x");
  write("f", "x");
  const OneResult first = with_mount_at("mnt", run(), *repository_, *index_);
  std::filesystem::remove_all(source_ / "mnt/drive");
  const OneResult second = run_again(first);
  EXPECT_EQ(second.emptied, 1U);
  EXPECT_THAT(notices_, ElementsAre(AllOf(HasSubstr("/src/mnt: "), HasSubstr("is empty"))));
  EXPECT_EQ(run_again(second).emptied, 0U);
}

TEST_F(BackupTest, TellsOfMountPointsThatHoldOtherThingsNow) {
  write("mnt/patients", "x");
  write("f", "x");
  const OneResult first = with_mount_at("mnt", run(), *repository_, *index_);
  std::filesystem::remove(source_ / "mnt/patients");
  write("mnt/NOT_MOUNTED.txt", "x");
  EXPECT_EQ(run_again(first).emptied, 1U);
  EXPECT_THAT(notices_, ElementsAre(HasSubstr("/src/mnt: holds nothing of what the drive had")));
}

TEST_F(BackupTest, TellsOfNoMountPointThatHoldsSomethingOrNeverDid) {
  write("mnt/f", "x");
  std::filesystem::create_directories(source_ / "bare/lost+found");
  const OneResult first = with_mount_at("mnt", run(), *repository_, *index_);
  EXPECT_EQ(run_again(with_mount_at("bare", first, *repository_, *index_)).emptied, 0U);
}

TEST_F(BackupTest, TellsOfAFolderBelowASourceThatHasLostVeryManyFiles) {
  for (int i = 0; i < 1000; ++i) write("many/" + std::to_string(i), "x");
  for (int i = 0; i < 999; ++i) write("fewer/" + std::to_string(i), "x");
  const OneResult first = run();
  for (const char* name : {"many", "fewer"}) {
    std::filesystem::remove_all(source_ / name);
    std::filesystem::create_directory(source_ / name);
  }
  write("f", "x");
  EXPECT_EQ(run_again(first).emptied, 1U);
  EXPECT_THAT(notices_, ElementsAre(HasSubstr("/src/many: is empty")));
}

TEST_F(BackupTest, SavesALinkAsALinkAndSaysSo) {
  write("f", "x");
  std::filesystem::create_directory_symlink("src", work_ / "link");
  OneRequest link = request();
  link.targets = {"link", "src"};
  const OneResult result = run(std::move(link));
  EXPECT_EQ(nodes(result).at("/link").type, NodeType::symlink);
  EXPECT_THAT(notices_, ElementsAre(HasSubstr("link is a link")));
}

TEST_F(BackupTest, FollowsALinkWithASlashAtItsEnd) {
  write("f", "x");
  std::filesystem::create_directory(work_ / "dir");
  std::filesystem::create_directory_symlink(source_.path(), work_ / "dir/link");
  std::filesystem::create_directory_symlink("src", work_ / "link");
  for (const char* end : {"/", "/.", "//"}) {
    OneRequest behind = request();
    behind.targets = {std::string("link") + end, "dir", std::string("dir/link") + end};
    const OneResult result = run(std::move(behind));
    const auto stored = nodes(result);
    EXPECT_EQ(stored.at("/link").type, NodeType::dir);
    EXPECT_TRUE(stored.contains("/link/f"));
    EXPECT_EQ(stored.at("/dir/link").type, NodeType::dir);
    EXPECT_TRUE(stored.contains("/dir/link/f"));
    EXPECT_THAT(result.snapshot.paths,
                ElementsAre(work_ / "dir", work_ / "dir/link", work_ / "link"));
    EXPECT_THAT(notices_, IsEmpty());
  }
}

TEST_F(BackupTest, CountsNoUnreadFileAsChanged) {
  write("f", "x");
  age("f");
  const OneResult first = run();
  std::filesystem::copy_file(source_ / "f", source_ / "copy");
  const Node before = nodes(first).at("f");
  const timespec times[2] = {{.tv_sec = 1'600'000'000, .tv_nsec = 0},
                             {.tv_sec = before.mtime.seconds, .tv_nsec = before.mtime.nanoseconds}};
  std::filesystem::rename(source_ / "copy", source_ / "f");
  ::utimensat(AT_FDCWD, (source_ / "f").c_str(), times, 0);
  OneRequest next = request();
  next.parent = SnapshotEntry{.id = *first.snapshot_id, .snapshot = first.snapshot};
  next.ignore_inode = true;
  next.with_atime = true;
  const OneResult second = run(std::move(next));
  EXPECT_EQ(second.snapshot.summary->files_changed, 0U);
  EXPECT_EQ(second.snapshot.summary->files_unmodified, 1U);
  EXPECT_NE(nodes(second).at("f").inode, before.inode);  // what is known of it is new all the same
}

TEST_F(BackupTest, SkipsASnapshotThatWouldSayNothingNew) {
  write("f", "x");
  const OneResult first = run();
  OneRequest next = request();
  next.parent = SnapshotEntry{.id = *first.snapshot_id, .snapshot = first.snapshot};
  next.skip_if_unchanged = true;
  const OneResult second = run(std::move(next));
  EXPECT_TRUE(second.skipped_unchanged);
  EXPECT_FALSE(second.snapshot_id);
  EXPECT_EQ(store_.list(FileKind::snapshot).size(), 1U);
}

TEST_F(BackupTest, StoresNothingInADryRun) {
  write("f", random_text(1, 10000));
  write("g", random_text(1, 10000));
  OneRequest dry = request();
  dry.dry_run = true;
  const OneResult result = run(std::move(dry));
  EXPECT_TRUE(result.snapshot_id);
  EXPECT_EQ(result.snapshot.summary->data_blobs, 1U);
  EXPECT_GT(result.snapshot.summary->data_added_packed, 10000U);
  for (const FileKind kind : {FileKind::pack, FileKind::index, FileKind::snapshot}) {
    EXPECT_THAT(store_.list(kind), IsEmpty());
  }
}

TEST_F(BackupTest, ReadsAgainWhenTheRepositoryLostContent) {
  write("f", random_text(1, 10000));
  const OneResult first = run();
  for (const FileKind kind : {FileKind::index, FileKind::pack}) {
    for (const ListedFile& file : store_.list(kind)) store_.remove({.kind = kind, .id = file.id});
  }
  const OneResult second = run_again(first);
  EXPECT_EQ(second.problems, 0U);  // this snapshot is complete
  EXPECT_GE(second.stored_again, 1U);
  EXPECT_THAT(notices_, Contains(HasSubstr("damaged here")));
  EXPECT_EQ(second.snapshot.tree, first.snapshot.tree);
  EXPECT_EQ(content(nodes(second).at("f")).size(), 10000U);
}

TEST_F(BackupTest, ReadsAgainWhatChangedInTheSameTickAsThePreviousBackup) {
  write("f", "old");
  const OneResult first = run();
  const Node before = nodes(first).at("f");
  // The clock of the file system has not moved on since.
  write("f", "new");
  const timespec mtime = {.tv_sec = before.mtime.seconds, .tv_nsec = before.mtime.nanoseconds};
  const timespec times[2] = {mtime, mtime};
  ::utimensat(AT_FDCWD, (source_ / "f").c_str(), times, 0);
  OneRequest next = request();
  next.ignore_ctime = true;
  next.parent = SnapshotEntry{.id = *first.snapshot_id, .snapshot = first.snapshot};
  EXPECT_EQ(content(nodes(run(std::move(next))).at("f")), "new");
}

TEST_F(BackupTest, MissesUnderIgnoreInodeWhatOnlyCtimeShows) {
  write("f", "old");
  age("f");
  const OneResult first = run();
  const timespec mtime = {.tv_sec = nodes(first).at("f").mtime.seconds,
                          .tv_nsec = nodes(first).at("f").mtime.nanoseconds};
  write("f", "new");
  const timespec times[2] = {mtime, mtime};
  ::utimensat(AT_FDCWD, (source_ / "f").c_str(), times, 0);
  OneRequest ignoring = request();
  ignoring.ignore_inode = true;
  ignoring.parent = SnapshotEntry{.id = *first.snapshot_id, .snapshot = first.snapshot};
  EXPECT_EQ(content(nodes(run(std::move(ignoring))).at("f")), "old");
  EXPECT_EQ(content(nodes(run_again(first)).at("f")), "new");
}

TEST_F(BackupTest, PutsTheEntriesOfTheCurrentFolderAtTheRoot) {
  write("a/x", "1");
  write("b", "2");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(source_ / "a");
  OneRequest relative = request();
  relative.targets = {".", "../b"};
  const OneResult result = run(std::move(relative));
  std::filesystem::current_path(before);
  EXPECT_THAT(nodes(result), ElementsAre(Key("/b"), Key("/x")));
  EXPECT_THAT(result.snapshot.paths, ElementsAre(source_ / "a", source_ / "b"));
}

TEST_F(BackupTest, CountsAheadForTheDisplay) {
  write("f", "123");
  OneRequest scanned = request();
  scanned.scan = true;
  EXPECT_NO_THROW(run(std::move(scanned)));  // ends long before the count begins
}

TEST_F(BackupTest, IndexesWhatAnInterruptedRunStored) {
  constexpr unsigned kFiles = 300;
  for (unsigned i = 0; i < kFiles; ++i) {
    write("d" + std::to_string(i % 30) + "/f" + std::to_string(i), random_text(i, 20'000));
  }
  std::stop_source stop;
  unsigned seen = 0;
  on_item_ = [&](const BackupItem&) {
    if (++seen == kFiles / 2) stop.request_stop();
  };
  EXPECT_THROW(run(request(), stop.get_token()), Interrupted);
  on_item_ = {};
  EXPECT_THAT(store_.list(FileKind::snapshot), IsEmpty());
  reload();
  EXPECT_GE(index_->blob_count(), kFiles / 3);
  const OneResult result = run();
  EXPECT_LE(result.snapshot.summary->data_blobs, kFiles - kFiles / 3);
  EXPECT_EQ(result.snapshot.summary->files_new, kFiles);
}

TEST_F(BackupTest, PublishesNothingWhenTheRepositoryFails) {
  for (unsigned i = 0; i < 20; ++i) write("f" + std::to_string(i), random_text(i, 50'000));
  options_.pack_size = 200'000;
  for (unsigned n = 1;; ++n) {
    SCOPED_TRACE(n);
    MemBackend store;
    { const auto made = test::create_in(store); }
    test::FailAt fault(n);
    index_.reset();
    bool armed = false;
    const auto hook = fault.hook();
    repository_ = test::open_in(store, [&](test::Call call, const FileRef& file) {
      if (armed) hook(call, file);
    });
    index_ = load_index(*repository_, {});
    armed = true;
    bool failed = false;
    try {
      run();
    } catch (const Error& error) {
      failed = true;
      EXPECT_EQ(error.code(), Errc::io);
    }
    armed = false;
    EXPECT_EQ(failed, fault.fired());
    index_.reset();
    repository_ = test::open_in(store);
    index_ = load_index(*repository_, {});
    // What is published can be read completely.
    for (const SnapshotEntry& entry : load_snapshots(*repository_, {})) {
      OneResult published;
      published.snapshot = entry.snapshot;
      for (const auto& [path, node] : nodes(published)) EXPECT_NO_THROW(content(node));
    }
    if (!fault.fired()) break;
  }
}

}  // namespace
}  // namespace medsave
