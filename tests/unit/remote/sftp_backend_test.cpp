// The backend against OpenSSH's server, without ssh in between.
#include "medsave/remote/sftp_backend.hpp"

#include "support/matchers.hpp"
#include "support/temp_dir.hpp"

#include "medsave/base/error.hpp"
#include "medsave/sys/file_io.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace medsave::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kServer = "/usr/lib/openssh/sftp-server";
const FileRef kConfig{.kind = FileKind::config};

Id id_with(unsigned first) {
  Id id;
  id.bytes()[0] = static_cast<std::byte>(first);
  id.bytes()[31] = std::byte{1};
  return id;
}

FileRef pack(unsigned first) { return {.kind = FileKind::pack, .id = id_with(first)}; }

Buffer random_bytes(std::size_t size) {
  std::mt19937_64 random(size);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return Buffer(as_bytes(bytes));
}

/// Whether it has ended, its descriptors closed.
bool is_zombie(int pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(in, line);
  return line.find(") Z") != std::string::npos;
}

class SftpBackendTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kServer)) GTEST_SKIP() << "no " << kServer;
    ::signal(SIGPIPE, SIG_IGN);  // as in the program
  }

  std::unique_ptr<Backend> open(const std::string& command = kServer, unsigned connections = 4) {
    RemoteOptions options;
    options.extended["sftp.command"] = command;
    options.extended["sftp.connections"] = std::to_string(connections);
    return make_sftp_backend("host:" + root_, options);
  }
  /// A command that runs a script, which knows the server as $server and a folder as $here.
  std::string script(const std::string& text) {
    const std::string path = temp_ / "script";
    std::ofstream(path) << "server=" << kServer << "\nhere=" << temp_.path() << "\n"
                        << text << "\n";
    return "sh " + path;
  }
  [[nodiscard]] std::string pack_path(unsigned first) const {
    const std::string hex = id_with(first).hex();
    return root_ + "/data/" + hex.substr(0, 2) + "/" + hex;
  }
  static void save(Backend& backend, const FileRef& file, std::string_view content) {
    backend.save(file, Buffer(as_bytes(content)));
  }
  static std::string load(Backend& backend, const FileRef& file) {
    Buffer out;
    backend.load(file, 100 << 20, out);
    return std::string(as_text(out.view()));
  }
  static void make_older(const std::string& path, std::chrono::hours by) {
    fs::last_write_time(path, fs::last_write_time(path) - by);
  }
  /// A server whose disk does as failing_disk.cpp says.
  std::string failing_disk() {
    return script(std::string("DISK=$here LD_PRELOAD=") + MEDSAVE_FAILING_DISK +
                  " exec $server \"$@\"");
  }
  void make(const std::string& name) { std::ofstream(temp_ / name).put('\n'); }
  /// The folders that were synced since the last call, without the repository's own path.
  std::vector<std::string> synced() {
    std::ifstream in(temp_ / "synced");
    std::vector<std::string> folders;
    for (std::string line; std::getline(in, line);) folders.push_back(line.substr(root_.size()));
    fs::remove(temp_ / "synced");
    std::ranges::sort(folders);
    return folders;
  }
  static unsigned mode(const std::string& path) {
    return static_cast<unsigned>(fs::status(path).permissions());
  }

  TempDir temp_{TempDir::memory()};
  const std::string root_ = temp_ / "repo";
};

TEST_F(SftpBackendTest, LargeFilesComeBackWhole) {
  for (const char* more : {"", " -P limits"}) {
    const auto backend = open(std::string(kServer) + more);
    backend->create();
    for (const std::size_t size : {1U, 32768U, 32769U, 261'120U, 20'000'001U}) {
      const Buffer content = random_bytes(size);
      Buffer copy(content.view());
      backend->save(pack(5), std::move(copy));
      EXPECT_EQ(load(*backend, pack(5)), as_text(content.view()));
      Buffer part;
      backend->load_range(pack(5), size / 3, size / 2, part);
      EXPECT_EQ(as_text(part.view()), as_text(content.view().subspan(size / 3, size / 2)));
      EXPECT_THAT([&] { backend->load_range(pack(5), size / 3 + 1, size, part); },
                  throws_errc(Errc::corrupt));
    }
  }
}

TEST_F(SftpBackendTest, FilesAreTheOwnersAlone) {
  const auto backend = open();
  backend->create();
  save(*backend, kConfig, "config");
  save(*backend, pack(7), "pack");
  EXPECT_EQ(mode(root_), 0700U);
  EXPECT_EQ(mode(root_ + "/data/07"), 0700U);
  EXPECT_EQ(mode(root_ + "/config"), 0600U);
  EXPECT_EQ(mode(pack_path(7)), 0600U);
}

TEST_F(SftpBackendTest, AGroupKeepsItsAccess) {
  open()->create();
  std::ofstream(root_ + "/config") << "config";
  fs::permissions(root_ + "/config", static_cast<fs::perms>(0640));
  fs::remove(root_ + "/data/07");
  const auto backend = open(std::string(kServer) + " -u 077");
  save(*backend, pack(7), "pack");
  EXPECT_EQ(mode(root_ + "/data/07"), 0770U);
  EXPECT_EQ(mode(pack_path(7)), 0660U);
}

TEST_F(SftpBackendTest, MakesFoldersThatAreMissing) {
  const auto backend = open();
  backend->create();
  fs::remove_all(root_ + "/data");
  fs::remove_all(root_ + "/locks");
  save(*backend, pack(1), "pack");
  save(*backend, {.kind = FileKind::lock, .id = id_with(1)}, "lock");
  EXPECT_EQ(load(*backend, pack(1)), "pack");
  EXPECT_EQ(backend->list(FileKind::pack).size(), 1U);
  EXPECT_EQ(backend->list(FileKind::lock).size(), 1U);
}

TEST_F(SftpBackendTest, DoesNotTakeAVanishedFolderForAnEmptyRepository) {
  const auto backend = open();
  backend->create();
  save(*backend, pack(1), "pack");
  fs::rename(root_, temp_ / "away");
  EXPECT_THAT([&] { backend->list(FileKind::pack); }, throws_errc(Errc::io));
  EXPECT_THAT([&] { backend->list(FileKind::index); }, throws_errc(Errc::io));
  EXPECT_THAT([&] { load(*backend, pack(1)); }, throws_errc(Errc::io));
  EXPECT_THAT([&] { backend->size(pack(1)); }, throws_errc(Errc::io));
  EXPECT_THAT([&] { save(*backend, pack(2), "x"); }, throws_errc(Errc::io));
  fs::rename(temp_ / "away", root_);
  EXPECT_EQ(backend->list(FileKind::pack).size(), 1U);
}

TEST_F(SftpBackendTest, AFolderThatIsNotThereIsNoRepositoryYet) {
  const auto backend = open();
  EXPECT_TRUE(backend->list(FileKind::key).empty());
  EXPECT_FALSE(backend->size(kConfig));
  EXPECT_THAT([&] { load(*backend, kConfig); }, throws_errc(Errc::not_found));
  EXPECT_THAT([&] { save(*backend, pack(1), "x"); }, throws_errc(Errc::not_found));
  EXPECT_FALSE(fs::exists(root_));
}

TEST_F(SftpBackendTest, ADamagedFileIsReplaced) {
  for (const char* more : {"", " -P posix-rename,fsync,statvfs"}) {
    const auto backend = open(std::string(kServer) + more);
    backend->create();
    std::ofstream(pack_path(1)) << "cut";
    save(*backend, pack(1), "complete");
    EXPECT_EQ(load(*backend, pack(1)), "complete");
    save(*backend, pack(1), "complete");
    EXPECT_EQ(load(*backend, pack(1)), "complete");
    EXPECT_EQ(backend->remove_leftovers(), 0U);
    backend->remove(pack(1));
  }
}

TEST_F(SftpBackendTest, ARenameThatIsOnlyAcknowledgedStoresNothing) {
  const auto backend = open(failing_disk());
  backend->create();
  save(*backend, kConfig, "config");
  make("rename-lies");
  for (const char* more : {"", " -P posix-rename"}) {
    const auto lied_to = open(failing_disk() + more, 1);
    for (const FileKind kind : {FileKind::pack, FileKind::index, FileKind::snapshot}) {
      EXPECT_THAT([&] { save(*lied_to, {.kind = kind, .id = id_with(7)}, "x"); },
                  throws_errc(Errc::unreachable));
    }
  }
}

TEST_F(SftpBackendTest, WhatHasTheNameOfAFileIsNotOverlooked) {
  const auto backend = open();
  backend->create();
  save(*backend, kConfig, "config");
  const FileRef snapshot{.kind = FileKind::snapshot, .id = id_with(0xab)};
  save(*backend, snapshot, "snapshot");
  const std::string name = snapshot.id.hex();
  const std::string path = root_ + "/snapshots/" + name;
  // A link to it counts, and so does one that leads nowhere.
  fs::rename(path, temp_ / "elsewhere");
  fs::create_symlink(temp_ / "elsewhere", path);
  ASSERT_EQ(backend->list(FileKind::snapshot).size(), 1U);
  EXPECT_EQ(backend->list(FileKind::snapshot)[0].size, 8U);
  fs::rename(temp_ / "elsewhere", temp_ / "away");
  ASSERT_EQ(backend->list(FileKind::snapshot).size(), 1U);
  EXPECT_THAT([&] { load(*backend, snapshot); }, throws_errc(Errc::not_found));
  // So does one whose name a copying program has changed.
  fs::remove(path);
  std::string upper = name;
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  fs::rename(temp_ / "away", root_ + "/snapshots/" + upper);
  EXPECT_THAT([&] { backend->list(FileKind::snapshot); }, throws_errc(Errc::corrupt));
}

TEST_F(SftpBackendTest, AMissingFolderIsNoEmptyOne) {
  const auto backend = open();
  backend->create();
  save(*backend, kConfig, "config");
  for (const FileKind kind : {FileKind::key, FileKind::snapshot, FileKind::index, FileKind::pack}) {
    EXPECT_TRUE(backend->list(kind).empty());
  }
  for (const char* name : {"keys", "snapshots", "index", "data", "locks"}) {
    fs::rename(root_ + "/" + name, temp_ / name);
  }
  for (const FileKind kind : {FileKind::key, FileKind::snapshot, FileKind::index, FileKind::pack}) {
    EXPECT_THAT([&] { backend->list(kind); }, throws_errc(Errc::not_found));
    EXPECT_THAT([&] { open()->list(kind); }, throws_errc(Errc::not_found));
  }
  EXPECT_TRUE(backend->list(FileKind::lock).empty());
  save(*backend, {.kind = FileKind::lock, .id = id_with(1)}, "lock");
  EXPECT_EQ(backend->list(FileKind::lock).size(), 1U);
}

TEST_F(SftpBackendTest, PacksMayLackTheFoldersThatACopyLeftOut) {
  const auto backend = open();
  backend->create();
  save(*backend, kConfig, "config");
  for (const auto& folder : fs::directory_iterator(root_ + "/data")) fs::remove(folder);
  EXPECT_TRUE(backend->list(FileKind::pack).empty());
}

TEST_F(SftpBackendTest, TheFirstChangeMakesDurableWhatAKilledWriterLeft) {
  open()->create();
  const std::vector<std::string> standard = {"", "/index", "/keys", "/snapshots"};
  for (const FileKind kind : {FileKind::snapshot, FileKind::index, FileKind::key}) {
    const auto backend = open(failing_disk(), 1);
    save(*backend, {.kind = FileKind::lock, .id = id_with(1)}, "lock");
    backend->barrier();
    EXPECT_TRUE(synced().empty());
    const std::uint64_t before = backend->traffic().requests;
    save(*backend, {.kind = kind, .id = id_with(2)}, "x");
    EXPECT_THAT(synced(), testing::IsSupersetOf(standard));
    backend->barrier();
    EXPECT_EQ(backend->traffic().requests, before + 1) << "it costs no request of its own";
    save(*backend, {.kind = kind, .id = id_with(3)}, "x");
    EXPECT_EQ(synced().size(), 1U);
  }
  const auto storing = open(failing_disk(), 1);
  save(*storing, pack(1), "x");
  storing->barrier();
  EXPECT_THAT(synced(), testing::IsSupersetOf({"", "/data/01", "/index", "/keys", "/snapshots"}));
  const auto deleting = open(failing_disk(), 1);
  deleting->remove(pack(1));
  EXPECT_EQ(synced(), standard);
}

TEST_F(SftpBackendTest, AFolderThatIsNotDurableFailsTheBarrierForGood) {
  const auto backend = open(failing_disk());
  backend->create();
  save(*backend, {.kind = FileKind::index, .id = id_with(1)}, "x");
  save(*backend, pack(1), "x");
  make("sync-fails");
  EXPECT_THAT([&] { backend->barrier(); }, throws_errc(Errc::unreachable));
  fs::remove(temp_ / "sync-fails");
  // A kernel says it once only: the next success would prove nothing.
  EXPECT_THAT([&] { backend->barrier(); }, throws_errc(Errc::unreachable));
  EXPECT_THAT([&] { save(*backend, {.kind = FileKind::snapshot, .id = id_with(1)}, "x"); },
              throws_errc(Errc::unreachable));
}

TEST_F(SftpBackendTest, AnIndexWhoseNameIsNotDurableIsNotStored) {
  const auto backend = open(failing_disk());
  backend->create();
  const FileRef index{.kind = FileKind::index, .id = id_with(1)};
  save(*backend, index, "x");
  make("sync-fails");
  EXPECT_THAT([&] { save(*backend, {.kind = FileKind::index, .id = id_with(2)}, "x"); },
              throws_errc(Errc::unreachable));
  EXPECT_THAT([&] { open(failing_disk())->remove(index); }, throws_errc(Errc::unreachable));
  EXPECT_EQ(load(*open(), index), "x");
}

TEST_F(SftpBackendTest, AFileThatCannotBeClosedGetsNoName) {
  const auto backend = open(failing_disk());
  backend->create();
  make("close-fails");
  EXPECT_THAT([&] { save(*backend, pack(1), "x"); }, throws_errc(Errc::io));
  EXPECT_TRUE(backend->list(FileKind::pack).empty());
}

TEST_F(SftpBackendTest, ABarrierThatLostItsConnectionIsNotPassedByTheNextOne) {
  open()->create();
  const auto backend = open(script("echo $$ > $here/pid; DISK=$here LD_PRELOAD=" +
                                   std::string(MEDSAVE_FAILING_DISK) + " exec $server"),
                            1);
  save(*backend, pack(1), "content");
  save(*backend, pack(2), "content");
  // The server is restarted and has lost a name that was not durable yet.
  int pid = 0;
  std::ifstream(temp_ / "pid") >> pid;
  ASSERT_GT(pid, 1);
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  while (!is_zombie(pid)) std::this_thread::yield();
  fs::remove(pack_path(2));
  EXPECT_THAT([&] { backend->barrier(); }, throws_errc(Errc::unreachable));
  EXPECT_THAT([&] { backend->barrier(); }, throws_errc(Errc::unreachable));
}

TEST_F(SftpBackendTest, ABarrierThatFailedKeepsWhatItHadToDo) {
  open()->create();
  // The second connection is refused, the third works again.
  const auto backend = open(script("mkdir $here/1 2>/dev/null && { echo $$ > $here/pid; DISK=$here "
                                   "LD_PRELOAD=" +
                                   std::string(MEDSAVE_FAILING_DISK) +
                                   " exec $server; }\nmkdir $here/2 2>/dev/null && exit 1\n"
                                   "DISK=$here LD_PRELOAD=" +
                                   MEDSAVE_FAILING_DISK + " exec $server"),
                            1);
  save(*backend, pack(1), "content");
  int pid = 0;
  std::ifstream(temp_ / "pid") >> pid;
  ASSERT_GT(pid, 1);
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  while (!is_zombie(pid)) std::this_thread::yield();
  synced();
  EXPECT_ANY_THROW(backend->barrier());
  EXPECT_TRUE(synced().empty());
  backend->barrier();
  EXPECT_THAT(synced(), testing::Contains("/data/01"));
}

TEST_F(SftpBackendTest, ReplacesTheConfig) {
  for (const char* more : {"", " -P posix-rename"}) {
    const auto backend = open(std::string(kServer) + more);
    backend->create();
    backend->remove(kConfig);
    save(*backend, kConfig, "one");
    EXPECT_THAT([&] { save(*backend, kConfig, "two"); }, throws_errc(Errc::exists));
    backend->replace_config(Buffer(as_bytes("three")));
    EXPECT_EQ(load(*backend, kConfig), "three");
    EXPECT_EQ(backend->remove_leftovers(), 0U);
  }
}

TEST_F(SftpBackendTest, RemovesLeftoversAndNothingElse) {
  const auto backend = open();
  backend->create();
  save(*backend, kConfig, "config");
  save(*backend, pack(3), "pack");
  std::ofstream(pack_path(3) + "-tmp-123") << "12345";
  std::ofstream(root_ + "/config-tmp-9") << "123";
  EXPECT_EQ(backend->remove_leftovers(), 0U) << "a living writer may need what is young";
  make_older(pack_path(3) + "-tmp-123", std::chrono::hours(25));
  make_older(root_ + "/config-tmp-9", std::chrono::hours(25));
  std::ofstream(pack_path(3) + "-tmp-124") << "young";
  std::ofstream(root_ + "/data/03/notes-tmp-1") << "mine";
  fs::create_directory(pack_path(4) + "-tmp-5");
  EXPECT_EQ(backend->list(FileKind::pack).size(), 1U);
  EXPECT_EQ(backend->remove_leftovers(), 8U);
  EXPECT_FALSE(fs::exists(pack_path(3) + "-tmp-123"));
  EXPECT_TRUE(fs::exists(pack_path(3) + "-tmp-124"));
  EXPECT_TRUE(fs::exists(root_ + "/data/03/notes-tmp-1"));
  EXPECT_EQ(load(*backend, pack(3)), "pack");
}

TEST_F(SftpBackendTest, ListsThousandsOfFiles) {
  const auto backend = open();
  backend->create();
  for (unsigned i = 0; i < 3000; ++i) {
    Id id = id_with(i % 3);
    id.bytes()[1] = static_cast<std::byte>(i >> 8U);
    id.bytes()[2] = static_cast<std::byte>(i);
    std::ofstream(root_ + "/data/" + id.hex().substr(0, 2) + "/" + id.hex()) << "x";
  }
  std::ofstream(root_ + "/data/00/README") << "x";
  EXPECT_EQ(backend->list(FileKind::pack).size(), 3000U);
}

TEST_F(SftpBackendTest, AReadOnlyServerRefusesWritesForGood) {
  const auto writer = open();
  writer->create();
  save(*writer, kConfig, "config");
  save(*writer, pack(1), "pack");
  const auto backend = open(std::string(kServer) + " -R");
  EXPECT_EQ(load(*backend, pack(1)), "pack");
  EXPECT_THAT([&] { save(*backend, pack(2), "x"); }, throws_errc(Errc::permission));
  EXPECT_THAT([&] { backend->remove(pack(1)); }, throws_errc(Errc::permission));
  EXPECT_THAT([&] { backend->replace_config({}); }, throws_errc(Errc::permission));
}

TEST_F(SftpBackendTest, AConnectionThatIsCutIsMadeAgain) {
  open()->create();
  // A file that grows too large kills the first server.
  const auto backend = open(
      script("if mkdir $here/first 2>/dev/null; then ulimit -c 0; ulimit -f 500; fi; exec $server"),
      1);
  const Buffer content = random_bytes(2 << 20);
  Buffer data(content.view());
  EXPECT_THAT([&] { backend->save(pack(1), std::move(data)); }, throws_errc(Errc::io));
  EXPECT_EQ(as_text(data.view()), as_text(content.view()));
  EXPECT_FALSE(backend->size(pack(1)));
  backend->save(pack(1), std::move(data));
  EXPECT_EQ(load(*backend, pack(1)), as_text(content.view()));
}

TEST_F(SftpBackendTest, AnIdleConnectionThatEndedIsNoError) {
  open()->create();
  const auto backend = open(script("echo $$ > $here/pid; exec $server"), 1);
  EXPECT_FALSE(backend->size(pack(1)));
  int pid = 0;
  std::ifstream(temp_ / "pid") >> pid;
  ASSERT_GT(pid, 1);
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  while (!is_zombie(pid)) std::this_thread::yield();
  EXPECT_FALSE(backend->size(pack(1)));
}

TEST_F(SftpBackendTest, OneConnectionDoesWhereThereAreNoMore) {
  open()->create();
  const auto backend = open(script("mkdir $here/first 2>/dev/null || exit 255; exec $server"), 8);
  std::vector<std::jthread> threads;
  for (unsigned t = 0; t < 8; ++t) {
    threads.emplace_back([&backend, t] {
      for (unsigned i = 0; i < 10; ++i) save(*backend, pack(t * 10 + i), "content");
    });
  }
  threads.clear();
  EXPECT_EQ(backend->list(FileKind::pack).size(), 80U);
}

TEST_F(SftpBackendTest, CountsRequestsAndContent) {
  const auto backend = open();
  EXPECT_EQ(backend->traffic().requests, 0U);
  backend->create();
  save(*backend, pack(1), "12345");
  load(*backend, pack(1));
  const Traffic traffic = backend->traffic();
  EXPECT_EQ(traffic.requests, 3U);
  EXPECT_EQ(traffic.sent, 5U);
  EXPECT_EQ(traffic.received, 5U);
}

TEST_F(SftpBackendTest, WhatOpeningNeedsComesWithOneRequest) {
  const auto backend = open();
  backend->create();
  save(*backend, kConfig, "sealed");
  save(*backend, {.kind = FileKind::key, .id = id_with(1)}, "a key");
  const std::uint64_t before = backend->traffic().requests;
  const Opening opening = backend->load_opening();
  EXPECT_EQ(backend->traffic().requests, before + 1);
  EXPECT_EQ(as_text(opening.config.value().view()), "sealed");
  ASSERT_EQ(opening.keys.value().size(), 1U);
  EXPECT_EQ(opening.keys.value()[0].id, id_with(1));
  EXPECT_EQ(opening.keys.value()[0].size, 5U);
  EXPECT_TRUE(opening.locks.value().empty());
}

TEST_F(SftpBackendTest, WhatIsMissingInOpeningIsAbsent) {
  const auto backend = open();
  const Opening nothing = backend->load_opening();
  EXPECT_FALSE(nothing.config || nothing.keys || nothing.locks);
  backend->create();
  EXPECT_FALSE(backend->load_opening().config);
  save(*backend, kConfig, std::string(100'000, 'x'));  // absurd, but not cut off
  EXPECT_FALSE(backend->load_opening().config);
  EXPECT_TRUE(backend->load_opening().keys);
}

TEST_F(SftpBackendTest, OptionsAreChecked) {
  for (const char* number : {"0", "-1", "1000", "x", "", "2x"}) {
    const RemoteOptions options{.extended = {{"sftp.connections", number}}};
    EXPECT_THAT([&] { make_sftp_backend("host:x", options); }, throws_errc(Errc::usage)) << number;
  }
  EXPECT_EQ(open(kServer, 3)->connections(), 3U);
}

TEST_F(SftpBackendTest, AProgramThatIsNotThereIsNoMissingFile) {
  const auto backend = open("medsave-no-such-program");
  EXPECT_THAT([&] { load(*backend, kConfig); }, throws_errc(Errc::usage));
}

}  // namespace
}  // namespace medsave::test
