#include "medsave/sys/system_error.hpp"

#include "medsave/base/text.hpp"

#include <errno.h>
#include <string.h>

#include <array>

namespace medsave {
namespace {

Errc code_of_errno(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return Errc::no_space;
    case EACCES:
    case EPERM:
      return Errc::permission;
    case EROFS:
      return Errc::read_only;
    case ENOENT:
    case ENOTDIR:
      return Errc::not_found;
    case EEXIST:
      return Errc::exists;
    case ENOSYS:
    case EOPNOTSUPP:
      return Errc::unsupported;
    default:
      return Errc::io;
  }
}

/// What people meet often is translated by our catalogue: the C library has its words in French
/// only where a French locale is installed. The English texts are its own. nullptr for any other.
const char* common_reason(int error_number) {
  switch (error_number) {
    case ENOENT:
      return _("No such file or directory");
    case EACCES:
      return _("Permission denied");
    case EPERM:
      return _("Operation not permitted");
    case EEXIST:
      return _("File exists");
    case ENOTDIR:
      return _("Not a directory");
    case EISDIR:
      return _("Is a directory");
    case ENOTEMPTY:
      return _("Directory not empty");
    case ENOSPC:
      return _("No space left on device");
    case EDQUOT:
      return _("Disk quota exceeded");
    case EROFS:
      return _("Read-only file system");
    case EIO:
      return _("Input/output error");
    case EBUSY:
      return _("Device or resource busy");
    case EFBIG:
      return _("File too large");
    case ENAMETOOLONG:
      return _("File name too long");
    case EMFILE:
      return _("Too many open files");
    case ELOOP:
      return _("Too many levels of symbolic links");
    case EXDEV:
      return _("Invalid cross-device link");
    case EINVAL:
      return _("Invalid argument");
    case ENODEV:
      return _("No such device");
    case ENXIO:
      return _("No such device or address");
    case ENOMEM:
      return _("Cannot allocate memory");
    case EPIPE:
      return _("Broken pipe");
    case ESTALE:
      return _("Stale file handle");
    case ENOTCONN:
      return _("Transport endpoint is not connected");
    case ETXTBSY:
      return _("Text file busy");
    case EOPNOTSUPP:
      return _("Operation not supported");
    default:
      return nullptr;
  }
}

}  // namespace

Error error_from_errno(int error_number, std::string_view what) {
  std::array<char, 256> text = {};
  const char* reason = common_reason(error_number);
  if (reason == nullptr) reason = ::strerror_r(error_number, text.data(), text.size());
  return {code_of_errno(error_number), with_colon(what, reason)};
}

}  // namespace medsave
