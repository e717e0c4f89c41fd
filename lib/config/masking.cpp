#include "masking.hpp"

#include "medsave/base/folding.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace medsave {
namespace {

constexpr std::string_view kHidden = "***";

/// Where the host of an address begins and ends that begins at `from`.
struct Authority {
  std::size_t start = 0;
  std::size_t end = 0;
};

Authority authority_at(std::string_view text, std::size_t from) {
  const std::size_t start = text.find("://", from) + 3;
  return {.start = start, .end = std::min(text.find_first_of("/?# ", start), text.size())};
}

std::string mask_addresses(std::string text) {
  std::size_t from = 0;
  while (text.find("://", from) != std::string::npos) {
    const Authority where = authority_at(text, from);
    // A password may hold slashes that nobody has encoded.
    const std::size_t space = std::min(text.find(' ', where.start), text.size());
    const std::size_t at = text.rfind('@', space);
    const std::size_t colon = text.find(':', where.start);
    if (at != std::string::npos && at > where.start && colon < at) {
      text.replace(colon + 1, at - colon - 1, kHidden);
    }
    from = where.start;
  }
  return text;
}

}  // namespace

std::string mask_argument(const std::string& text) {
  static constexpr std::array<std::string_view, 5> kWords = {"password", "passwd", "pass", "token",
                                                             "secret"};
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos && equals + 1 < text.size()) {
    const std::string name = folded(std::string_view(text).substr(0, equals));
    if (std::ranges::any_of(kWords, [&](std::string_view word) { return name.ends_with(word); })) {
      return text.substr(0, equals + 1) + std::string(kHidden);
    }
  }
  return mask_addresses(text);
}

std::string mask_ping(const std::string& url) {
  const Authority where = authority_at(url, 0);
  const std::size_t at = url.rfind('@', where.end);
  const std::size_t host = at != std::string::npos && at > where.start ? at + 1 : where.start;
  std::string shown = url.substr(0, where.start) + url.substr(host, where.end - host);
  if (where.end < url.size()) shown += "/" + std::string(kHidden);
  return shown;
}

}  // namespace medsave
