#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/base/bytes.hpp"
#include "medsave/remote/remote_options.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace medsave {

/// What HttpClient::perform() sends.
struct HttpRequest {
  std::string method = "GET";
  std::string url = {};                   // percent-encoded; sent as it is, dots and all
  std::vector<std::string> headers = {};  // "Name: value"
  ByteView body = {};                     // outlives perform()
  std::uint64_t limit = 0;                // bytes of a response body that are accepted
  /// Gets the body of a success piece by piece, which is not kept then. It may throw an Error.
  std::function<void(ByteView)> take = {};
  /// Throws Interrupted when the stop comes while it is under way: for lists, which have no end
  /// that one could wait for.
  bool ends_at_stop = false;
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers = {};  // names in lower case
  Buffer body = {};
};

/// How to reach a server.
struct HttpServer {
  std::string user = {};  // with password: basic authentication
  std::string password = {};
  std::string unix_socket = {};  // path; empty: TCP
  unsigned connections = 5;      // at most so many at a time
  /// Called, on any thread, when the server may have been started again: it gave no answer, a
  /// gateway said so for it, or it closed a connection that it had kept.
  std::function<void()> on_break = {};
};

/// HTTP/1.1 over libcurl, with connections kept open. Thread-safe: requests beyond
/// `HttpServer::connections` wait for their turn.
///
/// Any status is a response. Errors: io for what may pass when repeated (name resolution,
/// refused or closed connections, stalls, bodies shorter than announced); permission for what
/// will not (a certificate that is not trusted); corrupt for a body above the limit. Messages name
/// the server, never a password. Redirects are not followed. After a stop (see
/// RemoteOptions) requests get 10 seconds: what is left to do then is cleaning up.
class HttpClient {
 public:
  HttpClient(HttpServer server, const RemoteOptions& options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  HttpResponse perform(const HttpRequest& request);
  [[nodiscard]] Traffic traffic() const;
  [[nodiscard]] unsigned connections() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace medsave
