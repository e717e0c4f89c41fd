#pragma once

#include "name_claims.hpp"
#include "restore_context.hpp"
#include "walk_notes.hpp"

#include "medsave/format/tree.hpp"
#include "medsave/sys/memory.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_set>
#include <variant>
#include <vector>

namespace medsave {

/// First stage: walks the trees (each once), makes directories, links, devices and empty files at
/// once, compares existing files with their blobs, and plans everything else.
class RestoreWalk {
 public:
  explicit RestoreWalk(const RestoreContext& context)
      : context_(context),
        patterns_(context.request.includes, context.request.excludes),
        memory_(context.request.memory) {}
  void run(const std::stop_token& stop);

 private:
  struct DirJob {
    Id tree = {};
    std::uint32_t dir = 0;
    unsigned depth = 0;
    std::string path = {};       // without a slash at the end; empty for the root
    bool saved = false;          // at or below one of the request's sources: known in full
    bool in_repository = false;  // below a folder that is one in the target
    std::uint64_t device = 0;    // of the folder that was saved; 0: not recorded
    bool was_mounted = false;    // on another device than the folder around it
    bool was_in_place = false;   // on the same
  };
  /// A regular file that is there already.
  struct CompareJob {
    PlannedFile file = {};
    std::vector<FilePiece> pieces = {};
    std::optional<std::uint32_t> link_source = {};
    std::uint64_t present_size = 0;  // bytes; of the file PlannedFile::seen
    bool trusted = false;            // size and time agree, and that is asked to be enough
    bool may_mark = true;            // its mode can be changed, so that it can be left unfinished
    bool must_stay = false;          // not written to: it has other names
    bool same_metadata = false;      // time, owner and permissions are the snapshot's
  };
  using Job = std::variant<DirJob, CompareJob>;

  /// What handling one directory needs at hand.
  struct Visit {
    const DirJob& job;
    SharedDir fd = nullptr;              // nullptr: not made yet, or a dry run
    bool is_repository = false;          // in the target, before anything was restored
    bool is_another_repository = false;  // than the snapshot has here
    bool kept_parts = false;             // of that one
    bool sorted = true;  // the nodes' names strictly increase, so none can occur twice
    std::unordered_set<std::string_view> names = {};  // met so far, unless sorted
    std::string path = {};                            // of the node in turn
    NameClaims claims = {};                           // unless this run made the folder
  };
  struct Selection {
    bool restore = false;
    bool descend = false;
  };

  void work(const std::stop_token& stop);
  void add_job(Job job);
  std::optional<Job> next_job(const std::stop_token& stop);
  void job_done();

  void visit_dir(const DirJob& job, const std::stop_token& stop);
  void visit_node(Visit& visit, Node& node);
  [[nodiscard]] std::uint64_t remembered(const Node& node) const;
  static void judge_name(Visit& visit, const Node& node);
  [[nodiscard]] Selection select(const std::string& path, bool is_dir) const;
  void make_subdir(Visit& visit, const Node& node, std::uint32_t dir);
  void visit_subdir(Visit& visit, Node& node, const Selection& selection);
  void visit_entry(Visit& visit, Node& node);
  [[nodiscard]] bool may_overwrite(const Node& node, const FileInfo& present) const;
  void make_special(Visit& visit, Node& node, const std::optional<FileInfo>& present);
  void claim_made(Visit& visit, const std::string& name);
  void plan_file(Visit& visit, Node& node, const std::optional<FileInfo>& present);
  std::vector<FilePiece> locate_content(const std::string& path, const Node& node,
                                        PlannedFile& file);
  void plan_new_file(Visit& visit, const CompareJob& job);
  void make_empty_file(Visit& visit, const CompareJob& job);
  void compare(CompareJob& job, Buffer& content, const std::stop_token& stop);
  std::vector<FilePiece> missing_pieces(CompareJob& job, Buffer& content,
                                        const std::stop_token& stop);
  void settle(CompareJob& job, std::vector<FilePiece> wanted);
  void note_if_newer(const PlannedFile& file);
  void settle_unchanged(const CompareJob& job);
  void plan_whole_file(const CompareJob& job);
  void finish_kept(const CompareJob& job, const SharedDir& dir);
  void cut_to_size(const CompareJob& job);
  [[nodiscard]] bool is_source(const std::string& path) const;
  [[nodiscard]] bool leads_to_source(const std::string& folder) const;
  void collect_extras(const Visit& visit, const Tree& tree);
  bool keeps_extras(const Visit& visit, const Tree& tree, std::size_t count);
  void tell_of_kept_extras() const;

  const RestoreContext& context_;

  std::mutex mutex_;  // guards the following
  std::condition_variable_any changed_;
  std::vector<DirJob> dirs_;          // last in, first out: depth first keeps the list short
  std::vector<CompareJob> compares_;  // preferred, because they carry their content lists
  unsigned busy_ = 0;

  std::atomic<std::uint64_t> extras_kept_ = 0;
  PatternUse patterns_;
  NewerFiles newer_;
  MemoryAllowance memory_;
};

}  // namespace medsave
