#include "file_saver.hpp"

#include "support/temp_dir.hpp"

#include "medsave/crypto/sha256.hpp"
#include "medsave/format/tree_decode.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace medsave {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MemorySink : public BlobSink {
 public:
  SavedBlob save(BlobKind kind, ByteView plain) override {
    return save({.kind = kind, .id = sha256(plain)}, plain);
  }
  SavedBlob save(const BlobRef& blob, ByteView plain) override {
    if (blob.kind == BlobKind::data && on_data) on_data();
    blobs[blob.id] = std::string(as_text(plain));
    return {.id = blob.id};
  }
  SavedBlob save_prepared(const PreparedBlob& blob) override { return save(blob.ref, blob.plain); }
  [[nodiscard]] bool knows(const BlobRef& blob) const override { return blobs.contains(blob.id); }
  [[nodiscard]] std::optional<LeastGain> least_gain() const override { return std::nullopt; }
  SavedBlob save_again(const BlobRef& blob, ByteView plain) override { return save(blob, plain); }
  void finish() override {}
  [[nodiscard]] BlobWriterStats stats() const override { return {}; }

  std::map<Id, std::string> blobs;
  std::function<void()> on_data;
};

std::vector<std::unique_ptr<BlobSink>> make_sink(MemorySink*& memory) {
  auto sink = std::make_unique<MemorySink>();
  memory = sink.get();
  std::vector<std::unique_ptr<BlobSink>> sinks;
  sinks.push_back(std::move(sink));
  return sinks;
}

/// One thread does everything; the files of one folder, without looking at them beforehand.
class FileSaverTest : public ::testing::Test {
 protected:
  FileSaverTest() {
    sinks_.problem = [this](const BackupProblem& problem) { problems_.push_back(problem.path); };
    sinks_.notice = [this](const std::string& message) { notices_.push_back(message); };
    auto dir = std::make_shared<SourceDir>();
    dir->fd = open_dir_at(kCurrentDirectory, source_.path());
    dir->path = source_.path();
    dir_ = std::move(dir);
  }

  void write(const std::string& name, std::size_t size) {
    std::ofstream(source_ / name) << std::string(size, name.back());
  }

  /// Names and sizes as stored.
  std::map<std::string, std::uint64_t> save(const std::vector<std::string>& names, bool large) {
    FileBatch batch{.dir = dir_, .large = large};
    batch.draft = std::make_shared<TreeDraft>(names.size());
    for (const std::string& name : names) {
      FileItem item{.slot = batch.files.size()};
      item.entry.name = name;
      batch.files.push_back(std::move(item));
    }
    batch.draft->expect(names.size() - 1);
    std::vector<FileBatch> batches;
    batches.push_back(std::move(batch));
    queue_.push(std::move(batches), {});
    FileSaver::Scratch scratch;
    while (std::optional<Task> task = queue_.next({})) {
      saver_.run(std::move(std::get<FileBatch>(*task)), scratch, {});
      queue_.done();
    }
    std::map<std::string, std::uint64_t> stored;
    for (const Node& node : decode_tree(memory_->blobs.at(assembler_.root().value()))) {
      stored[node.name] = node.size;
    }
    return stored;
  }

  test::TempDir source_;
  SourceDirPtr dir_;
  MemorySink* memory_ = nullptr;
  FanOut sink_{make_sink(memory_), CompressionLevel::automatic};
  BackupSinks sinks_;
  Progress progress_;
  std::vector<std::string> problems_;
  std::vector<std::string> notices_;
  Reporter reporter_{sinks_, progress_};
  TreeAssembler assembler_{sink_, reporter_};
  WorkQueue queue_{2, 0};
  Chunker chunker_{*Polynomial::from_bits(0x3DA3358B4DC173)};
  FileSaver saver_{{.sink = sink_,
                    .assembler = assembler_,
                    .reporter = reporter_,
                    .queue = queue_,
                    .chunker = chunker_},
                   2};
};

using Sizes = std::map<std::string, std::uint64_t>;

TEST_F(FileSaverTest, LeavesOutFilesThatWentAway) {
  write("a", 3);
  EXPECT_EQ(save({"a", "gone"}, false), (Sizes{{"a", 3}}));
  EXPECT_THAT(problems_, ElementsAre(source_ / "gone"));
}

TEST_F(FileSaverTest, LeavesOutALargeFileThatWentAway) {
  EXPECT_THAT(save({"gone"}, true), IsEmpty());
  EXPECT_THAT(problems_, ElementsAre(source_ / "gone"));
}

TEST_F(FileSaverTest, LeavesOutWhatIsNoFileAnyMore) {
  ::mkfifo((source_ / "fifo").c_str(), 0600);
  std::filesystem::create_directory(source_ / "folder");
  std::filesystem::create_symlink("x", source_ / "symlink");
  write("x", 1);
  EXPECT_EQ(save({"fifo", "folder", "symlink", "x"}, false), (Sizes{{"x", 1}}));
  EXPECT_THAT(problems_, ElementsAre(source_ / "fifo", source_ / "folder", source_ / "symlink"));
}

TEST_F(FileSaverTest, TakesAFileThatBecameLargeOnItsOwn) {
  write("a", 3);
  write("b", 2 * kMinChunk);
  EXPECT_EQ(save({"a", "b"}, false), (Sizes{{"a", 3}, {"b", 2 * kMinChunk}}));
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_THAT(notices_, IsEmpty());
}

TEST_F(FileSaverTest, TakesALargeFileThatBecameSmall) {
  write("a", 0);
  EXPECT_EQ(save({"a"}, true), (Sizes{{"a", 0}}));
}

TEST_F(FileSaverTest, FlagsAFileThatGrowsWhileItIsRead) {
  write("a", 3 * kMaxChunk);
  int more = 2;
  memory_->on_data = [&] {
    if (more-- > 0) std::ofstream(source_ / "a", std::ios::app) << std::string(kMinChunk, 'z');
  };
  EXPECT_EQ(save({"a"}, true), (Sizes{{"a", 3 * kMaxChunk + 2 * kMinChunk}}));
  EXPECT_EQ(reporter_.changed_while_read(), 1U);
  ASSERT_EQ(notices_.size(), 1U);
  EXPECT_THAT(notices_[0], ::testing::HasSubstr(source_ / "a"));
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(FileSaverTest, FlagsAFileThatShrinksWhileItIsRead) {
  write("a", 3 * kMaxChunk);
  memory_->on_data = [&] { std::filesystem::resize_file(source_ / "a", 10); };
  const Sizes stored = save({"a"}, true);
  EXPECT_LT(stored.at("a"), 3 * kMaxChunk);
  EXPECT_EQ(reporter_.changed_while_read(), 1U);
}

}  // namespace
}  // namespace medsave
