#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

/// Functions of the operating system that areas below and beside sys need. They are declared here
/// and defined in lib/sys, so that only lib/sys contains what differs between systems.
namespace medsave {

/// Memory for megabytes that will be written soon, aligned to blocks of a disk; to be freed with
/// std::free(). nullptr when there is not enough.
std::byte* allocate_pages(std::size_t bytes);

/// Overwrites memory in a way the compiler does not remove.
void wipe(void* data, std::size_t size);

/// The value of a variable of the environment; nullopt when it is not set.
std::optional<std::string> environment(const char* name);

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

/// The instant (seconds since 1970) of a date and time in the process's time zone; nullopt where
/// the system has none.
std::optional<std::int64_t> instant_of_local_time(std::tm local);

}  // namespace medsave
