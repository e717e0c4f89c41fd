#include "medsave/sys/xattr.hpp"

#include "native_dir.hpp"
#include "system_call.hpp"

#include "medsave/sys/fd.hpp"
#include "medsave/sys/file_info.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>

namespace medsave {
namespace {

constexpr std::size_t kLargest = 65536;  // XATTR_LIST_MAX and XATTR_SIZE_MAX of Linux

/// Rescue systems may be without it.
bool has_proc() {
  static const bool there = ::access("/proc/self/fd", X_OK) == 0;
  return there;
}

/// An entry relative to a descriptor, for calls that know paths or open files only. By
/// "/proc/self/fd/<dir>/<name>" it need not be opened; where there is no /proc, files and folders
/// are opened, and links and special files have no attributes. Short names, the normal case, need
/// no allocation.
class XattrEntry {
 public:
  XattrEntry(DirHandle dir, const std::string& name) {
    if (dir == kCurrentDirectory || (!name.empty() && name.front() == '/')) {
      path_ = name.c_str();
      return;
    }
    if (!has_proc()) {
      open(dir, name);
      return;
    }
    constexpr std::string_view kPrefix = "/proc/self/fd/";
    char* end = short_.data();
    std::memcpy(end, kPrefix.data(), kPrefix.size());
    end = std::to_chars(end + kPrefix.size(), short_.data() + short_.size(), native(dir)).ptr;
    *end++ = '/';
    const auto used = static_cast<std::size_t>(end - short_.data());
    if (used + name.size() < short_.size()) {
      std::memcpy(end, name.c_str(), name.size() + 1);
      path_ = short_.data();
    } else {
      long_.assign(short_.data(), used).append(name);
      path_ = long_.c_str();
    }
  }
  XattrEntry(const XattrEntry&) = delete;
  XattrEntry& operator=(const XattrEntry&) = delete;

  ssize_t list(char* buffer, std::size_t size) const {
    if (path_ != nullptr) return ::llistxattr(path_, buffer, size);
    return is_open() ? ::flistxattr(opened_.get(), buffer, size) : -1;
  }
  ssize_t read(const char* attribute, char* buffer, std::size_t size) const {
    if (path_ != nullptr) return ::lgetxattr(path_, attribute, buffer, size);
    return is_open() ? ::fgetxattr(opened_.get(), attribute, buffer, size) : -1;
  }
  [[nodiscard]] int set(const Xattr& attribute) const {
    const char* name = attribute.name.c_str();
    const std::string& value = attribute.value;
    if (path_ != nullptr) return ::lsetxattr(path_, name, value.data(), value.size(), 0);
    return is_open() ? ::fsetxattr(opened_.get(), name, value.data(), value.size(), 0) : -1;
  }
  [[nodiscard]] int remove(const char* attribute) const {
    if (path_ != nullptr) return ::lremovexattr(path_, attribute);
    return is_open() ? ::fremovexattr(opened_.get(), attribute) : -1;
  }

 private:
  void open(DirHandle dir, const std::string& name) {
    struct stat info = {};
    if (::fstatat(native(dir), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
      error_ = ENOTSUP;
      return;
    }
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    opened_ = UniqueFd(::openat(native(dir), name.c_str(), flags));
    if (!opened_) error_ = errno;
  }
  /// Sets errno if not.
  [[nodiscard]] bool is_open() const {
    if (!opened_) errno = error_;
    return static_cast<bool>(opened_);
  }

  std::array<char, 320> short_;
  std::string long_;
  const char* path_ = nullptr;
  UniqueFd opened_;
  int error_ = 0;  // why it is not open
};

bool means_none(int error_number) { return error_number == ENOTSUP || error_number == ENODATA; }

/// Names separated by NUL. `list(buffer, size)` is a listxattr call.
template <typename List>
std::string list_names(const List& list, const std::string& shown) {
  std::array<char, 1024> first;
  ssize_t got = list(first.data(), first.size());
  if (got == 0) return {};
  if (got > 0) return {first.data(), static_cast<std::size_t>(got)};
  if (errno == ERANGE) {
    std::string names(kLargest, '\0');
    got = list(names.data(), names.size());
    if (got >= 0) {
      names.resize(static_cast<std::size_t>(got));
      return names;
    }
  }
  if (means_none(errno)) return {};
  throw_errno(N_("cannot list the extended attributes of {}"), shown);
}

/// False when the attribute went away. `get(buffer, size)` is a getxattr call.
template <typename Get>
bool read_value(const Get& get, std::string& value) {
  std::array<char, 512> first;
  ssize_t got = get(first.data(), first.size());
  if (got >= 0) {
    value.assign(first.data(), static_cast<std::size_t>(got));
    return true;
  }
  if (errno != ERANGE) return false;
  value.resize(kLargest);
  got = get(value.data(), value.size());
  if (got < 0) return false;
  value.resize(static_cast<std::size_t>(got));
  value.shrink_to_fit();
  return true;
}

template <typename Get>
std::vector<Xattr> read_values(const std::string& names, const Get& get, const std::string& shown,
                               const NoticeSink& problem) {
  std::vector<Xattr> attributes;
  for (std::size_t at = 0; at < names.size(); at += std::strlen(names.c_str() + at) + 1) {
    const char* name = names.c_str() + at;
    Xattr attribute;
    const auto get_this = [&](char* buffer, std::size_t size) { return get(name, buffer, size); };
    if (read_value(get_this, attribute.value)) {
      attribute.name = name;
      attributes.push_back(std::move(attribute));
    } else if (!means_none(errno)) {
      const int error_number = errno;
      const std::string what = format_text(_("cannot read attribute {} of {}"), name, shown);
      problem(error_from_errno(error_number, what).what());
    }
  }
  return attributes;
}

}  // namespace

std::vector<Xattr> read_xattrs_at(DirHandle dir, const std::string& name, bool /*is_symlink*/,
                                  const NoticeSink& problem) {
  const XattrEntry entry(dir, name);
  const std::string names =
      list_names([&](char* buffer, std::size_t size) { return entry.list(buffer, size); }, name);
  if (names.empty()) return {};
  return read_values(
      names,
      [&](const char* attribute, char* buffer, std::size_t size) {
        return entry.read(attribute, buffer, size);
      },
      name, problem);
}

std::vector<Xattr> read_xattrs_fd(int fd, const NoticeSink& problem) {
  const std::string names =
      list_names([&](char* buffer, std::size_t size) { return ::flistxattr(fd, buffer, size); },
                 _("an open file"));
  if (names.empty()) return {};
  return read_values(
      names,
      [&](const char* attribute, char* buffer, std::size_t size) {
        return ::fgetxattr(fd, attribute, buffer, size);
      },
      _("an open file"), problem);
}

std::vector<Xattr> read_xattrs_dir(DirHandle dir, const NoticeSink& problem) {
  return read_xattrs_fd(native(dir), problem);
}

void set_xattr_at(DirHandle dir, const std::string& name, const Xattr& attribute) {
  const XattrEntry entry(dir, name);
  if (entry.set(attribute) != 0) {
    const int error_number = errno;
    throw error_from_errno(error_number,
                           format_text(_("cannot set attribute {} of {}"), attribute.name, name));
  }
}

void remove_xattr_at(DirHandle dir, const std::string& name, const std::string& attribute) {
  const XattrEntry entry(dir, name);
  if (entry.remove(attribute.c_str()) != 0) {
    const int error_number = errno;
    throw error_from_errno(error_number,
                           format_text(_("cannot remove attribute {} of {}"), attribute, name));
  }
}

std::vector<std::string> list_xattrs_at(DirHandle dir, const std::string& name) {
  const XattrEntry entry(dir, name);
  const std::string names =
      list_names([&](char* buffer, std::size_t size) { return entry.list(buffer, size); }, name);
  std::vector<std::string> list;
  for (std::size_t at = 0; at < names.size(); at += list.back().size() + 1) {
    list.emplace_back(names.c_str() + at);
  }
  return list;
}

}  // namespace medsave
