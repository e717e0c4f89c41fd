#include "medsave/base/progress.hpp"

#include <algorithm>

namespace medsave {

void Progress::begin_item(const std::string& path) {
  if (!track_current) return;
  const std::lock_guard lock(mutex_);
  current_.push_back(path);
}

void Progress::end_item(const std::string& path) {
  if (!track_current) return;
  const std::lock_guard lock(mutex_);
  const auto found = std::find(current_.begin(), current_.end(), path);
  if (found != current_.end()) current_.erase(found);
}

std::vector<std::string> Progress::current_items() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

}  // namespace medsave
