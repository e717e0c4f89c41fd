#include "rclone_remote.hpp"

#include "http_text.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace medsave {
namespace {

constexpr std::string_view kHidden = "***";

/// One option of a connection string. [begin, end) is all of it, the comma in front included.
struct Option {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t value_begin = 0;  // with its quotes; end of the option where it has no value
  std::string name = {};
  std::string value = {};  // without quotes
  bool is_quoted = false;
  bool is_closed = true;  // the quote ends, and right before a comma or colon
};

/// The value at `at`, which is moved behind it. A quote within quotes is doubled.
void take_value(const std::string& remote, std::size_t& at, Option& option) {
  const char quote = at < remote.size() ? remote[at] : '\0';
  option.is_quoted = quote == '"' || quote == '\'';
  if (!option.is_quoted) {
    const std::size_t begin = at;
    at = std::min(remote.find_first_of(",:", at), remote.size());
    option.value = remote.substr(begin, at - begin);
    return;
  }
  option.is_closed = false;
  for (++at; at < remote.size(); ++at) {
    if (remote[at] == quote) {
      ++at;
      option.is_closed = at == remote.size() || remote[at] == ',' || remote[at] == ':';
      if (at == remote.size() || remote[at] != quote) break;
    }
    option.value += remote[at];
  }
  if (!option.is_closed) at = remote.size();  // whatever follows may belong to the secret
}

std::vector<Option> options_of(const std::string& remote) {
  std::vector<Option> options;
  std::size_t at = remote.find_first_of(",:/", remote.starts_with(':') ? 1 : 0);
  while (at < remote.size() && remote[at] == ',') {
    Option option{.begin = at};
    at = std::min(remote.find_first_of("=,:", at + 1), remote.size());
    option.name = remote.substr(option.begin + 1, at - option.begin - 1);
    if (at < remote.size() && remote[at] == '=') {
      option.value_begin = ++at;
      take_value(remote, at, option);
    } else {
      option.value_begin = at;
    }
    option.end = at;
    options.push_back(std::move(option));
  }
  return options;
}

/// What "https://user:password@host" holds; empty where there is none.
std::string url_password(const std::string& value) {
  const std::size_t user = value.find("://");
  const std::size_t at = value.rfind('@');
  if (user == std::string::npos || at == std::string::npos) return {};
  const std::size_t colon = value.find(':', user + 3);
  return colon < at ? value.substr(colon + 1, at - colon - 1) : std::string();
}

/// Also what holds another remote with a secret in it.
bool is_secret(const Option& option) {
  static constexpr std::array<std::string_view, 10> kSecret = {
      "pass", "secret", "token", "key", "auth", "cred", "sas_url", "cookie", "header", "2fa"};
  const std::string name = lower_case(option.name);
  const bool named = std::ranges::any_of(
      kSecret, [&](std::string_view word) { return name.find(word) != std::string::npos; });
  return !option.value.empty() && (named || !url_password(option.value).empty() ||
                                   std::ranges::any_of(options_of(option.value), is_secret));
}

/// A URL that should be in quotes: its colon ends the option, and the rest would be the path.
bool is_cut_url(const Option& option, const std::string& remote) {
  const std::string scheme = lower_case(option.value);
  return !option.is_quoted && (scheme == "http" || scheme == "https") &&
         remote.compare(option.end, 3, "://") == 0;
}

std::vector<Option> secrets_of(const std::string& remote) {
  std::vector<Option> options = options_of(remote);
  std::erase_if(options, [](const Option& option) { return !is_secret(option); });
  return options;
}

/// As rclone makes names of variables; what is a letter elsewhere is not one for it here.
std::string variable_text(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}
std::string option_text(std::string_view name) {
  std::string out = variable_text(name);
  std::ranges::replace(out, '-', '_');
  return out;
}

/// rclone would refuse these too, or take them for a folder's name, and repeat the secret.
void require_readable(const std::string& remote) {
  const std::vector<Option> options = options_of(remote);
  if (options.empty()) return;
  const bool secret = std::ranges::any_of(options, is_secret);
  const Option& last = options.back();
  const bool has_path = last.end < remote.size();
  if (is_cut_url(last, remote)) {
    throw Error(Errc::usage,
                format_text(_("rclone: the address behind \"{}=\" must stand in quotes "
                              "({}='https://...'), or the remote be set up with \"rclone config\""),
                            printable(last.name), printable(last.name)));
  }
  if (!last.is_closed || (secret && !has_path)) {
    throw Error(Errc::usage,
                _("rclone: the remote's options cannot be read: a value with a comma, a colon or a "
                  "quote must stand in quotes, and a colon and the path end the options. \"rclone "
                  "config\" sets up a remote that needs none."));
  }
}

}  // namespace

std::string mask_remote(const std::string& remote) {
  std::string masked;
  std::size_t copied = 0;
  const std::vector<Option> options = options_of(remote);
  for (const Option& option : options) {
    if (!is_secret(option)) continue;
    masked += remote.substr(copied, option.value_begin - copied);
    masked += kHidden;
    copied = option.end;
  }
  // Secrets may stand behind such a URL.
  if (!options.empty() && is_cut_url(options.back(), remote)) {
    return masked + remote.substr(copied, options.back().end + 3 - copied) + std::string(kHidden);
  }
  return masked + remote.substr(copied);
}

std::string hide_secrets(std::string text, const std::string& remote) {
  for (const Option& option : secrets_of(remote)) {
    for (const std::string& secret :
         {remote.substr(option.value_begin, option.end - option.value_begin), option.value,
          url_password(option.value)}) {
      if (secret.empty()) continue;
      std::size_t at = text.find(secret);
      while (at != std::string::npos) {
        text.replace(at, secret.size(), kHidden);
        at = text.find(secret, at + kHidden.size());
      }
    }
  }
  return text;
}

RcloneRemote move_secrets(const std::string& remote) {
  require_readable(remote);
  RcloneRemote moved;
  const std::string name = remote.substr(0, remote.find_first_of(",:", 1));
  // ":webdav" has no section in the configuration, but all its options have variables.
  const std::string prefix = name.starts_with(':') ? "RCLONE_" + option_text(name.substr(1)) + "_"
                                                   : "RCLONE_CONFIG_" + variable_text(name) + "_";
  std::size_t copied = 0;
  for (const Option& option : secrets_of(remote)) {
    if (option.name.find('.') != std::string::npos) {
      throw Error(Errc::usage,
                  format_text(_("rclone: everybody on this computer could read \"{}\" in the list "
                                "of processes; put it into the remote's configuration with "
                                "\"rclone config\""),
                              printable(option.name)));
    }
    moved.argument += remote.substr(copied, option.begin - copied);
    moved.environment.emplace_back(prefix + option_text(option.name), option.value);
    copied = option.end;
  }
  moved.argument += remote.substr(copied);
  return moved;
}

}  // namespace medsave
