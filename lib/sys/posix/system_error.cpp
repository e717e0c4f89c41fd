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

}  // namespace

Error error_from_errno(int error_number, std::string_view what) {
  std::array<char, 256> text = {};
  const char* reason = ::strerror_r(error_number, text.data(), text.size());
  return {code_of_errno(error_number), with_colon(what, reason)};
}

}  // namespace medsave
