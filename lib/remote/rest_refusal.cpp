#include "rest_refusal.hpp"

#include "http_text.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

namespace medsave {

void RestRefusal::throw_unauthorized(const std::string& what) const {
  if (has_user_) {
    throw Error(Errc::permission,
                format_text(_("{}: user or password is not accepted by {}"), what, shown_));
  }
  throw Error(Errc::permission,
              format_text(_("{}: {} asks for a user and a password; give them in the address "
                            "(rest:https://USER:PASSWORD@HOST/) or by MEDSAVE_REST_USERNAME and "
                            "MEDSAVE_REST_PASSWORD"),
                          what, shown_));
}

void RestRefusal::throw_status(const std::string& what, const HttpResponse& response) const {
  const int status = response.status;
  const std::string said = printable(as_text(response.body.view()));
  switch (status) {
    case 400:
      // Go's servers say so, but not in the answer to HEAD.
      if (said.empty() || said.find("HTTPS") != std::string::npos) {
        throw Error(Errc::usage,
                    format_text(_("{}: {} does not understand the request (status 400); if it "
                                  "speaks HTTPS, give https:// in the address"),
                                what, shown_));
      }
      break;
    case 401:
      throw_unauthorized(what);
    case 403:
      throw Error(Errc::permission,
                  format_text(_("{}: {} does not allow that; the server may be append-only, or the "
                                "user may not use this path"),
                              what, shown_));
    case 404:
      throw Error(Errc::not_found, format_text(_("{}: there is nothing at {}"), what, shown_));
    case 405:
    case 501:
      throw Error(Errc::unsupported,
                  format_text(_("{}: {} cannot do that (status {}); is it a restic REST server?"),
                              what, shown_, status));
    case 413:
    case 507:
      throw Error(
          Errc::no_space,
          format_text(_("{}: {} has no room left (status {}). Your earlier backups are intact; "
                        "free some space with \"medsave prune --max-repack-size 0\", or thin out "
                        "old snapshots with \"medsave forget --policy cabinet --prune\"."),
                      what, shown_, status));
    default:
      break;
  }
  const bool may_pass = status == 408 || status == 429 || (status >= 500 && status < 600);
  if (may_pass) {
    throw Error(Errc::io,
                format_text(_("{}: {} failed (status {}): {}"), what, shown_, status, said));
  }
  if (status >= 300 && status < 400) {
    throw Error(Errc::usage, format_text(_("{}: {} sends elsewhere (status {}); give the address "
                                           "where the repository really is"),
                                         what, shown_, status));
  }
  throw Error(Errc::unsupported,
              format_text(_("{}: {} gave an answer that is not expected (status {}): {}"), what,
                          shown_, status, said));
}

void RestRefusal::require_no_page(const std::string& what, const HttpResponse& response) const {
  const auto type = response.headers.find("content-type");
  if (type == response.headers.end() || !lower_case(type->second).starts_with("text/html")) return;
  throw Error(Errc::corrupt, format_text(_("{}: {} answers with a web page; is this a restic REST "
                                           "server, and no proxy in between?"),
                                         what, shown_));
}

bool is_rclone(const HttpResponse& response) {
  const auto server = response.headers.find("server");
  return server != response.headers.end() && server->second.starts_with("rclone/");
}

}  // namespace medsave
