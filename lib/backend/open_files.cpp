#include "open_files.hpp"

#include "medsave/sys/file_info.hpp"

#include <algorithm>

namespace medsave {
namespace {

constexpr std::size_t kMaxOpen = 16;

}  // namespace

std::shared_ptr<const UniqueFd> OpenFiles::find(const Id& id) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(recent_, id, &Entry::first);
  if (found == recent_.end()) return nullptr;
  recent_.splice(recent_.begin(), recent_, found);
  return found->second;
}

std::shared_ptr<const UniqueFd> OpenFiles::open(const Id& id, DirHandle dir,
                                                const std::string& path) {
  auto opened = std::make_shared<const UniqueFd>(open_file_at(dir, path, true));
  const std::lock_guard lock(mutex_);
  recent_.emplace_front(id, opened);  // perhaps twice, by two threads: harmless
  if (recent_.size() > kMaxOpen) recent_.pop_back();
  return opened;
}

void OpenFiles::drop(const Id& id) {
  const std::lock_guard lock(mutex_);
  std::erase_if(recent_, [&](const Entry& entry) { return entry.first == id; });
}

}  // namespace medsave
