#pragma once

#include "medsave/base/clock.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace medsave {

/// Who and where this process is.
std::string host_name();
std::string user_name();  // of the effective user, as user_label() has it
std::uint32_t user_id();
std::uint32_t group_id();
std::int64_t process_id();
bool is_root();

/// Random id of the running kernel (changes at every boot); empty where unknown.
std::string boot_id();
/// Identity of this installation of the operating system; a clone of the computer's disk shares it.
/// Not meant to be shown to others as it is. Empty where unknown.
std::string machine_id();
/// Time since this kernel started, sleep of the machine included; setting the clock changes
/// nothing.
std::chrono::nanoseconds running_time();
/// When this kernel started, by the real-time clock.
Timestamp boot_time();
/// Waits for the next tick of the clock that local files get their times from, some milliseconds
/// behind the real-time clock: what was changed before has an earlier ctime than the result, and
/// what is changed afterwards has none.
Timestamp next_file_tick();
/// Identity of this process's pid namespace; empty where unknown.
std::string pid_namespace();
/// Whether a process with this pid exists now (signal 0; EPERM counts as existing).
bool process_exists(std::int64_t pid);

/// Names of ids and back, cached; thread-safe. Empty / nullopt when unknown.
std::string user_name_of(std::uint32_t uid);
std::string group_name_of(std::uint32_t gid);
std::string user_label(std::uint32_t uid);  // for people: the number as text when nameless
std::optional<std::uint32_t> user_id_of(const std::string& name);
std::optional<std::uint32_t> group_id_of(const std::string& name);

/// Shows `use` the value of a variable of the environment, unless it is not set or empty (false),
/// and removes it: neither children nor /proc show it any more.
bool take_from_environment(const std::string& name,
                           const std::function<void(std::string_view)>& use);
std::string home_directory();
std::string current_directory();

}  // namespace medsave
