#include "sftp_address.hpp"

#include "percent.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/process.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace medsave {
namespace {

[[noreturn]] void refuse(std::string_view address, const std::string& why) {
  throw Error(Errc::usage, format_text(_("\"sftp:{}\" is no SFTP address: {}. Write "
                                         "sftp:user@host:path or sftp://user@host:port/path."),
                                       address, why));
}

bool is_control(char c) { return (c >= '\0' && c < ' ') || c == '\x7f'; }

/// What a user's ProxyCommand may hand to a shell, with ssh before 9.6 unquoted.
bool is_dangerous(char c) {
  constexpr std::string_view kShell = " '`\"$;&<>|(){}";
  return is_control(c) || kShell.find(c) != std::string_view::npos;
}

void check_user(std::string_view address, const std::string& user) {
  if (user.starts_with('-') || user.ends_with('\\') || std::ranges::any_of(user, is_dangerous)) {
    refuse(address, _("the user name is none"));
  }
}

void check_host(std::string_view address, const std::string& host) {
  if (host.empty()) refuse(address, _("the host is missing"));
  if (host.starts_with('-') || host.find('\\') != std::string::npos ||
      std::ranges::any_of(host, is_dangerous)) {
    refuse(address, _("the host name is none"));
  }
}

void check_port(std::string_view address, const std::string& port) {
  constexpr unsigned kLargestPort = 65535;
  unsigned number = 0;
  const char* const end = port.data() + port.size();
  const auto [stop, problem] = std::from_chars(port.data(), end, number);
  if (problem != std::errc{} || stop != end || number == 0 || number > kLargestPort) {
    refuse(address, _("the port is no number from 1 to 65535"));
  }
}

/// "a//b/./c/" is "a/b/c"; "" is ".", "/" is "".
std::string clean_path(std::string_view address, std::string_view path) {
  if (std::ranges::find(path, '\0') != path.end()) refuse(address, _("the path is none"));
  if (path.starts_with('~')) {
    refuse(address, _("servers do not know \"~\"; a path without a slash in front starts in the "
                      "home folder"));
  }
  const bool absolute = path.starts_with('/');
  std::string clean;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (absolute || !clean.empty()) clean += '/';
    clean += part;
  }
  return clean.empty() && !absolute ? "." : clean;
}

/// Takes "host" or "[host]" from the front.
std::string take_host(std::string_view address, std::string_view& rest, std::string_view ends) {
  if (!rest.starts_with('[')) {
    const std::size_t end = std::min(rest.find_first_of(ends), rest.size());
    const std::string host(rest.substr(0, end));
    rest.remove_prefix(end);
    return host;
  }
  const std::size_t end = rest.find(']');
  if (end == std::string_view::npos) refuse(address, _("a bracket is not closed"));
  const std::string host(rest.substr(1, end - 1));
  rest.remove_prefix(end + 1);
  return host;
}

SftpAddress parse_url(std::string_view address) {
  SftpAddress parsed;
  std::string_view rest = address.substr(2);
  const std::size_t authority = std::min(rest.find('/'), rest.size());
  const std::size_t at = rest.substr(0, authority).rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view user = rest.substr(0, at);
    if (user.find(':') != std::string_view::npos) {
      throw Error(Errc::usage,
                  _("an SFTP address cannot hold a password; ssh asks for it, and with "
                    "a key (ssh-keygen, ssh-copy-id) nobody needs to"));
    }
    const std::optional<std::string> decoded = percent_decode(user);
    if (!decoded) refuse(address, _("the user name is none"));
    parsed.user = *decoded;
    rest.remove_prefix(at + 1);
  }
  parsed.host = take_host(address, rest, ":/");
  if (rest.starts_with(':')) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    parsed.port = rest.substr(1, end - 1);
    check_port(address, parsed.port);
    rest.remove_prefix(end);
  }
  if (!rest.empty() && !rest.starts_with('/')) refuse(address, _("the host name is none"));
  if (!rest.empty()) rest.remove_prefix(1);  // a path is relative unless another slash follows
  const std::optional<std::string> path = percent_decode(rest);
  if (!path) refuse(address, _("the path is none"));
  parsed.path = clean_path(address, *path);
  return parsed;
}

SftpAddress parse_short(std::string_view address) {
  SftpAddress parsed;
  std::string_view rest = address;
  // User names may hold an "@" of their own; a path may, too.
  const std::size_t colon = std::min(rest.find(':'), rest.size());
  const std::size_t at = rest.substr(0, std::min(colon, rest.find('['))).rfind('@');
  if (at != std::string_view::npos) {
    parsed.user = rest.substr(0, at);
    rest.remove_prefix(at + 1);
  }
  parsed.host = take_host(address, rest, ":");
  if (!rest.starts_with(':')) refuse(address, _("there is no \":\" after the host"));
  parsed.path = clean_path(address, rest.substr(1));
  return parsed;
}

std::string extended_option(const RemoteOptions& options, const std::string& key) {
  const auto found = options.extended.find(key);
  return found == options.extended.end() ? "" : found->second;
}

}  // namespace

SftpAddress parse_sftp_address(std::string_view address) {
  SftpAddress parsed = address.starts_with("//") ? parse_url(address) : parse_short(address);
  check_user(address, parsed.user);
  check_host(address, parsed.host);
  return parsed;
}

std::vector<std::string> sftp_command(const SftpAddress& address, const RemoteOptions& options,
                                      bool may_ask) {
  const std::string whole = extended_option(options, "sftp.command");
  const std::string more = extended_option(options, "sftp.args");
  if (!whole.empty() && !more.empty()) {
    throw Error(Errc::usage, _("sftp.command replaces the whole command: sftp.args cannot be given "
                               "as well"));
  }
  if (!whole.empty()) {
    std::vector<std::string> command = split_command(whole);
    if (command.empty()) throw Error(Errc::usage, _("the command in sftp.command is empty"));
    return command;
  }
  std::vector<std::string> command = {"ssh"};
  if (!address.port.empty()) command.insert(command.end(), {"-p", address.port});
  if (!address.user.empty()) command.insert(command.end(), {"-l", address.user});
  // In front of ours, since ssh takes the first value of each setting.
  for (std::string& word : split_command(more)) command.push_back(std::move(word));
  // Connections rest while unchanged files are read; routers forget silent ones.
  command.insert(command.end(), {"-o", "ServerAliveInterval=60"});
  if (!may_ask) command.insert(command.end(), {"-o", "BatchMode=yes"});
  command.insert(command.end(), {"-s", "--", address.host, "sftp"});
  return command;
}

unsigned sftp_connections(const RemoteOptions& options) {
  constexpr unsigned kConnections = 4;
  constexpr unsigned kMostConnections = 64;
  const auto given = options.extended.find("sftp.connections");
  if (given == options.extended.end()) return kConnections;
  const std::string& text = given->second;
  unsigned number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, number);
  if (problem == std::errc{} && stop == end && number >= 1 && number <= kMostConnections) {
    return number;
  }
  throw Error(Errc::usage, format_text(_("sftp.connections is \"{}\", it must be a number from 1 "
                                         "to {}"),
                                       text, kMostConnections));
}

}  // namespace medsave
