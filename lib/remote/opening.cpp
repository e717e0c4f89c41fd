#include "opening.hpp"

#include "medsave/base/error.hpp"

#include <system_error>
#include <thread>
#include <utility>

namespace medsave {
namespace {

template <typename Value, typename Request>
void try_to(std::optional<Value>& value, const Request& request) noexcept {
  try {
    value = request();
  } catch (...) {
    value.reset();  // left empty: a later load() reports the failure
  }
}

}  // namespace

Opening load_opening_at_once(Backend& backend) {
  constexpr std::uint64_t kLongestConfig = 64 << 10;
  Opening found;
  {
    std::jthread keys;
    std::jthread locks;
    try {
      keys = std::jthread([&] { try_to(found.keys, [&] { return backend.list(FileKind::key); }); });
      locks =
          std::jthread([&] { try_to(found.locks, [&] { return backend.list(FileKind::lock); }); });
    } catch (const std::system_error&) {  // no thread to be had: asked for later
    }
    try_to(found.config, [&] {
      Buffer config;
      backend.load({.kind = FileKind::config}, kLongestConfig, config);
      return config;
    });
  }
  return found;
}

}  // namespace medsave
