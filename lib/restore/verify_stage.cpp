#include "verify_stage.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/snap/tree_walker.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/metadata.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace medsave {
namespace {

constexpr unsigned kOwnerMayRead = 0400;

/// The restored mode may deny reading to us, unless we are root.
UniqueFd open_for_reading(DirHandle dir, const PlannedFile& file) {
  try {
    return open_file_at(dir, file.name);
  } catch (const Error& e) {
    if (e.code() != Errc::permission) throw;
  }
  const std::optional<FileInfo> now = lstat_at(dir, file.name);
  if (!now || !now->is_regular()) {
    throw Error(Errc::io, format_text(_("{} was replaced while restoring"), file.name));
  }
  set_permissions_at(dir, file.name, kOwnerMayRead);
  UniqueFd fd = open_file_at(dir, file.name);
  set_permissions_at(dir, file.name, now->mode);
  return fd;
}

}  // namespace

void VerifyStage::run(const std::stop_token& stop) {
  std::deque<PlannedFile>& files = context_.deferred.files;
  std::vector<PlannedFile*> order;
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    if (writer_.succeeded(i)) order.push_back(&files[i]);
  }
  for (PlannedFile& copy : context_.deferred.copies) order.push_back(&copy);
  std::ranges::stable_sort(order, {}, &PlannedFile::dir);

  std::vector<std::span<PlannedFile* const>> dirs;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && order[end]->dir == order[begin]->dir) ++end;
    dirs.push_back(std::span(order).subspan(begin, end - begin));
    begin = end;
  }
  std::atomic<std::size_t> next = 0;
  TaskScope scope(stop);
  scope.spawn("verify", worker_count(), [&](const std::stop_token& token) {
    Buffer content;
    for (std::size_t i = next.fetch_add(1); i < dirs.size(); i = next.fetch_add(1)) {
      verify_dir(dirs[i], content, token);
    }
  });
  scope.join();
}

void VerifyStage::verify_dir(std::span<PlannedFile* const> files, Buffer& content,
                             const std::stop_token& stop) {
  const std::uint32_t dir = files.front()->dir;
  Tree tree;
  try {
    tree = load_tree(context_.reader, context_.target.tree(dir));
  } catch (const Error& e) {
    if (is_fatal(e)) throw;
    context_.log.item_failed(context_.target.path(dir), e);
    return;
  }
  // The first of a name counts, as it did when restoring.
  std::unordered_map<std::string_view, const Node*> nodes;
  for (const Node& node : tree) nodes.try_emplace(node.name, &node);
  for (PlannedFile* planned : files) {
    check_stop(stop);
    const PlannedFile& file = *planned;
    try {
      verify_file(file, *nodes.at(file.name), content, stop);
    } catch (const Error& e) {
      planned->damaged = true;
      context_.item_failed(file.dir, file.name, e);
    }
  }
}

void VerifyStage::verify_file(const PlannedFile& file, const Node& node, Buffer& content,
                              const std::stop_token& stop) {
  const UniqueFd fd = open_for_reading(context_.target.open(file.dir)->get(), file);
  const std::uint64_t size = fstat_fd(fd.get()).size;
  if (size != file.size) {
    throw Error(Errc::corrupt,
                format_text(_("after restoring it has {} bytes instead of {}"), size, file.size));
  }
  // Only clean pages are dropped from memory, so the file is synced first: then the medium is read.
  if (!context_.request.sync) sync_data(fd.get(), file.name);
  drop_from_memory(fd.get(), 0, 0);
  std::uint64_t offset = 0;
  for (const Id& blob : node.content) {
    check_stop(stop);
    const auto location = context_.reader.index().find({.kind = BlobKind::data, .id = blob});
    const std::uint32_t length = location ? location->content_length() : 0;
    content.resize(length);
    const std::size_t got = pread_some(fd.get(), content.writable(), offset, file.name);
    if (got != length || sha256(content.view()) != blob) {
      throw Error(Errc::corrupt,
                  format_text(_("after restoring bytes {} to {} differ from the snapshot"), offset,
                              offset + length));
    }
    offset += length;
  }
  context_.log.verified();
}

}  // namespace medsave
