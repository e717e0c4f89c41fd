#pragma once

#include "http_client.hpp"

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <stop_token>

namespace medsave {

/// One request on its way: what libcurl's callbacks get.
struct HttpExchange {
  CURL* handle = nullptr;
  const HttpRequest& request;
  std::chrono::seconds stuck_timeout;
  const std::stop_token& stop;
  std::chrono::steady_clock::time_point moved_at;  // when the last byte went over the line
  HttpResponse response = {};
  std::exception_ptr failure = {};  // thrown in a callback; to be thrown again
  bool cut_on_purpose = false;      // the rest of an error's page was not read
  bool stuck = false;
  bool interrupted = false;
  bool ends_at_stop = false;  // the stop came, or will come, after it was begun
  std::uint64_t taken = 0;    // bytes that went to request.take
  curl_off_t moved = -1;
  std::optional<std::chrono::steady_clock::time_point> stopped_at = {};
};

// Callbacks for libcurl; `user` is a HttpExchange.
extern "C" {
std::size_t medsave_http_header(char* data, std::size_t size, std::size_t count,
                                void* user) noexcept;
std::size_t medsave_http_body(char* data, std::size_t size, std::size_t count, void* user) noexcept;
int medsave_http_progress(void* user, curl_off_t to_receive, curl_off_t received,
                          curl_off_t to_send, curl_off_t sent) noexcept;
}

}  // namespace medsave
