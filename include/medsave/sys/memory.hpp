#pragma once

namespace medsave {

/// Sets the C library's allocator up for buffers of megabytes that come and go on several
/// threads: from 4 MiB on they are returned to the system when freed. By default glibc raises
/// that limit to 32 MiB at the first free, and chunk and pack buffers then stay in its heaps
/// (measured on a first backup: 230 MB at the peak instead of 140). Call once, before threads.
void bound_heap_growth();

}  // namespace medsave
