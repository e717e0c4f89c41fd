#pragma once

#include "support/repo_builder.hpp"
#include "support/temp_dir.hpp"

#include "medsave/repo/index_load.hpp"
#include "medsave/restore/restorer.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/host.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace medsave::test {

/// A repository in memory and a target folder, "<temp>/target", beside which nothing may appear.
class RestoreRun {
 public:
  // What is durable shows only where a medium fails; to wait for it here would cost seconds.
  RestoreRun() : builder(store) { request.sync = false; }

  MemBackend store;
  RepoBuilder builder;
  RestoreRequest request;
  bool dry_run = false;
  std::vector<RestoreProblem> problems = {};
  std::map<std::string, RestoreAction> items = {};
  std::vector<std::string> notices = {};
  RestoreForecast forecast = {};
  Progress progress;

  RestoreResult restore(const Id& root) { return restore(root, builder.repository()); }
  RestoreResult restore(const Id& root, const Repository& repository) {
    request.target = target();
    return restore_there(root, repository);
  }
  /// To where `request` says.
  RestoreResult restore_there(const Id& root) { return restore_there(root, builder.repository()); }
  RestoreResult restore_there(const Id& root, const Repository& repository) {
    builder.start_packs();
    problems.clear();
    items.clear();
    request.tree = root;
    const auto index = load_index(repository, {});
    const BlobReader reader(repository, *index);
    const RestoreSinks sinks = {
        .problem = [this](const RestoreProblem& problem) { problems.push_back(problem); },
        .item = [this](const RestoreItem& item) { items[item.path] = item.action; },
        .forecast = [this](const RestoreForecast& told) { forecast = told; },
        .notice = [this](const std::string& text) { notices.push_back(text); }};
    if (dry_run) return plan_restore(reader, request, sinks, progress, {}).outcome;
    return run_restore(reader, request, sinks, progress, {});
  }

  [[nodiscard]] std::string target() const { return temp_ / "target"; }
  [[nodiscard]] std::string outside() const { return temp_ / "outside"; }
  [[nodiscard]] std::string path(const std::string& name) const { return target() + "/" + name; }
  [[nodiscard]] std::string text(const std::string& name) const {
    return std::string(as_text(read_file(path(name), 1U << 30).view()));
  }
  [[nodiscard]] bool exists(const std::string& name) const {
    return std::filesystem::exists(std::filesystem::symlink_status(path(name)));
  }
  [[nodiscard]] struct stat status(const std::string& name) const {
    struct stat st = {};
    EXPECT_EQ(::lstat(path(name).c_str(), &st), 0) << name;
    return st;
  }
  void put(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    write_file_durably(path(name), as_bytes(content), 0644);
  }
  /// Everything in the temporary folder besides the target and what is in it.
  [[nodiscard]] std::vector<std::string> strays() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(temp_.path())) {
      if (entry.path() != target()) found.push_back(entry.path());
    }
    return found;
  }

 private:
  TempDir temp_;
};

}  // namespace medsave::test
