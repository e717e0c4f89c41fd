#include "medsave/sys/memory.hpp"

#include <cstdlib>  // whichever C library header: it is what defines __GLIBC__

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

}  // namespace medsave
