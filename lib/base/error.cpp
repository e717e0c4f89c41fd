#include "medsave/base/error.hpp"

#include "medsave/base/text.hpp"

#include <array>
#include <cerrno>
#include <cstring>

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

std::string_view errc_name(Errc code) {
  switch (code) {
    case Errc::internal:
      return "internal";
    case Errc::usage:
      return "usage";
    case Errc::io:
      return "io";
    case Errc::permission:
      return "permission";
    case Errc::not_found:
      return "not-found";
    case Errc::exists:
      return "exists";
    case Errc::no_space:
      return "no-space";
    case Errc::read_only:
      return "read-only";
    case Errc::corrupt:
      return "corrupt";
    case Errc::unsupported:
      return "unsupported";
    case Errc::no_repository:
      return "no-repository";
    case Errc::locked:
      return "locked";
    case Errc::wrong_password:
      return "wrong-password";
    case Errc::unreachable:
      return "unreachable";
  }
  return "internal";
}

Error Error::with_context(std::string_view context) const {
  return {code_, with_colon(context, what())};
}

Error Error::from_errno(int error_number, std::string_view what) {
  std::array<char, 256> text = {};
  const char* reason = strerror_r(error_number, text.data(), text.size());
  return {code_of_errno(error_number), with_colon(what, reason)};
}

}  // namespace medsave
