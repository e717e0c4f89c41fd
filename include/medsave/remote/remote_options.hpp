#pragma once

#include <chrono>
#include <map>
#include <stop_token>
#include <string>

namespace medsave {

/// The extended option for how long an S3 store is to refuse deletion.
inline constexpr const char* kRetentionLock = "s3.retention-lock";

/// What the command line says about reaching remote repositories; each backend takes from it what
/// concerns it.
struct RemoteOptions {
  /// `-o KEY=VALUE`: "sftp.command", "s3.region", ...
  std::map<std::string, std::string> extended = {};
  /// PEM file of the authorities to trust instead of the system's; empty: the system's.
  std::string ca_file = {};
  /// PEM file with a client certificate and its private key; empty: none.
  std::string client_certificate = {};
  /// Accepts any server certificate.
  bool insecure_tls = false;
  /// What HTTP servers are told of this program; empty: its name.
  std::string user_agent = {};
  /// Whether messages about temporary failures also quote libcurl or ssh, in English.
  bool library_words = false;
  /// A request during which nothing moves for so long is given up (and may be repeated).
  std::chrono::seconds stuck_request_timeout{300};
  /// After a stop requests get ten seconds more: what is left to do then is cleaning up.
  std::stop_token stop = {};
};

}  // namespace medsave
