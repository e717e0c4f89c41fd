#include "verify_stage.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/snap/tree_walker.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/metadata.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace medsave {
namespace {

constexpr unsigned kOwnerMayRead = 0400;

/// The restored mode may deny reading to us, unless we are root.
UniqueFd open_for_reading(int dir, const PlannedFile& file) {
  try {
    return open_file_at(dir, file.name);
  } catch (const Error& e) {
    if (e.code() != Errc::permission) throw;
  }
  set_permissions_at(dir, file.name, kOwnerMayRead);
  UniqueFd fd = open_file_at(dir, file.name);
  set_permissions_at(dir, file.name, file.metadata.permissions);
  return fd;
}

}  // namespace

void VerifyStage::run(const std::stop_token& stop) {
  const std::deque<PlannedFile>& files = context_.plan.files;
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    if (writer_.succeeded(i)) order.push_back(i);
  }
  std::ranges::stable_sort(order, {}, [&](std::uint32_t i) { return files[i].dir; });

  std::vector<std::span<const std::uint32_t>> dirs;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && files[order[end]].dir == files[order[begin]].dir) ++end;
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

void VerifyStage::verify_dir(std::span<const std::uint32_t> files, Buffer& content,
                             const std::stop_token& stop) {
  const std::uint32_t dir = context_.plan.files[files.front()].dir;
  Tree tree;
  try {
    tree = load_tree(context_.reader, context_.target.tree(dir));
  } catch (const Error& e) {
    context_.log.item_failed(context_.target.path(dir), e);
    return;
  }
  // The first of a name counts, as it did when restoring.
  std::unordered_map<std::string_view, const Node*> nodes;
  for (const Node& node : tree) nodes.try_emplace(node.name, &node);
  for (const std::uint32_t number : files) {
    check_stop(stop);
    const PlannedFile& file = context_.plan.files[number];
    try {
      verify_file(file, *nodes.at(file.name), content, stop);
    } catch (const Error& e) {
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
