#include "medsave/sys/memory.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <unistd.h>

#include <cstdlib>  // any C library header defines __GLIBC__

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace medsave {

void bound_heap_growth() {
#if defined(__GLIBC__)
  constexpr int kReturnedFrom = 4 * 1024 * 1024;  // bytes
  mallopt(M_MMAP_THRESHOLD, kReturnedFrom);
  mallopt(M_TRIM_THRESHOLD, kReturnedFrom);
  mallopt(M_ARENA_MAX, 2);
#endif
}

std::uint64_t affordable_memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_size = ::sysconf(_SC_PAGESIZE);
  constexpr std::uint64_t kUnknown = 4ULL << 30U;
  if (pages <= 0 || page_size <= 0) return kUnknown;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_size) / 4 * 3;
}

void MemoryAllowance::check() const {
  if (!exhausted()) return;
  throw Error(
      Errc::unsupported,
      format_text(
          _("the snapshot lists more files and folders than fit into {} MiB of memory; choose a "
            "part of it. If it cannot have so many, somebody has forged its folder lists."),
          allowed_ / (1024 * 1024)));
}

}  // namespace medsave
