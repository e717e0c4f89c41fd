#include "http_exchange.hpp"

#include "http_text.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace medsave {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::seconds kAfterStop(10);
constexpr std::uint64_t kMaxErrorBody = 64 * 1024;  // bytes kept of an error's page
constexpr std::uint64_t kFirstReserve = 64 * 1024;  // where no length is announced
constexpr std::size_t kMaxHeaders = 200;            // more are ignored

std::optional<std::uint64_t> announced_length(const HttpResponse& response) {
  const auto found = response.headers.find("content-length");
  if (found == response.headers.end()) return std::nullopt;
  std::uint64_t length = 0;
  const char* end = found->second.data() + found->second.size();
  const auto [stop, error] = std::from_chars(found->second.data(), end, length);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return length;
}

/// Makes room for `more` bytes without ever holding more than `limit`.
void make_room(Buffer& body, std::size_t more, std::uint64_t limit,
               std::optional<std::uint64_t> announced) {
  const std::uint64_t needed = body.size() + more;
  if (needed <= body.capacity()) return;
  const std::uint64_t wished =
      std::max<std::uint64_t>({2 * body.capacity(), kFirstReserve, announced.value_or(0)});
  body.reserve(static_cast<std::size_t>(std::max(needed, std::min(wished, limit))));
}

void take_header(HttpExchange& exchange, std::string_view line) {
  auto& headers = exchange.response.headers;
  if (line.starts_with("HTTP/")) {  // after "100 Continue" another answer follows
    headers.clear();
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || headers.size() >= kMaxHeaders) return;
  headers[lower_case(trim(line.substr(0, colon)))] = std::string(trim(line.substr(colon + 1)));
}

/// False to end the transfer.
bool take_body(HttpExchange& exchange, ByteView data) {
  if (exchange.ends_at_stop && exchange.stop.stop_requested()) {
    exchange.interrupted = true;
    return false;
  }
  long status = 0;
  curl_easy_getinfo(exchange.handle, CURLINFO_RESPONSE_CODE, &status);
  const bool success = status >= 200 && status < 300;
  Buffer& body = exchange.response.body;
  const std::uint64_t limit =
      success ? exchange.request.limit : std::max(exchange.request.limit, kMaxErrorBody);
  const std::optional<std::uint64_t> announced = announced_length(exchange.response);
  const std::uint64_t so_far = exchange.taken + body.size();
  if (success && std::max<std::uint64_t>(announced.value_or(0), so_far + data.size()) > limit) {
    throw Error(Errc::corrupt,
                format_text(_("{}: the answer is longer than the {} bytes that can be right"),
                            server_of(exchange.request.url), limit));
  }
  if (success && exchange.request.take) {
    exchange.taken += data.size();
    exchange.request.take(data);
    return true;
  }
  if (body.size() + data.size() > limit) {
    exchange.cut_on_purpose = true;
    return false;
  }
  make_room(body, data.size(), limit, announced);
  body.append(data);
  return true;
}

}  // namespace

extern "C" {
std::size_t medsave_http_header(char* data, std::size_t size, std::size_t count,
                                void* user) noexcept {
  HttpExchange& exchange = *static_cast<HttpExchange*>(user);
  try {
    take_header(exchange, {data, size * count});
    return size * count;
  } catch (...) {
    exchange.failure = std::current_exception();
    return 0;
  }
}

std::size_t medsave_http_body(char* data, std::size_t size, std::size_t count,
                              void* user) noexcept {
  HttpExchange& exchange = *static_cast<HttpExchange*>(user);
  try {
    return take_body(exchange, as_bytes({data, size * count})) ? size * count : 0;
  } catch (...) {
    exchange.failure = std::current_exception();
    return 0;
  }
}

/// Called at least once a second; not zero ends the transfer.
int medsave_http_progress(void* user, curl_off_t /*to_receive*/, curl_off_t received,
                          curl_off_t /*to_send*/, curl_off_t sent) noexcept {
  HttpExchange& exchange = *static_cast<HttpExchange*>(user);
  const SteadyClock::time_point now = SteadyClock::now();
  if (received + sent != exchange.moved) {
    exchange.moved = received + sent;
    exchange.moved_at = now;
  }
  exchange.stuck = now - exchange.moved_at >= exchange.stuck_timeout;
  if (exchange.stop.stop_requested()) {
    if (!exchange.stopped_at) exchange.stopped_at = now;
    exchange.interrupted = exchange.ends_at_stop || now - *exchange.stopped_at >= kAfterStop;
  }
  return exchange.stuck || exchange.interrupted ? 1 : 0;
}
}

}  // namespace medsave
