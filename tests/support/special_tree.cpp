// special-tree DIR [--portable]
//
// Makes a folder with one of everything a file system can hold: every kind of file, modes, owners
// and devices (as root), extended attributes and ACLs, holes, hard links, odd names and times, a
// path deeper than PATH_MAX. --portable leaves out what restic releases cannot save or bring back:
// that path, link targets that are not UTF-8, symlinks with two names, times after 2262.

#include <fmt/core.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

void require(bool done, const std::string& what) {
  if (!done) throw std::system_error(errno, std::generic_category(), what);
}

void make_dir(const std::string& path, mode_t mode = 0755) {
  require(mkdir(path.c_str(), mode) == 0 && chmod(path.c_str(), mode) == 0, path);
}

void make_file(const std::string& path, std::string_view data, mode_t mode = 0644) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  require(fd >= 0, path);
  const bool written = write(fd, data.data(), data.size()) == static_cast<ssize_t>(data.size());
  require(written && fchmod(fd, mode) == 0 && close(fd) == 0, path);
}

void set_time(const std::string& path, std::int64_t seconds, long nanoseconds) {
  const std::array<timespec, 2> times = {timespec{seconds, nanoseconds},
                                         timespec{seconds, nanoseconds}};
  require(utimensat(AT_FDCWD, path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) == 0, path);
}

/// Bytes that no compressor likes, the same every time.
std::string noise(std::size_t size) {
  std::string out(size, '\0');
  std::uint64_t state = 88172645463325252U;
  for (char& c : out) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    c = static_cast<char>(state >> 32 & 0xff);
  }
  return out;
}

void names(const std::string& dir) {
  make_dir(dir);
  constexpr std::string_view kNames[] = {"latin1-\xe9\xe8",
                                         "\xff\xfe-start",
                                         "cut-\xe2\x82",
                                         "surrogate-\xed\xa0\x80",
                                         "line\nbreak",
                                         "tab\tand\x01 control\x7f",
                                         "quote\"back\\slash'",
                                         "<tag>&amp;",
                                         "non\u00a0breaking\u2028separator\ufeff",
                                         "\ufffd",
                                         "漢字 🦷 é",
                                         "e\u0301 decomposed",
                                         " leading and trailing ",
                                         "-rf",
                                         "*?[a]{b}",
                                         "...",
                                         "~",
                                         "CON"};
  for (const std::string_view name : kNames) make_file(dir + "/" + std::string(name), name);
  make_file(dir + "/" + std::string(255, 'n'), "255 bytes\n");
  make_dir(dir + "/" + std::string(255, 'd'));
  make_dir(dir + "/latin1-dir-\xe9");
  make_file(dir + "/latin1-dir-\xe9/\xe8", "inside\n");
}

void links(const std::string& dir, bool portable) {
  make_dir(dir);
  make_file(dir + "/one", "three names\n");
  require(link((dir + "/one").c_str(), (dir + "/two").c_str()) == 0, dir);
  make_dir(dir + "/below");
  require(link((dir + "/one").c_str(), (dir + "/below/three").c_str()) == 0, dir);
  make_file(dir + "/big-one", noise(700'000));
  require(link((dir + "/big-one").c_str(), (dir + "/big-two").c_str()) == 0, dir);
  const auto symbolic = [&](const std::string& target, const char* name) {
    require(symlink(target.c_str(), (dir + "/" + name).c_str()) == 0, name);
  };
  symbolic("one", "relative");
  symbolic("/nowhere/at all", "dangling");
  symbolic("..", "parent");
  symbolic("below/\"quoted\" <é>\n", "odd-target");
  symbolic(std::string(4000, 'x'), "long-target");
  if (!portable) {
    symbolic("caf\xe9-\xff", "latin1-target");
    require(linkat(AT_FDCWD, (dir + "/relative").c_str(), AT_FDCWD, (dir + "/relative-2").c_str(),
                   0) == 0,
            dir);
  }
  set_time(dir + "/dangling", 1'000'000'000, 123'456'789);
}

void modes(const std::string& dir) {
  make_dir(dir);
  for (const mode_t mode : {0000U, 0400U, 0200U, 0644U, 0777U, 01644U, 02755U, 04755U, 06711U}) {
    if ((mode & 0400) == 0 && geteuid() != 0) continue;  // could not be saved
    make_file(dir + fmt::format("/f{:04o}", mode), "mode\n", mode);
  }
  for (const mode_t mode : {0700U, 0555U, 01777U, 02775U}) {
    make_dir(dir + fmt::format("/d{:04o}", mode), mode);
  }
}

void special_files(const std::string& dir) {
  make_dir(dir);
  require(mkfifo((dir + "/fifo").c_str(), 0640) == 0, dir);
  if (geteuid() == 0) {
    // Not every container may make devices; the rest of the tree is worth as much.
    if (mknod((dir + "/null").c_str(), S_IFCHR | 0644, makedev(1, 3)) != 0) return;
    require(mknod((dir + "/block").c_str(), S_IFBLK | 0600, makedev(7, 200)) == 0, dir);
    require(mknod((dir + "/large").c_str(), S_IFCHR | 0600, makedev(300, 70000)) == 0, dir);
  }
}

void socket_file(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  require(fd >= 0, path);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {  // a long temporary folder: do without
    close(fd);
    return;
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the socket interface is like this
  require(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, path);
  close(fd);
}

void owners(const std::string& dir) {
  if (geteuid() != 0) return;
  make_dir(dir);
  for (const unsigned id : {1U, 65534U, 12345678U, 4294967293U}) {
    const std::string path = dir + fmt::format("/u{}", id);
    make_file(path, "owned\n", 04755);
    require(chown(path.c_str(), id, id) == 0 && chmod(path.c_str(), 04755) == 0, path);
  }
  require(symlink("u1", (dir + "/link").c_str()) == 0 &&
              lchown((dir + "/link").c_str(), 12345, 54321) == 0,
          dir);
}

/// An ACL as the kernel takes it: version 2, then tag, permissions and id of each entry, sorted.
std::string acl(bool directory) {
  struct Entry {
    std::uint32_t tag;
    std::uint32_t permissions;
    std::uint32_t id;
  };
  constexpr std::uint32_t kNoId = 0xffffffff;
  const std::array<Entry, 6> entries = {{{0x01, 7, kNoId},
                                         {0x02, 4, 1234},
                                         {0x04, 5, kNoId},
                                         {0x08, 6, 5678},
                                         {0x10, 7, kNoId},
                                         {0x20, directory ? 5U : 0U, kNoId}}};
  std::string out("\x02\0\0\0", 4);
  for (const Entry& entry : entries) {
    for (const std::uint32_t value : {entry.tag | entry.permissions << 16, entry.id}) {
      for (unsigned shift = 0; shift < 32; shift += 8) {
        out += static_cast<char>(value >> shift & 0xff);
      }
    }
  }
  return out;
}

void attributes(const std::string& dir) {
  make_dir(dir);
  const auto set = [](const std::string& path, const char* name, const std::string& value) {
    if (lsetxattr(path.c_str(), name, value.data(), value.size(), 0) != 0) {
      // A file system without attributes is no reason to test nothing.
      std::cerr << "special-tree: " << name << ": " << std::strerror(errno) << '\n';  // NOLINT
    }
  };
  make_file(dir + "/user", "attributes\n");
  set(dir + "/user", "user.text", "valeur é");
  set(dir + "/user", "user.binary", std::string("\0\x01\xff\xfe", 4));
  set(dir + "/user", "user.empty", "");
  set(dir + "/user", "user.name with blanks é", "x");
  set(dir + "/user", "user.long", noise(2000));
  make_file(dir + "/acl", "access\n", 0640);
  set(dir + "/acl", "system.posix_acl_access", acl(false));
  make_dir(dir + "/default-acl");
  set(dir + "/default-acl", "system.posix_acl_access", acl(true));
  set(dir + "/default-acl", "system.posix_acl_default", acl(true));
  make_file(dir + "/default-acl/inherits", "not twice\n", 0600);
  make_dir(dir + "/on-dir");
  set(dir + "/on-dir", "user.dir", "yes");
  make_file(dir + "/read-only", "cannot be opened for writing\n", 0644);
  set(dir + "/read-only", "user.kept", "yes");
  require(chmod((dir + "/read-only").c_str(), 0444) == 0, dir);
  if (geteuid() == 0) {
    set(dir + "/user", "trusted.secret", "root only");
    set(dir + "/user", "security.medsave", "test");
  }
}

void holes(const std::string& dir) {
  make_dir(dir);
  const auto sparse = [&](const char* name, off_t size, off_t at, std::string_view data) {
    const std::string path = dir + "/" + name;
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    require(fd >= 0 && ftruncate(fd, size) == 0, path);
    require(pwrite(fd, data.data(), data.size(), at) == static_cast<ssize_t>(data.size()), path);
    close(fd);
  };
  sparse("only-a-hole", 20 << 20, 0, "");
  sparse("middle", 12 << 20, 5 << 20, noise(100'000));
  sparse("end", 3 << 20, (3 << 20) - 5, "tail\n");
}

void times(const std::string& dir, bool portable) {
  make_dir(dir);
  const auto at = [&](const char* name, std::int64_t seconds, long nanoseconds) {
    make_file(dir + "/" + name, "time\n");
    set_time(dir + "/" + name, seconds, nanoseconds);
  };
  at("epoch", 0, 0);
  at("one-ns", 0, 1);
  at("before-epoch", -1, 999'999'999);
  at("1901", -2'147'483'648, 5);
  at("1960", -315'619'200, 500'000'000);
  if (!portable) at("2446", 15'032'385'535, 999'999'999);
  at("2038", 2'147'483'648, 120'000'000);
  at("summer", 1'721'044'800, 100'000'000);
  make_dir(dir + "/old-dir");
  set_time(dir + "/old-dir", 86'400, 42);
}

/// Twenty directories of 255 bytes each: 5120 bytes of path, PATH_MAX is 4096.
void deep_path(const std::string& dir) {
  make_dir(dir);
  int fd = open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  require(fd >= 0, dir);
  const std::string name(255, 'p');
  for (int level = 0; level < 20; ++level) {
    require(mkdirat(fd, name.c_str(), 0755) == 0, dir);
    const int next = openat(fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    require(next >= 0, dir);
    close(fd);
    fd = next;
  }
  const int file = openat(fd, "bottom", O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
  require(file >= 0 && write(file, "deep\n", 5) == 5, dir);
  require(symlinkat("bottom", fd, "link") == 0 && mkdirat(fd, "empty", 0700) == 0, dir);
  close(file);
  close(fd);
}

void contents(const std::string& dir) {
  make_dir(dir);
  make_dir(dir + "/empty-dir");
  make_file(dir + "/zero", "");
  make_file(dir + "/one-byte", "x");
  make_file(dir + "/noise", noise(5'000'000));
  make_file(dir + "/same-noise", noise(5'000'000));
  make_file(dir + "/zeros", std::string(2'000'000, '\0'));
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += fmt::format("line {} of a long text\n", i);
  make_file(dir + "/text", text);
  set_time(dir, 1'234'567'890, 987'654'321);
}

int run(const std::vector<std::string>& arguments) {
  const bool portable = arguments.size() == 2 && arguments[1] == "--portable";
  if (arguments.empty() || (arguments.size() > 1 && !portable)) {
    std::cerr << "usage: special-tree DIR [--portable]\n";
    return 2;
  }
  umask(022);
  const std::string& root = arguments[0];
  make_dir(root);
  names(root + "/names");
  links(root + "/links", portable);
  modes(root + "/modes");
  special_files(root + "/special");
  socket_file(root + "/special/socket");
  owners(root + "/owners");
  attributes(root + "/attributes");
  holes(root + "/holes");
  times(root + "/times", portable);
  contents(root + "/contents");
  if (!portable) deep_path(root + "/deep");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "special-tree: " << error.what() << '\n';
    return 2;
  }
}
