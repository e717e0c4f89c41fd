#pragma once

#include "entry_decision.hpp"
#include "node_metadata.hpp"
#include "target_entry.hpp"

#include "medsave/format/node.hpp"
#include "medsave/repo/index.hpp"
#include "medsave/sys/file_info.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace medsave {

/// One blob of a file and where its bytes go.
struct FilePiece {
  Id blob = {};
  BlobLocation location = {};
  std::uint64_t offset = 0;  // in the file

  [[nodiscard]] std::uint32_t length() const { return location.content_length(); }
};

/// A regular file to be written, or (with verification) one that is right already.
struct PlannedFile {
  std::string name = {};
  std::uint32_t dir = 0;     // in the RestoreTarget
  std::uint32_t pieces = 0;  // still to be written
  std::uint64_t size = 0;    // bytes it will have
  NodeMetadata metadata = {};
  bool in_place = false;         // a regular file of this name is kept and corrected
  bool replaces = false;         // something else of this name goes first
  bool replaces_folder = false;  // a folder, with what is in it
  SeenEntry seen = {};           // what that file, or that something, is
  bool existed = false;
  bool was_unfinished = false;  // that file, by an earlier restore
  bool damaged = false;         // a part of its content is known to be missing or wrong
  bool has_metadata = false;    // the final one, so that it counts as complete
};

/// One use of a blob. As small as it can be: there is one per blob of every file.
struct BlobUse {
  std::uint32_t pack = 0;         // in DeferredWork::packs
  std::uint32_t pack_offset = 0;  // bytes
  std::uint32_t blob_tag = 0;     // first bytes of the blob's id: a damaged index may give two
                                  // blobs the same place
  std::uint32_t file = 0;         // in DeferredWork::files
  std::uint64_t file_offset = 0;  // bytes

  friend auto operator<=>(const BlobUse&, const BlobUse&) = default;
};
std::uint32_t blob_tag(const Id& id);

/// Where an entry with several names is made; the others are linked to it.
struct LinkSource {
  std::uint32_t dir = 0;
  std::string name = {};
  std::optional<std::uint32_t> file = {};  // in DeferredWork::files, once it is known there
  bool ready = false;                      // or it is there already
};
struct PlannedLink {
  std::uint32_t source = 0;  // in DeferredWork::link_sources
  std::uint32_t dir = 0;
  std::string name = {};
  std::optional<SeenEntry> seen = {};  // what had this name when the walk came by
};

/// A link, device or fifo that is made when the contents are restored, since a folder goes for it
/// with what is in it.
struct FolderReplacement {
  std::uint32_t dir = 0;
  Node node = {};
  std::optional<SeenEntry> seen = {};
  std::optional<std::uint32_t> link_source = {};
};

/// An entry the snapshot does not have.
struct ExtraEntry {
  std::uint32_t dir = 0;
  std::string name = {};
};

/// How many entries a plan has of each action, and the bytes of files among them: those to be
/// written, or (kept files) those that are there.
class PlanTotals {
 public:
  struct Sum {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
  };
  std::uint64_t growth = 0;  // bytes that the target holds more than before, at most
  std::uint64_t newer = 0;   // files that are overwritten though they are newer than the snapshot's

  void count(EntryAction action, std::uint64_t bytes = 0);
  void add(const PlanTotals& more);
  [[nodiscard]] const Sum& of(EntryAction action) const {
    return sums_[static_cast<std::size_t>(action)];
  }

 private:
  std::array<Sum, kEntryActions> sums_ = {};
};

/// What can only be done when all folders have been planned (contents pack by pack, further names
/// of files, what is removed), and how much that is altogether. Filled by several threads through
/// its functions, read without locks afterwards.
class DeferredWork {
 public:
  std::deque<PlannedFile> files = {};
  std::vector<BlobUse> uses = {};
  std::vector<Id> packs = {};
  std::vector<LinkSource> link_sources = {};
  std::vector<PlannedLink> links = {};
  std::deque<FolderReplacement> replacements = {};
  std::vector<ExtraEntry> extras = {};
  std::vector<PlannedFile> copies = {};  // written by LinkStage, which could not link them
  PlanTotals totals = {};

  /// The pieces that have to be written. `source` as returned by claim_link().
  void add_file(PlannedFile file, std::span<const FilePiece> pieces,
                std::optional<std::uint32_t> source);
  /// A source that needs no file of the plan is as it should be.
  void link_source_ready(const std::optional<std::uint32_t>& source);
  void add_replacement(FolderReplacement replacement);
  void add_extra(ExtraEntry extra);
  void add_totals(const PlanTotals& more);

  /// An entry of the target that has several names: to replace it by one of them changes the ctime
  /// of the others.
  void note_names(const FileInfo& present);
  /// Whether it is one of these, with the time of the last change of its content.
  [[nodiscard]] bool is_noted(const FileInfo& entry) const;

  /// For a node with links > 1: true makes the caller restore it (and sets `source`); false means
  /// that another name is restored already and a link has been planned. `seen`: what has this
  /// name in the target.
  bool claim_link(const Node& node, std::uint32_t dir, const std::optional<SeenEntry>& seen,
                  std::optional<std::uint32_t>& source);

 private:
  mutable std::mutex mutex_;  // guards everything while the walk runs
  std::map<FileKey, Timestamp> noted_;
  std::unordered_map<Id, std::uint32_t> pack_numbers_;
  // Inode numbers may be given again while a backup runs, so what two names hold counts too.
  using LinkKey = std::tuple<std::uint64_t, std::uint64_t, NodeType, Id>;
  std::map<LinkKey, std::uint32_t> sources_by_inode_;
};

}  // namespace medsave
