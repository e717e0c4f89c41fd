#include "fuse_operations.hpp"

#include "mount_view.hpp"

#include "medsave/base/error.hpp"

#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {
namespace {

constexpr double kForGood = 24.0 * 3600;  // seconds: what is in a snapshot never changes
constexpr double kForNow = 1;             // seconds: a snapshot may be added or removed
constexpr unsigned kBackgroundRequests = 64;
constexpr blksize_t kBlockSize = 4096;
constexpr std::uint64_t kStatBlock = 512;

using ListingHandle = std::shared_ptr<const Listing>;

int errno_of(Errc code) {
  switch (code) {
    case Errc::internal:
      return ESTALE;
    case Errc::permission:
      return EACCES;
    default:
      return EIO;
  }
}

/// Runs what answers a request, as its last step. Its failure is answered here: libfuse is C, so
/// that nothing may be thrown into it.
template <typename Answer>
void answer(fuse_req_t request, fuse_ino_t number, const Answer& run) noexcept {
  auto& view = *static_cast<MountView*>(fuse_req_userdata(request));
  int error = EIO;
  try {
    run(view);
    return;
  } catch (const Error& e) {
    if (e.code() != Errc::internal) view.report(number, e);
    error = errno_of(e.code());
  } catch (const Interrupted&) {
    error = EINTR;
  } catch (const std::bad_alloc&) {
    error = ENOMEM;
  } catch (...) {
    error = EIO;
  }
  fuse_reply_err(request, error);
}

timespec to_timespec(const Timestamp& time) {
  return {.tv_sec = static_cast<time_t>(time.seconds), .tv_nsec = time.nanoseconds};
}

struct stat to_stat(const FileStatus& status) {
  struct stat out = {};
  out.st_ino = status.inode;
  out.st_mode = status.mode;
  out.st_nlink = status.links;
  out.st_uid = status.uid;
  out.st_gid = status.gid;
  out.st_rdev = status.rdev;
  out.st_size = static_cast<off_t>(status.size);
  out.st_blksize = kBlockSize;
  out.st_blocks = static_cast<blkcnt_t>((status.size + kStatBlock - 1) / kStatBlock);
  out.st_atim = to_timespec(status.atime);
  out.st_mtim = to_timespec(status.mtime);
  out.st_ctim = to_timespec(status.ctime);
  return out;
}

fuse_entry_param to_entry(const FoundNode& found) {
  fuse_entry_param out = {};
  out.ino = found.number;
  out.attr = to_stat(found.status);
  out.attr_timeout = out.entry_timeout = found.fixed ? kForGood : kForNow;
  return out;
}

void on_init(void* /*view*/, fuse_conn_info* connection) {
  // Contents never change, so that the kernel need not ask before each read; and all entries of a
  // folder come with their metadata, for whoever lists one looks at them next.
  constexpr unsigned kNotWanted = FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_READDIRPLUS_AUTO;
  connection->want &= ~kNotWanted;
  connection->max_background = kBackgroundRequests;
}

void on_lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  answer(request, parent, [&](MountView& view) {
    const std::optional<FoundNode> found = view.find(parent, name);
    fuse_entry_param entry = {};
    if (found) {
      entry = to_entry(*found);
    } else if (view.is_fixed(parent)) {
      entry.entry_timeout = kForGood;
    } else {
      fuse_reply_err(request, ENOENT);
      return;
    }
    if (fuse_reply_entry(request, &entry) != 0 && found) view.forget(found->number, 1);
  });
}

void on_forget(fuse_req_t request, fuse_ino_t number, std::uint64_t count) {
  static_cast<MountView*>(fuse_req_userdata(request))->forget(number, count);
  fuse_reply_none(request);
}

void on_forget_multi(fuse_req_t request, std::size_t count, fuse_forget_data* forgets) {
  auto& view = *static_cast<MountView*>(fuse_req_userdata(request));
  for (std::size_t i = 0; i < count; ++i) view.forget(forgets[i].ino, forgets[i].nlookup);
  fuse_reply_none(request);
}

void on_getattr(fuse_req_t request, fuse_ino_t number, fuse_file_info* /*file*/) {
  answer(request, number, [&](MountView& view) {
    const FoundNode found = view.status(number);
    const struct stat status = to_stat(found.status);
    fuse_reply_attr(request, &status, found.fixed ? kForGood : kForNow);
  });
}

void on_readlink(fuse_req_t request, fuse_ino_t number) {
  answer(request, number,
         [&](MountView& view) { fuse_reply_readlink(request, view.link_target(number).c_str()); });
}

/// "Not supported" tells the kernel to open files without asking, and to keep what it has read.
void on_open(fuse_req_t request, fuse_ino_t /*number*/, fuse_file_info* /*file*/) {
  fuse_reply_err(request, ENOSYS);
}

void on_read(fuse_req_t request, fuse_ino_t number, std::size_t size, off_t offset,
             fuse_file_info* /*file*/) {
  answer(request, number, [&](MountView& view) {
    const std::vector<ContentPiece> pieces =
        view.read(number, static_cast<std::uint64_t>(offset), size);
    std::vector<iovec> parts;
    parts.reserve(pieces.size());
    for (const ContentPiece& piece : pieces) {
      // iovec is for reading into as well; here it is only read from.
      parts.push_back({.iov_base = const_cast<std::byte*>(piece.bytes.data()),  // NOLINT
                       .iov_len = piece.bytes.size()});
    }
    fuse_reply_iov(request, parts.data(), static_cast<int>(parts.size()));
  });
}

void on_opendir(fuse_req_t request, fuse_ino_t number, fuse_file_info* file) {
  answer(request, number, [&](MountView& view) {
    auto handle = std::make_unique<ListingHandle>(view.list(number));
    if ((*handle)->folder) file->cache_readdir = file->keep_cache = 1;
    file->fh = reinterpret_cast<std::uintptr_t>(handle.get());
    if (fuse_reply_open(request, file) == 0) (void)handle.release();  // on_releasedir() deletes it
  });
}

ListingHandle* handle_of(const fuse_file_info* file) {
  return reinterpret_cast<ListingHandle*>(static_cast<std::uintptr_t>(file->fh));
}

void on_releasedir(fuse_req_t request, fuse_ino_t /*number*/, fuse_file_info* file) {
  delete handle_of(file);
  fuse_reply_err(request, 0);
}

/// Position 0 is ".", 1 "..", then come the entries; each entry carries the position of the next.
class DirectoryReply {
 public:
  DirectoryReply(fuse_req_t request, MountView& view, const Listing& listing, std::size_t size,
                 bool plus)
      : request_(request), view_(view), listing_(listing), plus_(plus), buffer_(size) {}

  void send(std::size_t position) {
    while (add(position)) ++position;
    if (fuse_reply_buf(request_, buffer_.data(), used_) == 0) return;
    for (const std::uint64_t number : counted_) view_.forget(number, 1);
  }

 private:
  /// False at the end, and when the buffer is full.
  bool add(std::size_t position) {
    if (position >= listing_.size() + 2) return false;
    if (position < 2) {
      FoundNode self;
      self.status = {.inode = position == 0 ? listing_.number : listing_.parent, .mode = S_IFDIR};
      return append(position == 0 ? "." : "..", self, position);
    }
    const FoundNode found = view_.entry(listing_, position - 2, plus_);
    if (append(listing_.name(position - 2), found, position)) {
      if (plus_) counted_.push_back(found.number);
      return true;
    }
    if (plus_) view_.forget(found.number, 1);
    return false;
  }

  bool append(const std::string& name, const FoundNode& found, std::size_t position) {
    char* const at = buffer_.data() + used_;
    const std::size_t room = buffer_.size() - used_;
    const auto next = static_cast<off_t>(position + 1);
    const fuse_entry_param entry = to_entry(found);
    const std::size_t needed =
        plus_ ? fuse_add_direntry_plus(request_, at, room, name.c_str(), &entry, next)
              : fuse_add_direntry(request_, at, room, name.c_str(), &entry.attr, next);
    if (needed > room) return false;
    used_ += needed;
    return true;
  }

  fuse_req_t request_;
  MountView& view_;
  const Listing& listing_;
  const bool plus_;
  std::vector<char> buffer_;
  std::size_t used_ = 0;
  std::vector<std::uint64_t> counted_;
};

void on_readdir(fuse_req_t request, fuse_ino_t number, std::size_t size, off_t offset,
                fuse_file_info* file) {
  answer(request, number, [&](MountView& view) {
    DirectoryReply(request, view, **handle_of(file), size, false)
        .send(static_cast<std::size_t>(offset));
  });
}

void on_readdirplus(fuse_req_t request, fuse_ino_t number, std::size_t size, off_t offset,
                    fuse_file_info* file) {
  answer(request, number, [&](MountView& view) {
    DirectoryReply(request, view, **handle_of(file), size, true)
        .send(static_cast<std::size_t>(offset));
  });
}

/// The value of an attribute or the list of their names; with `size` 0 only how long it is.
void reply_attribute(fuse_req_t request, std::string_view value, std::size_t size) {
  if (size == 0) {
    fuse_reply_xattr(request, value.size());
  } else if (value.size() > size) {
    fuse_reply_err(request, ERANGE);
  } else {
    fuse_reply_buf(request, value.data(), value.size());
  }
}

void on_getxattr(fuse_req_t request, fuse_ino_t number, const char* name, std::size_t size) {
  answer(request, number, [&](MountView& view) {
    const std::vector<ExtendedAttribute> attributes = view.attributes(number);
    const auto found = std::ranges::find(attributes, name, &ExtendedAttribute::name);
    if (found == attributes.end()) {
      fuse_reply_err(request, ENODATA);
    } else {
      reply_attribute(request, found->value, size);
    }
  });
}

void on_listxattr(fuse_req_t request, fuse_ino_t number, std::size_t size) {
  answer(request, number, [&](MountView& view) {
    std::string names;
    for (const ExtendedAttribute& attribute : view.attributes(number)) {
      names += attribute.name;
      names += '\0';
    }
    reply_attribute(request, names, size);
  });
}

}  // namespace

fuse_lowlevel_ops fuse_operations() {
  fuse_lowlevel_ops out = {};
  out.init = on_init;
  out.lookup = on_lookup;
  out.forget = on_forget;
  out.forget_multi = on_forget_multi;
  out.getattr = on_getattr;
  out.readlink = on_readlink;
  out.open = on_open;
  out.read = on_read;
  out.opendir = on_opendir;
  out.readdir = on_readdir;
  out.readdirplus = on_readdirplus;
  out.releasedir = on_releasedir;
  out.getxattr = on_getxattr;
  out.listxattr = on_listxattr;
  return out;
}

}  // namespace medsave
