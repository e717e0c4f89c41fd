// An HTTP/1.1 proxy in front of a server that injects faults by request.
//
//   fault-proxy --port-file FILE|--socket PATH [--log FILE] TARGET RULE...
//
// TARGET is HOST:PORT (numbers only, e.g. 127.0.0.1:8000) or the path of a unix socket. The proxy
// listens on a free port of 127.0.0.1 and writes it to FILE, or on a unix socket; it runs until it
// is killed. The log gets a line "NUMBER METHOD PATH STATUS [FAULT]" for every request (STATUS -
// without an answer).
//
// A rule is [METHOD][/PART]#WHEN:FAULT[=NUMBER]. It counts the requests with this method whose path
// holds /PART; the first rule that fits a request decides. WHEN is N, N-M, N+ (N and all after),
// * (all) or ~P (P percent of them, always the same ones). Examples:
//
//   "POST/data/#2:drop-answer"  "#5-9:status=503"  "GET#~10:flip=100"  "HEAD#*:html"
//
// Faults before the server sees the request:
//   status=CODE      answers CODE
//   html             answers 200 with a web page
//   drop             closes the connection
//   drop-request=N   passes on N bytes of the body, then closes both connections
//   flip-request=N   flips a bit in byte N of the body
// Faults in the answer of the server:
//   drop-answer      closes the connection instead of answering
//   cut=N            closes the connection after N bytes of the body
//   short=N          leaves out the last N bytes and says so in Content-Length
//   length=N         adds N (perhaps negative) to Content-Length, but not to the body
//   flip=N           flips a bit in byte N of the body
//   list-omits       leaves out the first file of a list (these three: only of a list)
//   list-invents     adds one that does not exist
//   list-resizes=N   adds N (perhaps negative) to the size of the first one
//   stall=N          waits N seconds before the answer
//   stall-body=N     waits N seconds in the middle of the body
// Positions beyond the body's end are taken modulo its length.
#include "fault_rules.hpp"

#include <fmt/core.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using fault_proxy::die;
using fault_proxy::Fault;
using fault_proxy::number;
using fault_proxy::Plan;
using fault_proxy::Rule;

constexpr int kBacklog = 64;

/// One side of a connection.
class Stream {
 public:
  explicit Stream(int fd) : fd_(fd) {}
  ~Stream() { ::close(fd_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Up to and including `end`.
  std::optional<std::string> read_through(std::string_view end) {
    while (true) {
      const std::size_t at = pending_.find(end);
      if (at != std::string::npos) return take(at + end.size());
      if (!fill()) return std::nullopt;
    }
  }
  std::optional<std::string> read_exactly(std::size_t size) {
    while (pending_.size() < size) {
      if (!fill()) return std::nullopt;
    }
    return take(size);
  }
  std::string read_to_end() {
    while (fill()) {
    }
    return take(pending_.size());
  }
  bool write(std::string_view data) {
    while (!data.empty()) {
      const ssize_t sent = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      data.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

 private:
  bool fill() {
    static constexpr std::size_t kPiece = 256 * 1024;
    const std::size_t old = pending_.size();
    pending_.resize(old + kPiece);
    const ssize_t got = ::recv(fd_, pending_.data() + old, kPiece, 0);
    pending_.resize(old + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return got > 0;
  }
  std::string take(std::size_t size) {
    std::string head = pending_.substr(0, size);
    pending_.erase(0, size);
    return head;
  }

  int fd_;
  std::string pending_;
};

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

/// The first line and the headers of a request or an answer.
struct Head {
  std::string first_line;
  std::vector<std::pair<std::string, std::string>> headers;

  static Head parse(const std::string& text) {
    Head head;
    std::size_t at = text.find("\r\n");
    head.first_line = text.substr(0, at);
    while (at + 4 < text.size()) {
      const std::size_t end = text.find("\r\n", at + 2);
      const std::string line = text.substr(at + 2, end - at - 2);
      const std::size_t colon = line.find(':');
      if (colon != std::string::npos) {
        const std::size_t value = line.find_first_not_of(' ', colon + 1);
        head.headers.emplace_back(line.substr(0, colon),
                                  value == std::string::npos ? "" : line.substr(value));
      }
      at = end;
    }
    return head;
  }
  [[nodiscard]] std::string value(const std::string& name) const {
    for (const auto& [key, text] : headers) {
      if (lower_case(key) == name) return text;
    }
    return "";
  }
  void remove(const std::string& name) {
    std::erase_if(headers, [&](const auto& header) { return lower_case(header.first) == name; });
  }
  void set(const std::string& name, const std::string& text) {
    remove(lower_case(name));
    headers.emplace_back(name, text);
  }
  [[nodiscard]] std::string text() const {
    std::string whole = first_line + "\r\n";
    for (const auto& [key, value] : headers) whole += fmt::format("{}: {}\r\n", key, value);
    return whole + "\r\n";
  }
};

std::optional<std::string> read_chunks(Stream& from) {
  std::string body;
  while (true) {
    const std::optional<std::string> size = from.read_through("\r\n");
    if (!size) return std::nullopt;
    const std::size_t bytes = std::strtoul(size->c_str(), nullptr, 16);
    const std::optional<std::string> chunk = from.read_exactly(bytes + 2);
    if (!chunk) return std::nullopt;
    if (bytes == 0) return body;
    body.append(*chunk, 0, bytes);
  }
}

std::optional<std::string> read_body(Stream& from, const Head& head, bool to_end) {
  if (lower_case(head.value("transfer-encoding")) == "chunked") return read_chunks(from);
  const std::string length = head.value("content-length");
  if (!length.empty()) return from.read_exactly(std::strtoul(length.c_str(), nullptr, 10));
  return to_end ? from.read_to_end() : std::string();
}

void flip_bit(std::string& body, long position) {
  if (body.empty()) return;
  char& byte = body[static_cast<std::size_t>(position) % body.size()];
  byte = static_cast<char>(byte ^ 4);
}

std::string plain_answer(int status, std::string_view type, std::string_view body) {
  return fmt::format("HTTP/1.1 {} Injected\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}",
                     status, type, body.size(), body);
}

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
  if (path.size() >= sizeof address.sun_path) die("path too long: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int connect_to(const std::string& target) {
  sockaddr_storage storage = {};
  socklen_t size = 0;
  if (target.starts_with('/')) {
    const sockaddr_un address = unix_address(target);
    std::memcpy(&storage, &address, size = sizeof address);
  } else {
    const std::size_t colon = target.rfind(':');
    if (colon == std::string::npos) die("no port in " + target);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(number(target.substr(colon + 1))));
    if (::inet_pton(AF_INET, target.substr(0, colon).c_str(), &address.sin_addr) != 1) {
      die("not an address: " + target);
    }
    std::memcpy(&storage, &address, size = sizeof address);
  }
  const int fd = ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // Where nobody listens, the first request fails.
  static_cast<void>(::connect(fd, reinterpret_cast<const sockaddr*>(&storage), size));
  return fd;
}

struct Request {
  Head head;
  std::string method;
  std::string path;
  std::string body;
};

class Connection {
 public:
  Connection(int client, Plan& plan, const std::string& target)
      : client_(client), plan_(plan), server_(connect_to(target)) {}

  void serve() {
    while (serve_one()) {
    }
  }

 private:
  bool serve_one();
  bool read_request_body(Request& request);
  bool answer(Head head, std::string body, bool is_head, const Fault& fault);

  Stream client_;
  Plan& plan_;
  Stream server_;
};

bool Connection::read_request_body(Request& request) {
  if (!request.head.value("expect").empty() && !client_.write("HTTP/1.1 100 Continue\r\n\r\n")) {
    return false;
  }
  request.head.remove("expect");
  std::optional<std::string> body = read_body(client_, request.head, false);
  if (!body) return false;
  request.body = std::move(*body);
  if (!request.head.value("transfer-encoding").empty()) {
    request.head.remove("transfer-encoding");
    request.head.set("Content-Length", std::to_string(request.body.size()));
  }
  return true;
}

/// False when the connection is to be closed.
bool Connection::serve_one() {
  const std::optional<std::string> text = client_.read_through("\r\n\r\n");
  if (!text) return false;
  Request request{.head = Head::parse(*text), .method = {}, .path = {}, .body = {}};
  const std::string& line = request.head.first_line;
  request.method = line.substr(0, line.find(' '));
  request.path = line.substr(request.method.size() + 1);
  request.path = request.path.substr(0, request.path.find(' '));
  const Plan::Turn turn = plan_.next(request.method, request.path);
  const Fault fault = turn.fault.value_or(Fault{});
  const auto note = [&](const std::string& status) {
    plan_.note(turn, request.method, request.path, status);
  };
  const auto give_up = [&] {
    note("-");
    return false;
  };

  if (fault.name == "drop" || !read_request_body(request)) return give_up();
  if (fault.name == "status") {
    note(std::to_string(fault.amount));
    const std::string_view body = request.method == "HEAD" ? "" : "injected";
    return client_.write(plain_answer(static_cast<int>(fault.amount), "text/plain", body));
  }
  if (fault.name == "html") {
    note("200");
    const std::string_view body = request.method == "HEAD" ? "" : "<html>Please log in</html>";
    return client_.write(plain_answer(200, "text/html", body));
  }
  if (fault.name == "flip-request") flip_bit(request.body, fault.amount);
  if (!server_.write(request.head.text())) return give_up();
  if (fault.name == "drop-request") {
    server_.write(std::string_view(request.body).substr(0, static_cast<std::size_t>(fault.amount)));
    return give_up();
  }
  if (!server_.write(request.body)) return give_up();

  std::optional<std::string> answered = server_.read_through("\r\n\r\n");
  while (answered && answered->starts_with("HTTP/1.1 1")) {
    answered = server_.read_through("\r\n\r\n");
  }
  if (!answered) return give_up();
  Head head = Head::parse(*answered);
  const std::string status = head.first_line.substr(head.first_line.find(' ') + 1, 3);
  const bool no_body = request.method == "HEAD" || status == "204" || status == "304";
  std::optional<std::string> body = no_body ? std::string() : read_body(server_, head, true);
  if (!body || fault.name == "drop-answer") return give_up();
  note(status);
  return answer(std::move(head), std::move(*body), no_body, fault);
}

bool Connection::answer(Head head, std::string body, bool no_body, const Fault& fault) {
  const auto amount = static_cast<std::size_t>(std::max(fault.amount, 0L));
  if (!no_body) {
    if (fault.name == "short") body.resize(body.size() - std::min(body.size(), amount));
    if (fault.name.starts_with("list-")) fault_proxy::falsify_list(body, fault);
    head.remove("transfer-encoding");
    head.set("Content-Length", std::to_string(body.size()));
  }
  if (fault.name == "length") {
    const long length = number(head.value("content-length")) + fault.amount;
    head.set("Content-Length", std::to_string(std::max(length, 0L)));
  }
  if (fault.name == "flip") flip_bit(body, fault.amount);
  const auto wait = [&] { std::this_thread::sleep_for(std::chrono::seconds(fault.amount)); };
  if (fault.name == "stall") wait();
  if (!client_.write(head.text())) return false;
  if (fault.name == "cut") {
    client_.write(std::string_view(body).substr(0, amount));
    return false;
  }
  const std::size_t middle = fault.name == "stall-body" ? body.size() / 2 : 0;
  if (!client_.write(std::string_view(body).substr(0, middle))) return false;
  if (fault.name == "stall-body") wait();
  return client_.write(std::string_view(body).substr(middle)) && fault.name != "length" &&
         lower_case(head.value("connection")) != "close";
}

int listen_on_socket(const std::string& path) {
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = unix_address(path);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener, kBacklog) != 0) {
    die(std::strerror(errno));
  }
  return listener;
}

int listen_on_free_port(const std::string& port_file) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener, any, size) != 0 || ::listen(listener, kBacklog) != 0 ||
      ::getsockname(listener, any, &size) != 0) {
    die(std::strerror(errno));
  }
  // Renamed, so that whoever waits for the file finds the port in it.
  std::ofstream(port_file + ".new") << ntohs(address.sin_port) << '\n';
  if (std::rename((port_file + ".new").c_str(), port_file.c_str()) != 0) die(port_file);
  return listener;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  std::string port_file;
  std::string socket_path;
  std::string log;
  std::size_t at = 0;
  for (; at + 1 < arguments.size() && arguments[at].starts_with("--"); at += 2) {
    if (arguments[at] == "--port-file") port_file = arguments[at + 1];
    if (arguments[at] == "--socket") socket_path = arguments[at + 1];
    if (arguments[at] == "--log") log = arguments[at + 1];
  }
  if (port_file.empty() == socket_path.empty() || at >= arguments.size()) {
    die("--port-file FILE|--socket PATH [--log FILE] TARGET RULE...");
  }
  const std::string& target = arguments[at];
  std::vector<Rule> rules;
  for (++at; at < arguments.size(); ++at) rules.push_back(fault_proxy::parse_rule(arguments[at]));
  Plan plan(std::move(rules), log);
  ::signal(SIGPIPE, SIG_IGN);
  const int listener =
      socket_path.empty() ? listen_on_free_port(port_file) : listen_on_socket(socket_path);
  while (true) {
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) die(std::strerror(errno));
    std::thread([client, &plan, &target] { Connection(client, plan, target).serve(); }).detach();
  }
}
