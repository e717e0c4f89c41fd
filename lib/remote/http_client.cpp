#include "http_client.hpp"

#include "http_exchange.hpp"
#include "http_text.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/system.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/secret.hpp"
#include "medsave/sys/file_info.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <new>
#include <string_view>
#include <utility>

namespace medsave {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::seconds kConnectTimeout(30);
constexpr long kExpectTimeout = 300;             // milliseconds
constexpr long kUploadBuffer = 2 * 1024 * 1024;  // the largest libcurl takes
constexpr long kDownloadBuffer = 512 * 1024;     // likewise

struct EasyCleanup {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using EasyHandle = std::unique_ptr<CURL, EasyCleanup>;

struct Line {
  EasyHandle handle = {};
  bool kept = false;    // its connection was open after the last request
  bool failed = false;  // the last request did
};

struct ListCleanup {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListCleanup>;

void require_libcurl() {
  static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kReady != CURLE_OK) throw Error(Errc::internal, curl_easy_strerror(kReady));
}

template <typename Value>
void set_option(CURL* handle, CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(handle, option, value);
  if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
  if (code != CURLE_OK) {
    throw Error(Errc::internal, format_text("libcurl, option {}: {}", static_cast<int>(option),
                                            curl_easy_strerror(code)));
  }
}

void append_header(HeaderList& list, const std::string& header) {
  curl_slist* longer = curl_slist_append(list.get(), header.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  static_cast<void>(list.release());
  list.reset(longer);
}

HeaderList headers_of(const HttpRequest& request) {
  HeaderList list;
  bool typed = false;
  for (const std::string& header : request.headers) {
    append_header(list, header);
    typed = typed || lower_case(header).starts_with("content-type:");
  }
  // libcurl would call it a web form.
  if (!typed) append_header(list, "Content-Type:");
  return list;
}

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(
      words, [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

[[noreturn]] void throw_untrusted(const std::string& server, const std::string& detail) {
  throw Error(Errc::permission,
              format_text(_("{}: the server's certificate is not trusted ({}); if the server has "
                            "an authority of its own, give its certificate with --cacert FILE"),
                          server, detail));
}

[[noreturn]] void throw_bad_authority(const std::string& file, const std::string& detail) {
  throw Error(Errc::usage,
              format_text(_("--cacert: no certificate can be read from {} ({})"), file, detail));
}

[[noreturn]] void throw_bad_certificate(const std::string& file, const std::string& detail) {
  throw Error(Errc::usage,
              format_text(_("--tls-client-cert: {} must hold a certificate and its unencrypted "
                            "key in PEM form ({})"),
                          file, detail));
}

/// Throws Error(usage) where a file that the options name cannot be opened. libcurl would find out
/// only when the server has answered, and until then the attempts to reach it are repeated.
void require_files(const RemoteOptions& options) {
  const auto require = [](const std::string& file, const auto& refuse) {
    if (file.empty()) return;
    try {
      open_file_at(kCurrentDirectory, file, true);
    } catch (const Error& e) {
      refuse(file, e.what());
    }
  };
  require(options.ca_file, throw_bad_authority);
  require(options.client_certificate, throw_bad_certificate);
}

/// Throws Error(permission) for a handshake that one side refused: to repeat it would be useless.
void throw_if_refused(const std::string& server, const std::string& detail) {
  if (contains_any(detail, {"certificate required", "bad certificate", "handshake failure"})) {
    throw Error(Errc::permission,
                format_text(_("{}: the server does not accept the connection ({}); if it asks for "
                              "a client certificate, give it with --tls-client-cert FILE"),
                            server, detail));
  }
  if (contains_any(detail, {"wrong version number", "unsupported protocol"})) {
    throw Error(Errc::permission,
                format_text(_("{}: no encrypted connection is possible ({}); is it https, or "
                              "http:// only?"),
                            server, detail));
  }
}

/// Our words for a temporary failure; nullptr where libcurl's are the only ones.
const char* why_unreachable(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return _("{}: no server of this name is found (is the name right, and is there a network?)");
    case CURLE_COULDNT_RESOLVE_PROXY:
      return _("{}: the proxy is not found by its name (is it right?)");
    case CURLE_COULDNT_CONNECT:
      return _("{}: no connection is possible (is the server running, and is its port right?)");
    case CURLE_OPERATION_TIMEDOUT:
      return _("{}: the server does not answer (is it switched on?)");
    case CURLE_GOT_NOTHING:
      return _("{}: the server closed the connection without an answer");
    case CURLE_PARTIAL_FILE:
      return _("{}: the answer was cut off");
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return _("{}: what answers there does not speak HTTP");
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return _("{}: the connection was lost");
    default:
      return nullptr;
  }
}

/// Whether the status may come from a gateway or rclone whose server is down. 501 and 507 say what
/// the server itself cannot do.
bool may_be_down(int status) {
  return status >= 500 && status < 600 && status != 501 && status != 507;
}

/// Whether libcurl keeps the connection: it gives up one on which not all was sent or read.
bool leaves_open(CURLcode code, const HttpResponse& response) {
  const auto connection = response.headers.find("connection");
  const bool announced =
      connection != response.headers.end() && lower_case(connection->second) == "close";
  return code == CURLE_OK && response.status < 400 && !announced;
}

bool connects_anew(CURL* handle) {
  long connections = 0;
  curl_easy_getinfo(handle, CURLINFO_NUM_CONNECTS, &connections);
  return connections != 0;
}

}  // namespace

class HttpClient::Impl {
 public:
  Impl(HttpServer server, const RemoteOptions& options);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  HttpResponse perform(const HttpRequest& request);
  [[nodiscard]] Traffic traffic() const;
  [[nodiscard]] unsigned connections() const { return server_.connections; }

 private:
  class Lease;
  Line borrow();
  void give_back(Line line);
  void configure(CURL* handle, HttpExchange& exchange, const HttpRequest& request) const;
  void configure_tls(CURL* handle) const;
  static void configure_method(CURL* handle, const HttpRequest& request);
  void count(CURL* handle);
  void tell_of_break() const;
  [[noreturn]] void throw_failure(const HttpExchange& exchange, CURLcode code,
                                  const std::string& detail) const;

  HttpServer server_;
  const RemoteOptions options_;
  std::mutex mutex_;  // guards idle_ and lent_
  std::condition_variable returned_;
  std::vector<Line> idle_;
  unsigned lent_ = 0;
  std::atomic<std::uint64_t> requests_ = 0;
  std::atomic<std::uint64_t> sent_ = 0;
  std::atomic<std::uint64_t> received_ = 0;
};

/// A handle for one request.
class HttpClient::Impl::Lease {
 public:
  explicit Lease(Impl& owner) : owner_(owner), line_(owner.borrow()) {}
  ~Lease() { owner_.give_back(std::move(line_)); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  [[nodiscard]] Line& line() { return line_; }

 private:
  Impl& owner_;
  Line line_;
};

HttpClient::Impl::Impl(HttpServer server, const RemoteOptions& options)
    : server_(std::move(server)), options_(options) {
  require_libcurl();
  require_files(options_);
  server_.connections = std::max(server_.connections, 1U);
  idle_.reserve(server_.connections);
}

HttpClient::Impl::~Impl() { wipe(server_.password.data(), server_.password.size()); }

Line HttpClient::Impl::borrow() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [this] { return lent_ < server_.connections; });
  Line line;
  if (!idle_.empty()) {
    line = std::move(idle_.back());
    idle_.pop_back();
  } else {
    line.handle.reset(curl_easy_init());
    if (!line.handle) throw std::bad_alloc();
  }
  ++lent_;
  return line;
}

void HttpClient::Impl::give_back(Line line) {
  const std::lock_guard lock(mutex_);
  // After a failure libcurl may refuse the options of the next request: it keeps the buffers of a
  // transfer that did not begin, as where no server of the name was found.
  if (!line.failed) {
    curl_easy_reset(line.handle.get());  // keeps the connection
    idle_.push_back(std::move(line));
  }
  --lent_;
  returned_.notify_one();
}

void HttpClient::Impl::configure_tls(CURL* handle) const {
  if (options_.insecure_tls) {
    set_option(handle, CURLOPT_SSL_VERIFYPEER, 0L);
    set_option(handle, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!options_.ca_file.empty()) {
    set_option(handle, CURLOPT_CAINFO, options_.ca_file.c_str());
    set_option(handle, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  if (!options_.client_certificate.empty()) {
    set_option(handle, CURLOPT_SSLCERT, options_.client_certificate.c_str());
    set_option(handle, CURLOPT_SSLKEY, options_.client_certificate.c_str());
    set_option(handle, CURLOPT_KEYPASSWD,
               "");  // else an encrypted key is asked for on the terminal
  }
}

void HttpClient::Impl::configure_method(CURL* handle, const HttpRequest& request) {
  if (request.method == "HEAD") {
    set_option(handle, CURLOPT_NOBODY, 1L);
    return;
  }
  if (request.method == "POST" || request.method == "PUT" || !request.body.empty()) {
    set_option(handle, CURLOPT_POST, 1L);
    set_option(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    // Not copied, and sent again by libcurl itself where a kept connection turns out closed.
    set_option(handle, CURLOPT_POSTFIELDS,
               request.body.empty() ? "" : as_text(request.body).data());
  }
  if (request.method != "GET" && request.method != "POST") {
    set_option(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

void HttpClient::Impl::configure(CURL* handle, HttpExchange& exchange,
                                 const HttpRequest& request) const {
  set_option(handle, CURLOPT_NOSIGNAL, 1L);
  set_option(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  set_option(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set_option(handle, CURLOPT_PATH_AS_IS, 1L);
  set_option(handle, CURLOPT_FOLLOWLOCATION, 0L);
  set_option(handle, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set_option(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set_option(handle, CURLOPT_USERAGENT,
             options_.user_agent.empty() ? "medsave" : options_.user_agent.c_str());
  set_option(handle, CURLOPT_MAXCONNECTS, 1L);
  set_option(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  set_option(handle, CURLOPT_TCP_NODELAY, 1L);
  set_option(handle, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBuffer);
  set_option(handle, CURLOPT_BUFFERSIZE, kDownloadBuffer);
  set_option(handle, CURLOPT_EXPECT_100_TIMEOUT_MS, kExpectTimeout);
  set_option(handle, CURLOPT_CONNECTTIMEOUT,
             static_cast<long>(std::min(kConnectTimeout, options_.stuck_request_timeout).count()));
  set_option(handle, CURLOPT_URL, request.url.c_str());
  configure_method(handle, request);
  configure_tls(handle);
  if (!server_.user.empty() || !server_.password.empty()) {
    set_option(handle, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    set_option(handle, CURLOPT_USERNAME, server_.user.c_str());
    set_option(handle, CURLOPT_PASSWORD, server_.password.c_str());
  }
  if (!server_.unix_socket.empty()) {
    set_option(handle, CURLOPT_UNIX_SOCKET_PATH, server_.unix_socket.c_str());
  }
  if (is_loopback(request.url) || !server_.unix_socket.empty())
    set_option(handle, CURLOPT_PROXY, "");
  set_option(handle, CURLOPT_HEADERFUNCTION, &medsave_http_header);
  set_option(handle, CURLOPT_HEADERDATA, &exchange);
  set_option(handle, CURLOPT_WRITEFUNCTION, &medsave_http_body);
  set_option(handle, CURLOPT_WRITEDATA, &exchange);
  set_option(handle, CURLOPT_XFERINFOFUNCTION, &medsave_http_progress);
  set_option(handle, CURLOPT_XFERINFODATA, &exchange);
  set_option(handle, CURLOPT_NOPROGRESS, 0L);
}

void HttpClient::Impl::count(CURL* handle) {
  curl_off_t sent = 0;
  curl_off_t received = 0;
  curl_easy_getinfo(handle, CURLINFO_SIZE_UPLOAD_T, &sent);
  curl_easy_getinfo(handle, CURLINFO_SIZE_DOWNLOAD_T, &received);
  requests_ += 1;
  sent_ += static_cast<std::uint64_t>(sent);
  received_ += static_cast<std::uint64_t>(received);
}

void HttpClient::Impl::tell_of_break() const {
  if (server_.on_break) server_.on_break();
}

void HttpClient::Impl::throw_failure(const HttpExchange& exchange, CURLcode code,
                                     const std::string& detail) const {
  const std::string server =
      server_.unix_socket.empty() ? server_of(exchange.request.url) : server_.unix_socket;
  if (exchange.stuck) {
    throw Error(Errc::io, format_text(_("{}: nothing moved for {} seconds; the request was given "
                                        "up"),
                                      server, options_.stuck_request_timeout.count()));
  }
  if (exchange.interrupted) {
    if (exchange.ends_at_stop) throw Interrupted();
    throw Error(Errc::io,
                format_text(_("{}: the request was given up after the interrupt"), server));
  }
  switch (code) {
    case CURLE_OUT_OF_MEMORY:
      throw std::bad_alloc();
    case CURLE_URL_MALFORMAT:
      throw Error(Errc::usage, format_text(_("{}: is not an address ({})"), server, detail));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      throw_untrusted(server, detail);
    case CURLE_SSL_CACERT_BADFILE:
      throw_bad_authority(options_.ca_file, detail);
    case CURLE_SSL_CERTPROBLEM:
      throw_bad_certificate(options_.client_certificate, detail);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      throw_if_refused(server, detail);
      break;
    default:
      break;
  }
  const char* known = why_unreachable(code);
  if (known == nullptr) {
    throw Error(Errc::io, format_text(_("{}: the connection failed ({})"), server, detail));
  }
  const std::string text = format_text(known, server);
  throw Error(Errc::io, options_.library_words ? text + " (" + detail + ")" : text);
}

HttpResponse HttpClient::Impl::perform(const HttpRequest& request) {
  Lease lease(*this);
  Line& line = lease.line();
  CURL* handle = line.handle.get();
  HttpExchange exchange{.handle = handle,
                        .request = request,
                        .stuck_timeout = options_.stuck_request_timeout,
                        .stop = options_.stop,
                        .moved_at = SteadyClock::now(),
                        .ends_at_stop = request.ends_at_stop && !options_.stop.stop_requested()};
  const HeaderList headers = headers_of(request);
  std::array<char, CURL_ERROR_SIZE> detail = {};
  configure(handle, exchange, request);
  set_option(handle, CURLOPT_HTTPHEADER, headers.get());
  set_option(handle, CURLOPT_ERRORBUFFER, detail.data());
  const bool was_kept = std::exchange(line.kept, false);
  const CURLcode code = curl_easy_perform(handle);
  line.failed = code != CURLE_OK && !(exchange.cut_on_purpose && code == CURLE_WRITE_ERROR);
  count(handle);
  if (was_kept && connects_anew(handle)) tell_of_break();
  if (exchange.failure) std::rethrow_exception(exchange.failure);
  if (line.failed) {
    if (!exchange.interrupted) tell_of_break();
    const std::string_view said = detail.data();
    throw_failure(exchange, code, printable(said.empty() ? curl_easy_strerror(code) : said));
  }
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  exchange.response.status = static_cast<int>(status);
  if (may_be_down(exchange.response.status)) tell_of_break();
  line.kept = leaves_open(code, exchange.response);
  return std::move(exchange.response);
}

Traffic HttpClient::Impl::traffic() const {
  return {.requests = requests_, .sent = sent_, .received = received_};
}

HttpClient::HttpClient(HttpServer server, const RemoteOptions& options)
    : impl_(std::make_unique<Impl>(std::move(server), options)) {}
HttpClient::~HttpClient() = default;

HttpResponse HttpClient::perform(const HttpRequest& request) { return impl_->perform(request); }
Traffic HttpClient::traffic() const { return impl_->traffic(); }
unsigned HttpClient::connections() const { return impl_->connections(); }

}  // namespace medsave
