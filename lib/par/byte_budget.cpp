#include "medsave/par/byte_budget.hpp"

#include "medsave/base/error.hpp"

#include <algorithm>

namespace medsave {

void ByteBudget::Lease::shrink(std::size_t bytes) {
  if (budget_ == nullptr || bytes >= bytes_) return;
  {
    const std::lock_guard lock(budget_->mutex_);
    budget_->available_ += bytes_ - bytes;
  }
  bytes_ = bytes;
  budget_->freed_.notify_all();
  if (bytes == 0) budget_ = nullptr;
}

ByteBudget::Lease ByteBudget::take(std::size_t bytes, const std::stop_token& stop) {
  const std::size_t granted = std::min(bytes, capacity_);
  std::unique_lock lock(mutex_);
  const bool free = freed_.wait(lock, stop, [&] { return available_ >= granted; });
  if (!free || stop.stop_requested()) throw Interrupted();
  available_ -= granted;
  return {this, granted};
}

}  // namespace medsave
