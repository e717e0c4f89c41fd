#pragma once

#include "exclusion_tags.hpp"

#include "medsave/archive/archiver.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// One name of the snapshot that the command line mentions: a target or a folder above one.
struct TargetNode {
  std::string path = {};  // where it is found, absolute or relative to the current directory
  bool wanted = false;    // a target: taken whole
  bool named = false;     // listed literally, so no filter applies to it
  bool follow = false;    // written with a slash at its end: the folder behind a symlink is meant
  std::optional<std::uint64_t> listed_device =
      {};                                // of the folder whose entry it is, see add_entry
  const StreamSource* stream = nullptr;  // what is read in its place; the path then is made up
  bool leads_to_streams_only = false;    // a folder that is in the snapshot alone
  std::map<std::string, TargetNode, std::less<>> children = {};  // by name, in byte order

  [[nodiscard]] const TargetNode* child(std::string_view name) const {
    const auto found = children.find(name);
    return found == children.end() ? nullptr : &found->second;
  }
};

/// The targets of a backup as the upper levels of its snapshot (medsave-repository(5), "Paths"). No
/// I/O. Immutable once built, then shared by all threads.
class BackupTargets {
 public:
  /// Adds a target with at least one component besides "..", as it was listed.
  void add(const std::string& target);
  /// The same for an entry of a listed folder such as ".", which is on `device`: filters apply.
  void add_entry(const std::string& target, std::uint64_t device);
  /// Adds a leaf that is no file. After all targets: throws Error(usage) where one of them has its
  /// name, or is the folder that it would be in.
  void add_stream(const StreamSource& stream);

  /// Its children are the entries of the root tree.
  [[nodiscard]] const TargetNode& root() const { return root_; }

 private:
  /// `entry_on`: as in add_entry(); nullopt for what was listed itself.
  void enter(const std::string& target, std::optional<std::uint64_t> entry_on);

  /// The folder in which a source's first component lies ("/", ".", "../.."), and its name there.
  /// Two components that differ in this must not share a name in the snapshot.
  struct Origin {
    std::string root = {};
    std::string name = {};
    friend bool operator==(const Origin&, const Origin&) = default;
  };

  TargetNode root_;
  std::map<std::string, Origin> origins_;  // by name in the snapshot
};

/// Whether a cleaned target has no component of its own ("/", ".", "../.."), so that its entries
/// are meant instead.
bool is_bare_root(std::string_view cleaned);

/// Sorted entries of such a target as targets of their own, but for those that a tag in it keeps
/// out.
std::vector<std::string> entries_of_bare_root(const std::string& cleaned,
                                              const ExclusionTags& tags);

}  // namespace medsave
