#include "medsave/par/pause.hpp"

#include "medsave/base/error.hpp"

#include <condition_variable>
#include <mutex>

namespace medsave {

void pause_for(std::chrono::nanoseconds duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, duration, [] { return false; });
  if (stop.stop_requested()) throw Interrupted();
}

}  // namespace medsave
