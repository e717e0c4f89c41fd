#pragma once

#include "medsave/remote/remote_options.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// Where a repository behind SSH is.
struct SftpAddress {
  std::string user = {};  // empty: whom ssh takes
  std::string host = {};  // an IPv6 address without its brackets
  std::string port = {};  // empty: ssh's choice
  std::string path = {};  // "." is the home folder; no slash at its end; "" is the root folder
};

/// Reads "[user@]host:path" or "//[user@]host[:port]/path". Throws Error(usage); in particular for
/// hosts and users that ssh or a shell behind it could take for something else.
SftpAddress parse_sftp_address(std::string_view address);

/// The program that carries SFTP on its standard streams: sftp.command, or ssh with what sftp.args
/// adds. Where `may_ask` is false, ssh fails rather than asking for a password.
std::vector<std::string> sftp_command(const SftpAddress& address, const RemoteOptions& options,
                                      bool may_ask);

/// sftp.connections, or how many do without it. Throws Error(usage).
unsigned sftp_connections(const RemoteOptions& options);

}  // namespace medsave
