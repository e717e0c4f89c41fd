#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace medsave::test {

struct SeenRequest {
  std::string method = {};
  std::string target = {};  // path and query
  std::string head = {};    // all of it
  std::string body = {};
};

/// An HTTP server on loopback that answers as a test wants: for what no real store does. One
/// connection at a time.
class ScriptedStore {
 public:
  /// Gives the status line's rest, headers and body: "200 OK\r\nETag: x\r\n\r\nbody". The length is
  /// added, and that the connection ends unless it has a word on that. Nothing: the connection ends
  /// without an answer. Called with the number of requests before.
  using Answer = std::function<std::string(const SeenRequest& request, std::size_t before)>;

  explicit ScriptedStore(Answer answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, any, length) != 0 || ::listen(listener_, 16) != 0) std::abort();
    if (::getsockname(listener_, any, &length) != 0) std::abort();
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { serve(); });
  }
  ~ScriptedStore() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  ScriptedStore(const ScriptedStore&) = delete;
  ScriptedStore& operator=(const ScriptedStore&) = delete;

  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::vector<SeenRequest> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  void serve() {
    for (int client = -1; (client = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(client)) {
      SeenRequest request = read_request(client);
      std::string text;
      {
        const std::lock_guard lock(mutex_);
        text = answer_(request, seen_.size());
        seen_.push_back(request);
      }
      if (text.empty()) continue;
      text.insert(0, "HTTP/1.1 ");
      const std::size_t end = text.find("\r\n\r\n");
      if (text.find("Connection:") == std::string::npos) {
        text.insert(end, "\r\nConnection: close");
      }
      if (text.find("Content-Length:") == std::string::npos) {
        const std::size_t length = text.size() - text.find("\r\n\r\n") - 4;
        text.insert(end, "\r\nContent-Length: " + std::to_string(length));
      }
      if (request.method == "HEAD") text.resize(text.find("\r\n\r\n") + 4);
      if (::send(client, text.data(), text.size(), MSG_NOSIGNAL) < 0) continue;
    }
  }

  static SeenRequest read_request(int client) {
    std::string text;
    std::size_t wanted = std::string::npos;
    for (std::string piece(65536, '\0'); text.size() < wanted;) {
      const ssize_t got = ::recv(client, piece.data(), piece.size(), 0);
      if (got <= 0) break;
      text.append(piece, 0, static_cast<std::size_t>(got));
      const std::size_t head = text.find("\r\n\r\n");
      if (head == std::string::npos || wanted != std::string::npos) continue;
      const std::size_t length = text.find("Content-Length: ");
      wanted = head + 4;
      if (length < head) wanted += std::strtoul(text.c_str() + length + 16, nullptr, 10);
    }
    const std::size_t head = std::min(text.find("\r\n\r\n"), text.size());
    const std::size_t blank = text.find(' ');
    return {.method = text.substr(0, blank),
            .target = text.substr(blank + 1, text.find(' ', blank + 1) - blank - 1),
            .head = text.substr(0, head),
            .body = text.substr(std::min(head + 4, text.size()))};
  }

  const Answer answer_;
  int listener_ = -1;
  unsigned port_ = 0;
  mutable std::mutex mutex_;  // guards seen_
  std::vector<SeenRequest> seen_;
  std::jthread thread_;
};

}  // namespace medsave::test
