// treediff [--no-owner] [--ignore-root] [--sparse] [--no-sockets] A B
//
// Compares two folders in everything a restore has to bring back: names as raw bytes, types, modes,
// owners, modification times to the nanosecond, sizes, contents, symlink targets, extended
// attributes (ACLs are among them), device numbers and which names are one file. Prints each
// difference; exit status 0 equal, 1 different, 2 trouble. Shares no code with medsave, and walks
// relative to directory descriptors, so that depth beyond PATH_MAX is no obstacle.
//
//   --no-owner           owner and group are not compared (a restore by an ordinary user)
//   --ignore-root        metadata of the two folders themselves is not compared
//   --sparse             what is a hole in A must not take much room in B
//   --no-sockets         sockets of A may be missing in B (backups leave them out)

#include <fmt/core.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <exception>
#include <iostream>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace {

struct Options {
  bool owner = true;
  bool root = true;
  bool holes = false;
  bool sockets = true;
};

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

class Fd {
 public:
  Fd(int dir, const std::string& name, int flags)
      : fd_(openat(dir, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC)) {
    if (fd_ < 0) fail(name);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { close(fd_); }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::string printable(const std::string& raw) {
  std::string out;
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f || c == '\\') {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

/// Names of a directory without "." and "..".
std::set<std::string> list(const Fd& dir) {
  const int copy = openat(dir.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) fail(".");
  DIR* stream = fdopendir(copy);
  if (stream == nullptr) fail(".");
  std::set<std::string> names;
  while (const dirent* entry = readdir(stream)) {  // NOLINT(concurrency-mt-unsafe)
    const std::string name = static_cast<const char*>(entry->d_name);
    if (name != "." && name != "..") names.insert(name);
  }
  closedir(stream);
  return names;
}

std::string read_link(int dir, const std::string& name) {
  std::array<char, 1 << 16> target = {};
  const ssize_t size = readlinkat(dir, name.c_str(), target.data(), target.size());
  if (size < 0) fail(name);
  return {target.data(), static_cast<std::size_t>(size)};
}

/// All extended attributes that can be listed; a system without them has none.
std::map<std::string, std::string> attributes(int dir, const std::string& name) {
  const std::string path = fmt::format("/proc/self/fd/{}/{}", dir, name);
  std::array<char, 1 << 16> names = {};
  const ssize_t size = llistxattr(path.c_str(), names.data(), names.size());
  if (size < 0 && errno == ENOTSUP) return {};
  if (size < 0) fail(name);
  std::map<std::string, std::string> found;
  for (ssize_t at = 0; at < size;) {
    const std::string key = names.data() + at;
    at += static_cast<ssize_t>(key.size()) + 1;
    std::array<char, 1 << 16> value = {};
    const ssize_t used = lgetxattr(path.c_str(), key.c_str(), value.data(), value.size());
    if (used < 0) fail(fmt::format("{}: {}", name, key));
    found[key] = std::string(value.data(), static_cast<std::size_t>(used));
  }
  return found;
}

class Comparison {
 public:
  explicit Comparison(const Options& options) : options_(options) {}

  std::uint64_t run(const std::string& a, const std::string& b) {
    const Fd left(AT_FDCWD, a, O_RDONLY | O_DIRECTORY);
    const Fd right(AT_FDCWD, b, O_RDONLY | O_DIRECTORY);
    if (options_.root) compare_entry(left.get(), right.get(), ".", ".");
    compare_children(left, right, "");
    return differences_;
  }
  [[nodiscard]] std::uint64_t entries() const { return entries_; }

 private:
  using Inode = std::pair<dev_t, ino_t>;

  void differs(const std::string& path, const std::string& what) {
    ++differences_;
    std::cout << printable(path) << ": " << what << '\n';
  }
  template <typename T>
  void expect(const std::string& path, const char* what, const T& a, const T& b) {
    if (a != b) differs(path, fmt::format("{} {} / {}", what, a, b));
  }

  void compare_children(const Fd& a, const Fd& b, const std::string& path) {
    const std::set<std::string> left = list(a);
    const std::set<std::string> right = list(b);
    for (const std::string& name : right) {
      if (!left.contains(name)) differs(path + name, "only in the second");
    }
    for (const std::string& name : left) {
      if (right.contains(name)) {
        compare_named(a, b, name, path + name);
      } else if (options_.sockets || !is_socket(a, name)) {
        differs(path + name, "only in the first");
      }
    }
  }

  static bool is_socket(const Fd& dir, const std::string& name) {
    struct stat info = {};
    return fstatat(dir.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISSOCK(info.st_mode);
  }

  void compare_named(const Fd& a, const Fd& b, const std::string& name, const std::string& path) {
    if (!compare_entry(a.get(), b.get(), name, path)) return;
    const Fd left(a.get(), name, O_RDONLY | O_DIRECTORY);
    const Fd right(b.get(), name, O_RDONLY | O_DIRECTORY);
    compare_children(left, right, path + "/");
  }

  /// True when both are directories.
  bool compare_entry(int a, int b, const std::string& name, const std::string& path) {
    ++entries_;
    struct stat left = {};
    struct stat right = {};
    if (fstatat(a, name.c_str(), &left, AT_SYMLINK_NOFOLLOW) != 0) fail(path);
    if (fstatat(b, name.c_str(), &right, AT_SYMLINK_NOFOLLOW) != 0) fail(path);
    if ((left.st_mode & S_IFMT) != (right.st_mode & S_IFMT)) {
      differs(path, fmt::format("type {:o} / {:o}", left.st_mode, right.st_mode));
      return false;
    }
    compare_metadata(left, right, path);
    compare_attributes(a, b, name, path);
    if (S_ISREG(left.st_mode)) compare_files(a, b, name, path, left, right);
    if (S_ISLNK(left.st_mode)) {
      expect(path, "target", printable(read_link(a, name)), printable(read_link(b, name)));
    }
    if (S_ISBLK(left.st_mode) || S_ISCHR(left.st_mode)) {
      expect(path, "device", left.st_rdev, right.st_rdev);
    }
    if (!S_ISDIR(left.st_mode)) compare_links(left, right, path);
    return S_ISDIR(left.st_mode);
  }

  void compare_metadata(const struct stat& a, const struct stat& b, const std::string& path) {
    if (a.st_mode != b.st_mode) {
      differs(path, fmt::format("mode {:o} / {:o}", a.st_mode, b.st_mode));
    }
    if (options_.owner) {
      expect(path, "owner", a.st_uid, b.st_uid);
      expect(path, "group", a.st_gid, b.st_gid);
    }
    expect(path, "mtime", fmt::format("{}.{:09}", a.st_mtim.tv_sec, a.st_mtim.tv_nsec),
           fmt::format("{}.{:09}", b.st_mtim.tv_sec, b.st_mtim.tv_nsec));
  }

  void compare_attributes(int a, int b, const std::string& name, const std::string& path) {
    const auto left = attributes(a, name);
    const auto right = attributes(b, name);
    for (const auto& [key, value] : left) {
      const auto other = right.find(key);
      if (other == right.end()) {
        differs(path, "attribute " + printable(key) + " is missing in the second");
      } else if (other->second != value) {
        differs(path, "attribute " + printable(key) + " " + printable(value) + " / " +
                          printable(other->second));
      }
    }
    for (const auto& [key, value] : right) {
      if (!left.contains(key)) differs(path, "attribute " + printable(key) + " only in the second");
    }
  }

  void compare_files(int a, int b, const std::string& name, const std::string& path,
                     const struct stat& left, const struct stat& right) {
    if (left.st_size != right.st_size) {
      expect(path, "size", left.st_size, right.st_size);
      return;
    }
    constexpr blkcnt_t kSlack = 2048;  // of 512 bytes: restorers keep holes of whole blocks only
    if (options_.holes && right.st_blocks > left.st_blocks + kSlack) {
      expect(path, "blocks", left.st_blocks, right.st_blocks);
    }
    const Fd first(a, name, O_RDONLY);
    const Fd second(b, name, O_RDONLY);
    for (off_t offset = 0; offset < left.st_size;) {
      const std::size_t got = fill(first, left_buffer_, path);
      if (fill(second, right_buffer_, path) != got || got == 0) {
        differs(path, fmt::format("cannot be read to its end, byte {}", offset));
        return;
      }
      if (std::memcmp(left_buffer_.data(), right_buffer_.data(), got) != 0) {
        differs(path, fmt::format("content, from byte {} on", offset + mismatch(got)));
        return;
      }
      offset += static_cast<off_t>(got);
    }
  }

  static std::size_t fill(const Fd& file, std::vector<char>& buffer, const std::string& path) {
    std::size_t got = 0;
    while (got < buffer.size()) {
      const ssize_t size = read(file.get(), buffer.data() + got, buffer.size() - got);
      if (size < 0) fail(path);
      if (size == 0) break;
      got += static_cast<std::size_t>(size);
    }
    return got;
  }

  [[nodiscard]] off_t mismatch(std::size_t bytes) const {
    const auto end = left_buffer_.begin() + static_cast<std::ptrdiff_t>(bytes);
    return std::mismatch(left_buffer_.begin(), end, right_buffer_.begin()).first -
           left_buffer_.begin();
  }

  /// Two names of one file on one side must be two names of one file on the other.
  void compare_links(const struct stat& a, const struct stat& b, const std::string& path) {
    if (a.st_nlink <= 1 && b.st_nlink <= 1) return;
    const Inode left = {a.st_dev, a.st_ino};
    const Inode right = {b.st_dev, b.st_ino};
    if (forth_.try_emplace(left, right).first->second != right) {
      differs(path, "is the same file as another name in the first only");
    }
    if (back_.try_emplace(right, left).first->second != left) {
      differs(path, "is the same file as another name in the second only");
    }
  }

  Options options_;
  std::uint64_t differences_ = 0;
  std::uint64_t entries_ = 0;
  std::map<Inode, Inode> forth_;
  std::map<Inode, Inode> back_;
  std::vector<char> left_buffer_ = std::vector<char>(1 << 20);
  std::vector<char> right_buffer_ = std::vector<char>(1 << 20);
};

/// Every level of depth holds two descriptors.
void allow_many_files() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int run(const std::vector<std::string>& arguments) {
  Options options;
  std::vector<std::string> folders;
  for (const std::string& word : arguments) {
    if (word == "--no-owner") {
      options.owner = false;
    } else if (word == "--ignore-root") {
      options.root = false;
    } else if (word == "--sparse") {
      options.holes = true;
    } else if (word == "--no-sockets") {
      options.sockets = false;
    } else {
      folders.push_back(word);
    }
  }
  if (folders.size() != 2 || folders[0].starts_with("--")) {
    throw std::invalid_argument(
        "usage: treediff [--no-owner] [--ignore-root] [--sparse] [--no-sockets] A B");
  }
  allow_many_files();
  Comparison comparison(options);
  const std::uint64_t differences = comparison.run(folders[0], folders[1]);
  if (differences == 0) {
    std::cout << comparison.entries() << " entries, identical\n";
    return 0;
  }
  std::cout << differences << " differences\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "treediff: " << error.what() << '\n';
    return 2;
  }
}
