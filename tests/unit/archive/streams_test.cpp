// What a backup reads from pipes, alone or beside folders, and what an observer sees of it all.
#include "backup_setup.hpp"
#include "support/matchers.hpp"

#include "medsave/base/error.hpp"
#include "medsave/chunk/chunker.hpp"

#include <gmock/gmock.h>

#include <unistd.h>

#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace medsave {
namespace {

using test::BackupTest;
using test::OneRequest;
using test::OneResult;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::UnorderedElementsAre;

std::string random_text(unsigned seed, std::size_t size) {
  const Buffer bytes = test::content(seed, size, false);
  return std::string(as_text(bytes.view()));
}

TEST_F(BackupTest, ReadsAPipe) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string sent = random_text(3, 3 * kMaxChunk);
  std::thread producer([&] {
    for (std::size_t at = 0; at < sent.size();) {
      const ssize_t written = ::write(ends[1], sent.data() + at, sent.size() - at);
      if (written <= 0) break;
      at += static_cast<std::size_t>(written);
    }
    ::close(ends[1]);
  });
  bool finished = false;
  OneRequest from_pipe = request();
  from_pipe.targets.clear();
  from_pipe.streams = {{.filename = "dump/db.sql",
                        .open = [&] { return ends[0]; },
                        .finish = [&] { finished = true; }}};
  const OneResult result = run(std::move(from_pipe));
  producer.join();
  ::close(ends[0]);
  EXPECT_TRUE(finished);
  EXPECT_THAT(result.snapshot.paths, ElementsAre("/dump/db.sql"));
  const std::map<std::string, Node> stored = nodes(result);
  const Node& file = stored.at("/dump/db.sql");
  EXPECT_EQ(content(file), sent);
  EXPECT_EQ(file.mode, 0644U);
  EXPECT_EQ(file.mtime.seconds, 1'700'000'000);
  EXPECT_EQ(file.inode + file.device_id + file.links, 0U);
  EXPECT_TRUE(file.user.empty());
  EXPECT_EQ(stored.at("/dump").mode, go_mode::kDir | 0755U);
  EXPECT_EQ(result.snapshot.summary->files_new, 1U);
  EXPECT_EQ(result.snapshot.summary->dirs_new, 1U);
}

TEST_F(BackupTest, SavesNothingWhenNothingArrives) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[1]);
  OneRequest from_pipe = request();
  from_pipe.targets.clear();
  from_pipe.streams = {{.open = [&] { return ends[0]; }}};
  EXPECT_THAT([&] { run(std::move(from_pipe)); }, test::throws_errc(Errc::io));
  ::close(ends[0]);
  EXPECT_THAT(store_.list(FileKind::snapshot), IsEmpty());
}

TEST_F(BackupTest, SavesNothingOfAProducerThatFailed) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "half", 4), 4);
  ::close(ends[1]);
  OneRequest from_pipe = request();
  from_pipe.targets.clear();
  from_pipe.streams = {
      {.open = [&] { return ends[0]; }, .finish = [] { throw Error(Errc::io, "exit status 1"); }}};
  EXPECT_THAT([&] { run(std::move(from_pipe)); }, test::throws_errc(Errc::io));
  ::close(ends[0]);
  EXPECT_THAT(store_.list(FileKind::snapshot), IsEmpty());
}

/// A program that writes `text` into a pipe once it is opened.
class Program {
 public:
  explicit Program(std::string text) : text_(std::move(text)) {}
  ~Program() {
    if (ends_[0] >= 0) ::close(ends_[0]);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  int open() {
    EXPECT_EQ(::pipe(ends_), 0);
    EXPECT_EQ(::write(ends_[1], text_.data(), text_.size()), static_cast<ssize_t>(text_.size()));
    ::close(ends_[1]);
    return ends_[0];
  }

 private:
  const std::string text_;
  int ends_[2] = {-1, -1};
};

TEST_F(BackupTest, ReadsStreamsBesideFolders) {
  write("f", "file");
  Program first("first dump");
  Program second("second dump");
  OneRequest both = request();
  both.streams = {{.filename = "dumps/a.sql", .open = [&] { return first.open(); }},
                  {.filename = "dumps/b.sql", .open = [&] { return second.open(); }}};
  const OneResult result = run(std::move(both));
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_THAT(result.snapshot.paths, ElementsAre("/dumps/a.sql", "/dumps/b.sql", source_.path()));
  const std::map<std::string, Node> stored = nodes(result);
  EXPECT_EQ(content(stored.at("f")), "file");
  EXPECT_EQ(content(stored.at("/dumps/a.sql")), "first dump");
  EXPECT_EQ(content(stored.at("/dumps/b.sql")), "second dump");
  EXPECT_EQ(result.snapshot.summary->files_new, 3U);
}

TEST_F(BackupTest, LeavesOutTheStreamOfAProgramThatFailed) {
  write("f", "file");
  Program half("half a dump");
  Program silent("");
  OneRequest both = request();
  both.streams = {{.filename = "half.sql",
                   .open = [&] { return half.open(); },
                   .finish = [] { throw Error(Errc::io, "exit status 1"); }},
                  {.filename = "silent.sql", .open = [&] { return silent.open(); }},
                  {.filename = "none.sql",
                   .open = []() -> int { throw Error(Errc::not_found, "no such program"); }}};
  const OneResult result = run(std::move(both));
  EXPECT_THAT(problems_, UnorderedElementsAre("/half.sql", "/none.sql", "/silent.sql"));
  EXPECT_EQ(result.problems, 3U);
  EXPECT_THAT(nodes(result), ElementsAre(Key("/src"), Key("f")));
}

TEST_F(BackupTest, SavesNothingWhenAllStreamsFail) {
  Program silent("");
  OneRequest failing = request();
  failing.targets.clear();
  failing.streams = {
      {.filename = "a", .open = [&] { return silent.open(); }},
      {.filename = "b", .open = []() -> int { throw Error(Errc::not_found, "no such program"); }}};
  EXPECT_THAT([&] { run(std::move(failing)); }, test::throws_errc(Errc::io));
  EXPECT_THAT(store_.list(FileKind::snapshot), IsEmpty());
}

TEST_F(BackupTest, ShowsContentAsItIsRead) {
  const std::map<std::string, std::string> written = {
      {"/src/empty", ""}, {"/src/large", random_text(1, kMaxChunk + 5)}, {"/src/small", "text"}};
  for (const auto& [path, text] : written) write(path.substr(5), text);
  Program program("a dump");
  OneRequest all = request();
  all.streams = {{.filename = "dump.sql", .open = [&] { return program.open(); }}};
  std::map<std::string, std::string> seen;
  std::mutex mutex;
  on_content_ = [&](const ReadContent& part) {
    const std::lock_guard lock(mutex);
    std::string& file = seen[std::string(part.path)];
    EXPECT_EQ(part.offset, file.size());
    file += as_text(part.bytes);
  };
  run(std::move(all));
  std::map<std::string, std::string> expected = written;
  expected["/dump.sql"] = "a dump";
  EXPECT_EQ(seen, expected);
}

TEST_F(BackupTest, RefusesAStreamWhoseNameIsTaken) {
  write("d/f", "file");
  for (const char* name : {"src", "src/dump", "src/d/f"}) {
    OneRequest taken = request();
    taken.streams = {{.filename = name, .open = [] { return -1; }}};
    EXPECT_THAT([&] { run(std::move(taken)); }, test::throws_errc(Errc::usage)) << name;
  }
  OneRequest twice = request();
  twice.streams = {{.filename = "a", .open = [] { return -1; }},
                   {.filename = "a/b", .open = [] { return -1; }}};
  EXPECT_THAT([&] { run(std::move(twice)); }, test::throws_errc(Errc::usage));
}

TEST_F(BackupTest, StopsWhileASilentPipeIsRead) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  std::stop_source stop;
  std::thread interrupter([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    stop.request_stop();
  });
  OneRequest from_pipe = request();
  from_pipe.targets.clear();
  from_pipe.streams = {{.open = [&] { return ends[0]; }}};
  EXPECT_THROW(run(std::move(from_pipe), stop.get_token()), Interrupted);
  interrupter.join();
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace medsave
