#include "s3_address.hpp"

#include "http_text.hpp"
#include "percent.hpp"
#include "sigv4.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>

namespace medsave {
namespace {

constexpr std::string_view kAmazon = ".amazonaws.com";
constexpr std::string_view kGlobalHost = "s3.amazonaws.com";

[[noreturn]] void refuse(const std::string& reason) {
  throw Error(Errc::usage,
              format_text(_("the address of an S3 repository is s3:HOST/BUCKET/PREFIX or "
                            "s3:https://HOST:PORT/BUCKET/PREFIX: {}"),
                          reason));
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// Up to the next slash; takes the slash as well.
std::string_view take_segment(std::string_view& text) {
  const std::string_view segment = text.substr(0, text.find('/'));
  text.remove_prefix(std::min(text.size(), segment.size() + 1));
  return segment;
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
}

std::string decoded(std::string_view segment) {
  const std::optional<std::string> text = percent_decode(segment);
  if (!text) refuse(_("a \"%\" is not followed by two hexadecimal digits"));
  return *text;
}

/// libcurl leaves the usual port out of the Host header, and what is signed must be what is sent.
std::string parse_host(std::string_view text, bool https) {
  if (text.empty()) refuse(_("the host is missing"));
  if (text.find('@') != std::string_view::npos) {
    refuse(
        _("it must not hold a user or a password; give them by AWS_ACCESS_KEY_ID and "
          "AWS_SECRET_ACCESS_KEY"));
  }
  if (!std::ranges::all_of(text, is_host_character)) {
    refuse(_("the name of the host holds characters that are not allowed"));
  }
  const std::string_view usual = https ? ":443" : ":80";
  if (text.ends_with(usual)) text.remove_suffix(usual.size());
  return lower_case(text);
}

bool is_amazon(std::string_view host) {
  return host.ends_with(kAmazon) || host.ends_with(".amazonaws.com.cn");
}

}  // namespace

S3Address parse_s3_address(std::string_view address) {
  S3Address parsed;
  std::string_view rest = address;
  bool url = true;
  if (take_prefix(rest, "http://")) {
    parsed.https = false;
  } else if (!take_prefix(rest, "https://")) {
    take_prefix(rest, "//");
    url = false;
  }
  parsed.host = parse_host(take_segment(rest), parsed.https);
  if (url && rest.find_first_of("?#") != std::string_view::npos) {
    refuse(_("\"?\" and \"#\" are written %3F and %23 in it"));
  }
  const std::string_view bucket = take_segment(rest);
  parsed.bucket = url ? decoded(bucket) : std::string(bucket);
  if (parsed.bucket.empty()) refuse(_("the bucket is missing"));
  while (!rest.empty()) {
    const std::string_view segment = take_segment(rest);
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") refuse(_("the prefix holds \"..\""));
    if (!parsed.prefix.empty()) parsed.prefix += '/';
    parsed.prefix += url ? decoded(segment) : std::string(segment);
  }
  return parsed;
}

BucketLookup parse_bucket_lookup(std::string_view text) {
  if (text == "auto") return BucketLookup::automatic;
  if (text == "dns") return BucketLookup::dns;
  if (text == "path") return BucketLookup::path;
  throw Error(Errc::usage,
              format_text(_("s3.bucket-lookup is auto, dns or path, not \"{}\""), text));
}

S3Endpoint endpoint_of(const S3Address& address, BucketLookup lookup, const std::string& region) {
  S3Endpoint endpoint{.host = address.host};
  if (address.host == kGlobalHost && region != "us-east-1") {
    endpoint.host = "s3." + region + std::string(kAmazon);
  }
  // A certificate for *.HOST is not good for names with more dots.
  const bool fits_name = !address.https || address.bucket.find('.') == std::string::npos;
  const bool dns = lookup == BucketLookup::dns ||
                   (lookup == BucketLookup::automatic && is_amazon(address.host) && fits_name);
  if (dns) {
    endpoint.host = address.bucket + "." + endpoint.host;
  } else {
    endpoint.bucket_path = '/';
    endpoint.bucket_path += uri_encode(address.bucket, false);
  }
  return endpoint;
}

std::string region_of_host(std::string_view host) {
  if (!is_amazon(host)) return {};
  std::string_view name = host.substr(0, host.rfind(kAmazon));
  if (!take_prefix(name, "s3.dualstack.") && !take_prefix(name, "s3.") &&
      !take_prefix(name, "s3-")) {
    return {};
  }
  return std::string(name);
}

}  // namespace medsave
