#pragma once

#include "support/temp_dir.hpp"
#include "unit/repo/stores.hpp"

#include "medsave/archive/archiver.hpp"
#include "medsave/repo/index_load.hpp"
#include "medsave/snap/tree_walker.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace medsave::test {

inline void write_file(const std::string& path, std::string_view content) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

/// Where a folder lies, and what is in it.
class Source {
 public:
  explicit Source(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  const std::string path_;
};

/// What is asked of a backup to one destination, and what comes of it.
struct OneRequest : BackupRequest {
  std::optional<SnapshotEntry> parent = {};
  std::vector<Id> relies_on = {};
  Snapshot snapshot = {};
};
struct OneResult : BackupResult, DestinationResult {};

/// A folder to back up, "src" in the current folder, and a repository in memory. The target is
/// relative, since folders above change whenever another program makes a temporary file.
class BackupTest : public ::testing::Test {
 protected:
  BackupTest() : repository_(create_in(store_)) {
    std::filesystem::create_directory(source_.path());
    std::filesystem::current_path(work_.path());
    reload();
  }
  ~BackupTest() override { std::filesystem::current_path(before_); }

  /// A new process: nothing known but what is stored.
  void reload() {
    repository_ = open_in(store_);
    index_ = load_index(*repository_, {});
  }

  void write(const std::string& name, std::string_view content) {
    write_file(source_ / name, content);
  }
  /// As if it had been written long ago, so that its time tells a change after it was read.
  void age(const std::string& name) {
    const timespec times[2] = {{.tv_sec = 1'600'000'000, .tv_nsec = 5},
                               {.tv_sec = 1'600'000'000, .tv_nsec = 5}};
    ::utimensat(AT_FDCWD, (source_ / name).c_str(), times, 0);
  }

  [[nodiscard]] OneRequest request() const {
    OneRequest request;
    request.targets = {"src"};
    request.scan = false;
    request.snapshot.time.instant = {.seconds = 1'700'000'000, .nanoseconds = 0};
    request.snapshot.hostname = "host";
    return request;
  }

  [[nodiscard]] BackupSinks sinks() {
    problems_.clear();
    notices_.clear();
    BackupSinks sinks;
    sinks.problem = [this](const BackupProblem& problem) { problems_.push_back(problem.path); };
    sinks.notice = [this](const std::string& notice) { notices_.push_back(notice); };
    sinks.item = [this](const BackupItem& item) {
      items_.push_back(item);
      if (on_item_) on_item_(item);
    };
    items_.clear();
    sinks.content = on_content_;
    return sinks;
  }

  OneResult run(OneRequest request, const std::stop_token& stop = {}) {
    BackupDestination to = {.repository = *repository_,
                            .index = *index_,
                            .stop = stop,
                            .writer = options_,
                            .parent = std::move(request.parent),
                            .relies_on = std::move(request.relies_on),
                            .snapshot = std::move(request.snapshot)};
    Progress progress;
    OneResult result;
    static_cast<BackupResult&>(result) =
        run_backup({std::move(to)}, std::move(request), sinks(), progress);
    static_cast<DestinationResult&>(result) = result.destinations.front();
    done_bytes_ = progress.done_bytes;
    done_items_ = progress.done_items;
    return result;
  }
  OneResult run() { return run(request()); }

  /// The next backup of the same things.
  OneResult run_again(const OneResult& parent) {
    reload();
    OneRequest next = request();
    next.parent = SnapshotEntry{.id = *parent.snapshot_id, .snapshot = parent.snapshot};
    return run(std::move(next));
  }

  /// All nodes of a snapshot by path. Those of the source folder lose its "/src/".
  std::map<std::string, Node> nodes(const OneResult& result) {
    std::map<std::string, Node> all;
    const BlobReader reader(*repository_, *index_);
    walk_tree(reader, result.snapshot.tree, "/",
              [&](const WalkedNode& walked) {
                std::string path = walked.path;
                if (path.starts_with("/src/")) path.erase(0, 5);
                all.emplace(std::move(path), *walked.node);
                return true;
              },
              {}, {});
    return all;
  }

  std::string content(const Node& node) {
    const BlobReader reader(*repository_, *index_);
    std::string all;
    Buffer plain;
    for (const Id& id : node.content) {
      reader.load({.kind = BlobKind::data, .id = id}, plain);
      all += as_text(plain.view());
    }
    return all;
  }

  MemBackend store_;
  const std::filesystem::path before_ = std::filesystem::current_path();
  TempDir work_;
  Source source_{work_ / "src"};
  std::unique_ptr<Repository> repository_;
  std::unique_ptr<Index> index_;
  BlobWriterOptions options_ = {};
  std::vector<std::string> problems_;  // paths
  std::vector<std::string> notices_;
  std::vector<BackupItem> items_;
  std::function<void(const BackupItem&)> on_item_ = {};
  std::function<void(const ReadContent&)> on_content_ = {};
  std::uint64_t done_bytes_ = 0;
  std::uint64_t done_items_ = 0;
};

}  // namespace medsave::test
