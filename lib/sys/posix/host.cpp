#include "medsave/sys/host.hpp"

#include "system_call.hpp"

#include "medsave/base/system.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

namespace medsave {
namespace {

/// Remembers what `find` answered, also that there was no answer.
template <typename Key, typename Value>
class Remembered {
 public:
  template <typename Find>
  Value get(const Key& key, const Find& find) {
    const std::lock_guard lock(mutex_);
    if (const auto known = values_.find(key); known != values_.end()) return known->second;
    return values_.emplace(key, find(key)).first->second;
  }

 private:
  std::mutex mutex_;  // guards values_
  std::unordered_map<Key, Value> values_;
};

/// Runs a getXXX_r function with a work space that grows until the entry fits.
template <typename Entry, typename Call>
const Entry* look_up(Entry& entry, std::vector<char>& space, const Call& call) {
  space.resize(1024);
  for (;;) {
    Entry* found = nullptr;
    const int error_number = call(&entry, space.data(), space.size(), &found);
    if (error_number == EINTR) continue;
    if (error_number != ERANGE || space.size() > (1U << 24)) return found;
    space.resize(4 * space.size());
  }
}

std::string find_user_name(std::uint32_t uid) {
  passwd entry{};
  std::vector<char> space;
  const passwd* found = look_up(entry, space, [&](passwd* e, char* s, std::size_t n, passwd** r) {
    return ::getpwuid_r(uid, e, s, n, r);
  });
  return found == nullptr ? "" : found->pw_name;
}

std::string find_group_name(std::uint32_t gid) {
  group entry{};
  std::vector<char> space;
  const group* found = look_up(entry, space, [&](group* e, char* s, std::size_t n, group** r) {
    return ::getgrgid_r(gid, e, s, n, r);
  });
  return found == nullptr ? "" : found->gr_name;
}

std::optional<std::uint32_t> find_user_id(const std::string& name) {
  passwd entry{};
  std::vector<char> space;
  const passwd* found = look_up(entry, space, [&](passwd* e, char* s, std::size_t n, passwd** r) {
    return ::getpwnam_r(name.c_str(), e, s, n, r);
  });
  if (found == nullptr) return std::nullopt;
  return found->pw_uid;
}

std::optional<std::uint32_t> find_group_id(const std::string& name) {
  group entry{};
  std::vector<char> space;
  const group* found = look_up(entry, space, [&](group* e, char* s, std::size_t n, group** r) {
    return ::getgrnam_r(name.c_str(), e, s, n, r);
  });
  if (found == nullptr) return std::nullopt;
  return found->gr_gid;
}

/// Empty where there is no such file.
std::string first_line_of(const char* path) {
  try {
    const Buffer content = read_file(path, 256);
    const std::string_view text = as_text(content.view());
    return std::string(text.substr(0, text.find('\n')));
  } catch (const Error&) {
    return "";
  }
}

}  // namespace

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0)
    throw_errno(N_("cannot read {}"), "hostname");
  return name.data();
}

std::string user_name() { return user_label(user_id()); }

std::uint32_t user_id() { return ::geteuid(); }
std::uint32_t group_id() { return ::getegid(); }
std::int64_t process_id() { return ::getpid(); }
bool is_root() { return ::geteuid() == 0; }

std::string boot_id() { return first_line_of("/proc/sys/kernel/random/boot_id"); }

std::string machine_id() { return first_line_of("/etc/machine-id"); }

std::chrono::nanoseconds running_time() {
  timespec up{};
  ::clock_gettime(CLOCK_BOOTTIME, &up);
  return std::chrono::seconds(up.tv_sec) + std::chrono::nanoseconds(up.tv_nsec);
}

Timestamp boot_time() {
  timespec now{};
  timespec up{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  ::clock_gettime(CLOCK_BOOTTIME, &up);
  const std::int64_t borrow = now.tv_nsec < up.tv_nsec ? 1 : 0;
  return {
      .seconds = now.tv_sec - up.tv_sec - borrow,
      .nanoseconds = static_cast<std::uint32_t>(now.tv_nsec - up.tv_nsec + borrow * 1'000'000'000)};
}

Timestamp next_file_tick() {
  const auto ticks = [] {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return Timestamp{.seconds = now.tv_sec, .nanoseconds = static_cast<std::uint32_t>(now.tv_nsec)};
  };
  // Linux 6.13 and later give some changes the exact time.
  const Timestamp exact = system_clock().now();
  constexpr int kMost = 100;  // somebody may set the clock back just now
  for (int n = 0; n < kMost && ticks() <= exact; ++n) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return ticks();
}

std::string pid_namespace() {
  try {
    return read_link_at(kCurrentDirectory, "/proc/self/ns/pid");
  } catch (const Error&) {
    return "";
  }
}

bool process_exists(std::int64_t pid) {
  if (pid <= 0 || pid > std::numeric_limits<pid_t>::max()) return false;
  return ::kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM;
}

std::string user_label(std::uint32_t uid) {
  const std::string name = user_name_of(uid);
  return name.empty() ? std::to_string(uid) : name;
}

std::string user_name_of(std::uint32_t uid) {
  static Remembered<std::uint32_t, std::string> names;
  return names.get(uid, find_user_name);
}

std::string group_name_of(std::uint32_t gid) {
  static Remembered<std::uint32_t, std::string> names;
  return names.get(gid, find_group_name);
}

std::optional<std::uint32_t> user_id_of(const std::string& name) {
  static Remembered<std::string, std::optional<std::uint32_t>> ids;
  return ids.get(name, find_user_id);
}

std::optional<std::uint32_t> group_id_of(const std::string& name) {
  static Remembered<std::string, std::optional<std::uint32_t>> ids;
  return ids.get(name, find_group_id);
}

bool take_from_environment(const std::string& name,
                           const std::function<void(std::string_view)>& use) {
  char* const value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return false;
  const std::string_view text = value;
  use(text);
  wipe(value, text.size());
  ::unsetenv(name.c_str());
  return true;
}

std::string home_directory() {
  if (const auto home = environment("HOME"); home && !home->empty()) return *home;
  passwd entry{};
  std::vector<char> space;
  const passwd* found = look_up(entry, space, [](passwd* e, char* s, std::size_t n, passwd** r) {
    return ::getpwuid_r(::geteuid(), e, s, n, r);
  });
  return found == nullptr ? "/" : found->pw_dir;
}

std::string current_directory() {
  std::string path(PATH_MAX, '\0');
  while (::getcwd(path.data(), path.size()) == nullptr) {
    if (errno != ERANGE) throw_errno(N_("cannot examine {}"), _("the current folder"));
    path.resize(2 * path.size());
  }
  path.resize(path.find('\0'));
  return path;
}

}  // namespace medsave
