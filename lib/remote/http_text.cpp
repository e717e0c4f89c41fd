#include "http_text.hpp"

namespace medsave {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n";

/// Where the scheme ends.
std::size_t after_scheme(std::string_view url) {
  const std::size_t scheme = url.find("://");
  return scheme == std::string_view::npos ? 0 : scheme + 3;
}

std::string_view host_of(std::string_view url) {
  std::string_view host = url.substr(after_scheme(url));
  host = host.substr(0, host.find_first_of("/?#"));
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) {
    host.remove_prefix(at + 1);
  }
  return host;
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhiteSpace) - first + 1);
}

std::string printable(std::string_view text) {
  constexpr std::size_t kLongest = 200;
  std::string clean(trim(text.substr(0, kLongest)));
  for (char& c : clean) {
    if (c < ' ' || c > '~') c = '?';
  }
  return clean;
}

std::string server_of(std::string_view url) {
  std::string server(url.substr(0, after_scheme(url)));
  server += host_of(url);
  return server;
}

bool is_loopback(std::string_view url) {
  const std::string_view host = host_of(url);
  return host.starts_with("127.") || host.starts_with("[::1]") || host == "localhost" ||
         host.starts_with("localhost:");
}

}  // namespace medsave
