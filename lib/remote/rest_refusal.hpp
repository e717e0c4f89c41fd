#pragma once

#include "http_client.hpp"

#include <string>
#include <utility>

namespace medsave {

/// What an answer of a REST server means that is not the one asked for, in words for people.
class RestRefusal {
 public:
  /// `shown`: the address, without its password. `has_user`: a user was named to the server.
  RestRefusal(std::string shown, bool has_user) : shown_(std::move(shown)), has_user_(has_user) {}

  /// Throws what the status of an answer to `what` means.
  [[noreturn]] void throw_status(const std::string& what, const HttpResponse& response) const;
  /// Something between us and the server may answer in its place, with success.
  void require_no_page(const std::string& what, const HttpResponse& response) const;

 private:
  [[noreturn]] void throw_unauthorized(const std::string& what) const;

  std::string shown_;
  bool has_user_;
};

/// Whether the server is rclone, which answers 404 to any failure and lists a missing folder as
/// empty.
bool is_rclone(const HttpResponse& response);

}  // namespace medsave
