#include "rest_address.hpp"

#include "http_text.hpp"
#include "percent.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace medsave {
namespace {

constexpr std::string_view kUnix = "http+unix://";
constexpr std::string_view kHidden = "***";

[[noreturn]] void refuse(std::string_view address) {
  throw Error(Errc::usage, format_text(_("\"{}\" is not the address of a REST server; give "
                                         "rest:https://[USER:PASSWORD@]HOST[:PORT]/PATH/ or "
                                         "rest:http+unix:///SOCKET:/PATH/"),
                                       mask_password(address)));
}

std::string decode(std::string_view part, std::string_view address) {
  std::optional<std::string> plain = percent_decode(part);
  if (!plain) refuse(address);
  return std::move(*plain);
}

/// Escapes what a path in a URL cannot hold, leaves escapes that are there.
std::string encode_path(std::string_view path) {
  constexpr std::string_view kAllowed = "-._~!$&'()*+,;=:@/";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       kAllowed.find(c) != std::string_view::npos ||
                       (c == '%' && percent_decode(path.substr(i, 3)));
    if (plain) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kDigits[byte / 16];
    encoded += kDigits[byte % 16];
  }
  while (encoded.ends_with('/')) encoded.pop_back();
  return encoded;
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port != 0;
}

/// HOST, HOST:PORT, [IPv6] or [IPv6]:PORT.
bool is_host(std::string_view text) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) return false;
  const std::size_t colon = text.find(':', bracket);
  const std::string_view host = text.substr(0, colon);
  if (host.empty() || (colon != std::string_view::npos && !is_port(text.substr(colon + 1)))) {
    return false;
  }
  return std::ranges::none_of(
      host, [](char c) { return c <= ' ' || c == 127 || c == '\\' || c == '%' || c == '@'; });
}

RestAddress parse_socket(const std::string& address) {
  const std::string_view rest = std::string_view(address).substr(kUnix.size());
  const std::size_t colon = rest.find(":/");
  const std::string_view socket = rest.substr(0, colon);
  if (socket.size() < 2 || !socket.starts_with('/')) refuse(address);
  RestAddress parsed;
  parsed.unix_socket = socket;
  parsed.url = "http://localhost";
  if (colon != std::string_view::npos) parsed.url += encode_path(rest.substr(colon + 1));
  parsed.shown = address;
  return parsed;
}

}  // namespace

std::string mask_password(std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos) return std::string(address);
  // A scheme's colon is followed by a slash; a password may hold anything, slashes too.
  std::size_t start = address.find(":/");
  start = start == std::string_view::npos || start > at ? 0 : start + 1;
  while (start < at && address[start] == '/') ++start;
  const std::size_t colon = address.find(':', start);
  if (colon >= at) return std::string(address);
  std::string masked(address.substr(0, colon + 1));
  masked += kHidden;
  masked += address.substr(at);
  return masked;
}

RestAddress parse_rest_address(const std::string& address) {
  const std::string_view whole = address;
  if (std::ranges::any_of(whole, [](char c) { return c == '\0' || c == '\n' || c == '\r'; }) ||
      whole.find_first_of("?#") != std::string_view::npos) {
    refuse(address);
  }
  if (whole.starts_with(kUnix)) return parse_socket(address);
  const std::size_t separator = whole.find("://");
  if (separator == std::string_view::npos) refuse(address);
  const std::string scheme = lower_case(whole.substr(0, separator));
  if (scheme != "http" && scheme != "https") refuse(address);
  const std::string_view after = whole.substr(separator + 3);
  const std::size_t slash = after.find('/');
  const std::string_view authority = after.substr(0, slash);
  const std::string_view path =
      slash == std::string_view::npos ? std::string_view{} : after.substr(slash);
  const std::size_t at = authority.rfind('@');
  const std::string_view credentials =
      at == std::string_view::npos ? std::string_view{} : authority.substr(0, at);
  const std::string_view host = at == std::string_view::npos ? authority : authority.substr(at + 1);
  if (!is_host(host)) refuse(address);

  RestAddress parsed;
  const std::size_t colon = credentials.find(':');
  parsed.user = decode(credentials.substr(0, colon), address);
  parsed.shown = scheme + "://";
  if (colon != std::string_view::npos) {
    parsed.password = decode(credentials.substr(colon + 1), address);
    parsed.shown += std::string(credentials.substr(0, colon + 1)) + std::string(kHidden) + "@";
  } else if (!credentials.empty()) {
    parsed.shown += std::string(credentials) + "@";
  }
  parsed.shown += std::string(host) + std::string(path);
  parsed.url = scheme + "://" + std::string(host) + encode_path(path);
  return parsed;
}

}  // namespace medsave
