#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

/// What the floors below and beside sys need of the operating system. They declare it here and
/// lib/sys defines it, so that it alone holds what differs from one system to another.
namespace medsave {

/// Memory for megabytes that will soon be written, beginning at a block of a disk; std::free()
/// takes it back. nullptr when there is not so much.
std::byte* allocate_pages(std::size_t bytes);

/// Overwrites memory in a way the compiler does not remove.
void wipe(void* data, std::size_t size);

/// Has gettext translate with the catalogue of this name (share/locale/NAME), whichever locales are
/// installed. Before the first thread.
void use_catalogue(const std::string& domain, const std::string& name);

/// Names the calling thread for debuggers and lists of processes.
void name_this_thread(const std::string& name);

/// Processors that this process may use; 0 where unknown.
unsigned usable_processors();

/// Seconds east of UTC of the process's time zone at an instant (seconds since 1970); 0 where the
/// system cannot tell. Slow.
std::int32_t zone_offset_at(std::int64_t seconds);

}  // namespace medsave
