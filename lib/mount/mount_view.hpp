#pragma once

#include "blob_store.hpp"
#include "content_reader.hpp"
#include "folder_store.hpp"
#include "node_table.hpp"
#include "snapshot_source.hpp"

#include "medsave/base/error.hpp"
#include "medsave/repo/blob_reader.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// What stat shows.
struct FileStatus {
  std::uint64_t inode = 0;
  std::uint32_t mode = 0;  // st_mode
  std::uint64_t links = 1;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint64_t rdev = 0;
  std::uint64_t size = 0;  // bytes
  Timestamp atime = {};
  Timestamp mtime = {};
  Timestamp ctime = {};
};

/// Something the kernel may ask for by `number` from now on.
struct FoundNode {
  std::uint64_t number = 0;
  FileStatus status = {};
  bool fixed = false;  // will be the same for as long as it is mounted
};

/// A folder that is being listed: entries as they were when it was opened.
struct Listing {
  std::uint64_t number = 0;    // of the folder
  std::uint64_t parent = 0;    // of the folder above
  std::uint64_t snapshot = 0;  // see Place
  Id tree = {};                // of a stored folder
  FolderPointer folder = {};   // stored, or
  std::vector<LayoutPointer> layout = {};

  [[nodiscard]] std::size_t size() const { return folder ? folder->nodes.size() : layout.size(); }
  [[nodiscard]] std::string name(std::size_t index) const;
};

/// The mounted folder, independent of FUSE: entries and contents by number. Thread-safe. All
/// functions throw Error; internal for a number that was never returned.
class MountView {
 public:
  static constexpr std::uint64_t kRoot = 1;

  MountView(const Repository& repository, const MountRequest& request, NoticeSink notice,
            const std::stop_token& stop);

  /// Entry `name` of a folder; nullopt when there is none. Counts one look-up.
  std::optional<FoundNode> find(std::uint64_t folder, std::string_view name);
  /// Whether a folder's entries (and what it has not) stay as they are.
  [[nodiscard]] bool is_fixed(std::uint64_t folder) const;
  void forget(std::uint64_t number, std::uint64_t count) { table_.forget(number, count); }
  FoundNode status(std::uint64_t number);

  std::shared_ptr<const Listing> list(std::uint64_t folder);
  /// What the entry is, without counting a look-up (number 0) or with.
  FoundNode entry(const Listing& listing, std::size_t index, bool count);

  std::string link_target(std::uint64_t number);
  std::vector<ContentPiece> read(std::uint64_t file, std::uint64_t offset, std::size_t size);
  std::vector<ExtendedAttribute> attributes(std::uint64_t number);

  /// To the notice sink, once per number, with the path as seen from the mountpoint.
  void report(std::uint64_t number, const Error& error) noexcept;
  /// How many numbers the kernel has.
  [[nodiscard]] std::size_t known() const { return table_.size(); }

 private:
  Place place_of(std::uint64_t number) const;
  FoundNode describe_layout(const LayoutEntry& entry) const;
  FoundNode describe_node(const Node& node, std::uint64_t inode, std::uint64_t snapshot) const;
  FoundNode child(const Listing& listing, std::uint32_t index, bool count);
  FoundNode layout_child(std::uint64_t parent, const LayoutPointer& entry, bool count);
  /// The list of a stored folder with what its entries need to know.
  Listing open_stored(std::uint64_t number, const Place& place);
  /// Keeps the folder's list alive.
  std::shared_ptr<const Node> node_of(const Place& place);
  std::string path_of(std::uint64_t number);

  const MountRequest& request_;
  NoticeSink notice_;
  SnapshotSource source_;
  BlobReader reader_;
  FolderStore folders_;
  BlobStore blobs_;
  ContentReader contents_;
  NodeTable table_;
  std::mutex mutex_;  // guards reported_
  std::set<std::uint64_t> reported_;
};

}  // namespace medsave
