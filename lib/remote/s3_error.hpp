#pragma once

#include "http_client.hpp"
#include "s3_xml.hpp"

#include "medsave/base/clock.hpp"
#include "medsave/base/error.hpp"

#include <string>

namespace medsave {

/// What a store's refusal means. `what` names the thing that was asked for ("pack 3f2a01c9…");
/// `now` is this computer's time.
Error s3_error(const HttpResponse& response, const std::string& what, Timestamp now);

/// The code of a refusal, e.g. "NoSuchBucket"; empty where there is none.
std::string s3_code(const HttpResponse& response);

/// The value of a header, empty where there is none; `name` in lower case.
std::string header_of(const HttpResponse& response, const std::string& name);

}  // namespace medsave
