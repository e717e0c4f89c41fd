#include "medsave/base/error.hpp"

#include "medsave/base/text.hpp"

namespace medsave {
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

}  // namespace medsave
