#include "mount_view.hpp"

#include "support/matchers.hpp"
#include "support/repo_builder.hpp"

#include "medsave/repo/index_load.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>

#include <random>
#include <thread>

namespace medsave {
namespace {

using test::RepoBuilder;
using test::throws_errc;
using testing::ElementsAre;

std::string random_text(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

struct Mount {
  MemBackend store;
  RepoBuilder builder{store};
  MountRequest request;
  std::unique_ptr<Repository> repository;
  std::vector<std::string> notices;
  std::mutex mutex;
  std::unique_ptr<MountView> view;

  Mount() { request.names.path_templates = {"ids/%i", "%T"}; }

  MountView& open() {
    repository = RepoBuilder::open(RepoBuilder::forward(store));
    view = std::make_unique<MountView>(
        *repository, request,
        [this](const std::string& line) {
          const std::lock_guard lock(mutex);
          notices.push_back(line);
        },
        std::stop_token());
    return *view;
  }
  /// The mounted snapshot's content, as one finds it by its path.
  std::optional<FoundNode> find(const std::string& path) const {
    std::optional<FoundNode> at = FoundNode{.number = MountView::kRoot, .status = {}};
    std::string_view rest = path;
    while (at && !rest.empty()) {
      const std::size_t slash = std::min(rest.find('/'), rest.size());
      at = view->find(at->number, rest.substr(0, slash));
      rest.remove_prefix(std::min(slash + 1, rest.size()));
    }
    return at;
  }
  std::vector<std::string> names(const std::string& path) const {
    const auto listing = view->list(find(path)->number);
    std::vector<std::string> out;
    for (std::size_t i = 0; i < listing->size(); ++i) out.push_back(listing->name(i));
    return out;
  }
  std::string read(std::uint64_t number, std::uint64_t offset, std::size_t size) const {
    std::string out;
    for (const ContentPiece& piece : view->read(number, offset, size)) {
      out += as_text(piece.bytes);
    }
    return out;
  }
  std::string read(const std::string& path) const { return read(find(path)->number, 0, 1U << 30); }
};

TEST(MountView, ShowsASnapshotWithItsMetadata) {
  Mount mount;
  Node file = mount.builder.file("file", {"hello ", "world"});
  file.mode = 0604 | go_mode::kSetuid;
  file.links = 3;
  file.extended_attributes = {{.name = "user.a", .value = "1"}};
  Node pipe = RepoBuilder::node("pipe", NodeType::fifo, go_mode::kNamedPipe | 0600U);
  const Id id = mount.builder.snapshot(mount.builder.tree(
      {file, pipe, mount.builder.dir("dir", {mount.builder.file("inner", {"x"})}),
       RepoBuilder::symlink("link", "dir/inner")}));
  mount.open();
  const std::string root = "ids/" + id.short_hex();
  EXPECT_THAT(mount.names(""), ElementsAre("2023-11-14T22:13:20Z", "ids", "latest"));
  EXPECT_THAT(mount.names(root), ElementsAre("dir", "file", "link", "pipe"));

  const FileStatus status = mount.find(root + "/file")->status;
  EXPECT_EQ(status.mode, S_IFREG | 04604U);
  EXPECT_EQ(status.links, 3U);
  EXPECT_EQ(status.size, 11U);
  EXPECT_EQ(status.mtime, file.mtime);
  EXPECT_EQ(status.uid, file.uid);
  EXPECT_TRUE(mount.find(root + "/file")->fixed);
  EXPECT_EQ(mount.find(root + "/pipe")->status.mode, S_IFIFO | 0600U);
  EXPECT_EQ(mount.find(root + "/dir")->status.mode, S_IFDIR | 0750U);
  EXPECT_EQ(mount.view->link_target(mount.find(root + "/link")->number), "dir/inner");
  EXPECT_EQ(mount.find(root + "/link")->status.size, 9U);
  EXPECT_EQ(mount.view->attributes(mount.find(root + "/file")->number), file.extended_attributes);
  EXPECT_EQ(mount.read(root + "/file"), "hello world");
  EXPECT_EQ(mount.read(root + "/dir/inner"), "x");
  EXPECT_FALSE(mount.find(root + "/none"));
  EXPECT_FALSE(mount.find("none"));
  EXPECT_EQ(mount.view->link_target(mount.find("latest")->number), "2023-11-14T22:13:20Z");
}

TEST(MountView, GivesEverythingToRootWhenAsked) {
  Mount mount;
  Node file = mount.builder.file("file", {"x"});
  file.uid = file.gid = 12345;
  const Id id = mount.builder.snapshot(mount.builder.tree({file}));
  mount.request.owner_root = true;
  mount.open();
  EXPECT_EQ(mount.find("ids/" + id.short_hex() + "/file")->status.uid, 0U);
  EXPECT_EQ(mount.find("ids")->status.uid, 0U);
}

TEST(MountView, ReadsAnyPartOfAFile) {
  Mount mount;
  std::vector<std::string> parts;
  std::string whole;
  for (unsigned i = 0; i < 40; ++i) {
    parts.push_back(random_text(1000 + 317 * i, i));
    whole += parts.back();
  }
  const Id id = mount.builder.snapshot(
      mount.builder.tree({mount.builder.file("big", parts), mount.builder.file("empty", {})}));
  mount.open();
  const std::uint64_t file = mount.find("ids/" + id.short_hex() + "/big")->number;
  std::mt19937 random(1);
  for (int i = 0; i < 300; ++i) {
    const std::size_t from = random() % (whole.size() + 100);
    const std::size_t size = random() % 20000;
    const std::string wanted = from >= whole.size() ? std::string() : whole.substr(from, size);
    ASSERT_EQ(mount.read(file, from, size), wanted) << from << " " << size;
  }
  EXPECT_EQ(mount.read("ids/" + id.short_hex() + "/empty"), "");
}

TEST(MountView, ServesManyReadersAtOnce) {
  Mount mount;
  Tree nodes;
  for (unsigned i = 0; i < 200; ++i) {
    nodes.push_back(mount.builder.file("f" + std::to_string(1000 + i), {random_text(500, i)}));
  }
  const Id id = mount.builder.snapshot(mount.builder.tree(nodes));
  mount.open();
  const auto listing = mount.view->list(mount.find("ids/" + id.short_hex())->number);
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> readers;
  for (int reader = 0; reader < 4; ++reader) {
    readers.emplace_back([&] {
      for (unsigned i = 0; i < 200; ++i) {
        const FoundNode file = mount.view->entry(*listing, i, true);
        if (mount.read(file.number, 0, 4096) != random_text(500, i)) ++wrong;
        mount.view->forget(file.number, 1);
      }
    });
  }
  readers.clear();
  EXPECT_EQ(wrong, 0);
}

TEST(MountView, ForgetsWhatTheKernelForgets) {
  Mount mount;
  const Id id = mount.builder.snapshot(mount.builder.tree({mount.builder.file("file", {"x"})}));
  MountView& view = mount.open();
  const std::size_t before = view.known();
  const FoundNode ids = *view.find(MountView::kRoot, "ids");
  const FoundNode root = *view.find(ids.number, id.short_hex());
  const FoundNode file = *view.find(root.number, "file");
  EXPECT_EQ(view.find(root.number, "file")->number, file.number);
  EXPECT_EQ(view.known(), before + 3);
  // Listing without metadata tells the kernel no numbers.
  view.entry(*view.list(root.number), 0, false);
  view.forget(file.number, 2);
  view.forget(root.number, 1);
  view.forget(ids.number, 1);
  EXPECT_EQ(view.known(), before);
  EXPECT_THAT([&] { view.status(file.number); }, throws_errc(Errc::internal));
}

TEST(MountView, NumbersAreStableAndNamesOfOneFileShareTheirs) {
  Mount mount;
  Node one = mount.builder.file("one", {"x"});
  one.links = 2;
  one.inode = 77;
  Node two = one;
  two.name = "two";
  const Id tree = mount.builder.tree({one, two, mount.builder.file("other", {"x"})});
  const std::string a = "ids/" + mount.builder.snapshot(tree).short_hex();
  const std::string b = "ids/" + mount.builder.snapshot(tree).short_hex();
  mount.open();
  const std::uint64_t inode = mount.find(a + "/one")->status.inode;
  EXPECT_EQ(mount.find(a + "/two")->status.inode, inode);
  EXPECT_NE(mount.find(a + "/two")->number, mount.find(a + "/one")->number);
  EXPECT_NE(mount.find(b + "/one")->status.inode, inode);
  const std::uint64_t other = mount.find(a + "/other")->status.inode;
  EXPECT_NE(mount.find(b + "/other")->status.inode, other);
  mount.open();
  EXPECT_EQ(mount.find(a + "/one")->status.inode, inode);
  EXPECT_EQ(mount.find(a + "/other")->status.inode, other);
}

TEST(MountView, FollowsSnapshotsThatComeAndGo) {
  Mount mount;
  const Id first = mount.builder.snapshot(mount.builder.tree({mount.builder.file("a", {"one"})}));
  mount.open();
  EXPECT_THAT(mount.names("ids"), ElementsAre(first.short_hex()));
  const Id second = mount.builder.snapshot(mount.builder.tree({mount.builder.file("a", {"two"})}));
  mount.store.remove({.kind = FileKind::snapshot, .id = first});
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  EXPECT_THAT(mount.names("ids"), ElementsAre(second.short_hex()));
  EXPECT_EQ(mount.read("ids/" + second.short_hex() + "/a"), "two");
  EXPECT_TRUE(mount.notices.empty());
}

TEST(MountView, ShowsOnlyWhatTheFilterLetsThrough) {
  Mount mount;
  mount.builder.snapshot(mount.builder.tree({}), "a");
  const Id id = mount.builder.snapshot(mount.builder.tree({}), "b");
  mount.request.filter.hosts = {"b"};
  mount.open();
  EXPECT_THAT(mount.names("ids"), ElementsAre(id.short_hex()));
}

TEST(MountView, LeavesOutNamesThatCannotBe) {
  Mount mount;
  Node odd = mount.builder.file("..", {"x"});
  const Id id = mount.builder.snapshot(
      mount.builder.tree({mount.builder.file("b", {"1"}), odd, mount.builder.file("a/b", {"x"}),
                          mount.builder.file("a", {"2"}), mount.builder.file("b", {"3"})},
                         false));
  mount.open();
  EXPECT_THAT(mount.names("ids/" + id.short_hex()), ElementsAre("a", "b"));
  EXPECT_EQ(mount.read("ids/" + id.short_hex() + "/b"), "1");
  EXPECT_EQ(mount.notices.size(), 1U);
}

TEST(MountView, TellsOfDamageOncePerFile) {
  Mount mount;
  Node missing = mount.builder.file("missing", {"x"});
  missing.content[0].bytes().fill(std::byte{1});
  Node shorter = mount.builder.file("short", {"0123456789"});
  shorter.size = 20;
  const Id tree = mount.builder.tree({missing, shorter});
  const Id id = mount.builder.snapshot(tree);
  MountView& view = mount.open();
  const std::string root = "ids/" + id.short_hex();
  EXPECT_THAT([&] { mount.read(root + "/missing"); }, throws_errc(Errc::not_found));
  EXPECT_EQ(mount.read(mount.find(root + "/short")->number, 0, 10), "0123456789");
  EXPECT_THAT([&] { mount.read(root + "/short"); }, throws_errc(Errc::corrupt));
  const std::uint64_t number = mount.find(root + "/missing")->number;
  view.report(number, Error(Errc::corrupt, "damage"));
  view.report(number, Error(Errc::corrupt, "damage"));
  ASSERT_EQ(mount.notices.size(), 1U);
  EXPECT_THAT(mount.notices[0], testing::HasSubstr("/" + root + "/missing: damage"));
}

TEST(MountView, RefusesBytesThatAreNotWhatTheirNamePromises) {
  Mount mount;
  const Id id = mount.builder.snapshot(mount.builder.tree(
      {mount.builder.file("file", {random_text(999, 1)}), mount.builder.file("good", {"good"})}));
  mount.open();
  const Node file = mount.builder.file("file", {random_text(999, 1)});
  const auto repository = RepoBuilder::open(RepoBuilder::forward(mount.store));
  const auto location = load_index(*repository, {})->find({BlobKind::data, file.content[0]});
  ASSERT_TRUE(location);
  test::damage(mount.store, {.kind = FileKind::pack, .id = location->pack},
               [&](Buffer& pack) { pack.data()[location->offset + 50] ^= std::byte{1}; });
  EXPECT_THAT([&] { mount.read("ids/" + id.short_hex() + "/file"); }, throws_errc(Errc::corrupt));
  EXPECT_EQ(mount.read("ids/" + id.short_hex() + "/good"), "good");
}

}  // namespace
}  // namespace medsave
