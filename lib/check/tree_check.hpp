#pragma once

#include "damage_log.hpp"

#include "medsave/format/tree.hpp"
#include "medsave/par/work_stack.hpp"
#include "medsave/repo/blob_marks.hpp"
#include "medsave/repo/repository.hpp"

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_set>
#include <vector>

namespace medsave {

/// What is wrong with a node by itself (its blobs apart); nullopt for a sound one.
std::optional<std::string> judge_node(const Node& node);

/// Visits every tree that the given roots lead to, once, on all cores: it must be readable and
/// valid, and what it refers to must be in the index.
class TreeCheck {
 public:
  TreeCheck(const Repository& repository, const Index& index, DamageLog& log, Progress& progress)
      : repository_(repository), index_(index), log_(log), progress_(progress) {}

  /// Marks all blobs met.
  void run(const std::vector<Id>& roots, BlobMarks& used, const std::stop_token& stop);

 private:
  struct Job {
    Id tree = {};
    unsigned depth = 0;
  };

  void work(const std::stop_token& stop);
  void job_done(std::vector<Job>& found);
  void check_tree(const Job& job, Buffer& json, std::vector<Job>& found);
  void check_nodes(const Job& job, const Tree& tree, std::vector<Job>& found);
  void check_content(const Job& job, const Node& node);
  void invalid(const Id& tree, const std::string& what);
  void tell_invalid(const Id& tree, const Node& node, const std::string& fault);
  /// False when no index file lists it.
  bool use(const BlobRef& blob);

  const Repository& repository_;
  const Index& index_;
  DamageLog& log_;
  Progress& progress_;

  WorkStack<Job> jobs_;
  std::mutex mutex_;  // guards the following
  std::unordered_set<Id> seen_;
  std::unordered_set<Id> missing_;  // blobs, each reported once

  BlobMarks* used_ = nullptr;
};

}  // namespace medsave
