#pragma once

#include "support/repo_builder.hpp"

#include "medsave/check/checker.hpp"
#include "medsave/check/read_data_selection.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace medsave::test {

/// One check of what `store` holds and all that it said.
struct CheckRun {
  CheckReport report = {};
  std::vector<Finding> findings = {};
  std::vector<std::string> stages = {};

  [[nodiscard]] bool found(FindingKind kind) const {
    return std::ranges::find(findings, kind, &Finding::kind) != findings.end();
  }
  [[nodiscard]] bool found(FindingKind kind, const Id& id) const {
    return std::ranges::any_of(findings,
                               [&](const Finding& f) { return f.kind == kind && f.id == id; });
  }
  [[nodiscard]] std::set<std::string> affected() const {
    std::set<std::string> paths;
    for (const AffectedPath& path : report.affected) {
      paths.insert(path.snapshot.short_hex() + ":" + path.path);
    }
    return paths;
  }
};

inline CheckRun check(std::unique_ptr<Backend> backend, const CheckRequest& request) {
  CheckRun run;
  Progress progress;
  const auto repository = RepoBuilder::open(std::move(backend));
  run.report = run_check(
      *repository, request, [&](const Finding& finding) { run.findings.push_back(finding); },
      [&](const std::string& stage) { run.stages.push_back(stage); }, progress, {});
  return run;
}

inline CheckRun check(MemBackend& store, const CheckRequest& request = {}) {
  return check(RepoBuilder::forward(store), request);
}

inline CheckRequest reading_data() {
  CheckRequest request;
  request.read_data.kind = ReadDataSelection::Kind::all;
  return request;
}

}  // namespace medsave::test
