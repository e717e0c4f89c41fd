#include "opening.hpp"

#include "medsave/base/error.hpp"

#include <atomic>
#include <system_error>
#include <thread>
#include <utility>

namespace medsave {
namespace {

template <typename Value, typename Request>
void try_to(std::optional<Value>& value, std::atomic<bool>& interrupted,
            const Request& request) noexcept {
  try {
    value = request();
  } catch (const Interrupted&) {
    interrupted = true;
  } catch (...) {
    value.reset();  // left empty: a later load() reports the failure
  }
}

}  // namespace

Opening load_opening_at_once(Backend& backend) {
  constexpr std::uint64_t kLongestConfig = 64 << 10;
  Opening found;
  std::atomic<bool> interrupted = false;
  {
    std::jthread keys;
    std::jthread locks;
    try {
      keys = std::jthread(
          [&] { try_to(found.keys, interrupted, [&] { return backend.list(FileKind::key); }); });
      locks = std::jthread(
          [&] { try_to(found.locks, interrupted, [&] { return backend.list(FileKind::lock); }); });
    } catch (const std::system_error&) {  // no thread to be had: asked for later
    }
    try_to(found.config, interrupted, [&] {
      Buffer config;
      backend.load({.kind = FileKind::config}, kLongestConfig, config);
      return config;
    });
  }
  if (interrupted) throw Interrupted();
  return found;
}

}  // namespace medsave
