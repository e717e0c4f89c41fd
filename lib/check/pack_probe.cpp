#include "pack_probe.hpp"

#include "medsave/base/error.hpp"
#include "medsave/par/task_scope.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

namespace medsave {
namespace {

/// The packs of one folder.
struct Folder {
  std::span<const PackSummary> packs = {};
  std::vector<UnreachablePack> unreachable = {};
};

std::vector<Folder> by_folder(const std::vector<PackSummary>& packs) {
  std::vector<Folder> folders;
  for (auto begin = packs.begin(); begin != packs.end();) {
    const auto end = std::find_if(begin, packs.end(), [&](const PackSummary& pack) {
      return pack.id.bytes()[0] != begin->id.bytes()[0];
    });
    folders.push_back({.packs = {begin, end}});
    begin = end;
  }
  return folders;
}

std::optional<UnreachablePack> ask_for(Backend& backend, const PackSummary& pack) {
  try {
    if (backend.size({.kind = FileKind::pack, .id = pack.id})) return std::nullopt;
    return UnreachablePack{.pack = pack};
  } catch (const Error& e) {
    if (is_fatal(e)) throw;
    return UnreachablePack{.pack = pack, .failure = e};
  }
}

void ask_for(Backend& backend, Folder& folder, const std::stop_token& stop) {
  for (const PackSummary& pack : folder.packs) {
    check_stop(stop);
    if (std::optional<UnreachablePack> found = ask_for(backend, pack)) {
      folder.unreachable.push_back(std::move(*found));
    } else if (folder.unreachable.empty()) {
      return;  // the first pack exists, so the others are not asked for
    }
  }
}

}  // namespace

std::vector<UnreachablePack> probe_packs(Backend& backend, const std::vector<PackSummary>& packs,
                                         const std::stop_token& stop) {
  std::vector<Folder> folders = by_folder(packs);
  std::atomic<std::size_t> next = 0;
  TaskScope scope(stop);
  scope.spawn("ask for packs", backend.connections(), [&](const std::stop_token& token) {
    for (std::size_t i = next++; i < folders.size(); i = next++) {
      ask_for(backend, folders[i], token);
    }
  });
  scope.join();
  std::vector<UnreachablePack> all;
  for (Folder& folder : folders) {
    std::ranges::move(folder.unreachable, std::back_inserter(all));
  }
  return all;
}

}  // namespace medsave
