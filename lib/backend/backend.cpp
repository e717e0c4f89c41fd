#include "medsave/backend/backend.hpp"

#include "medsave/base/error.hpp"

#include <utility>

namespace medsave {
namespace {

constexpr FileRef kConfig = {.kind = FileKind::config, .id = {}};
constexpr std::uint64_t kMaxConfig = 1ULL << 20U;  // bytes

void put_back(Backend& backend, Buffer config) noexcept {
  try {
    if (backend.size(kConfig)) return;
    backend.save(kConfig, std::move(config));
    backend.barrier();
  } catch (...) {  // the failure that led to this is the one to report
  }
}

}  // namespace

void Backend::replace_config(Buffer data) {
  Buffer old;
  load(kConfig, kMaxConfig, old);
  remove(kConfig);
  try {
    save(kConfig, std::move(data));
    barrier();
  } catch (...) {
    put_back(*this, std::move(old));
    throw;
  }
}

}  // namespace medsave
