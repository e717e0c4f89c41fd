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
};

/// The value at `at`, which is moved behind it. A quote within quotes is doubled.
std::string take_value(const std::string& remote, std::size_t& at) {
  const char quote = at < remote.size() ? remote[at] : '\0';
  if (quote != '"' && quote != '\'') {
    const std::size_t begin = at;
    at = std::min(remote.find_first_of(",:", at), remote.size());
    return remote.substr(begin, at - begin);
  }
  std::string value;
  for (++at; at < remote.size(); ++at) {
    if (remote[at] == quote) {
      ++at;
      if (at == remote.size() || remote[at] != quote) break;
    }
    value += remote[at];
  }
  return value;
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
      option.value = take_value(remote, at);
    } else {
      option.value_begin = at;
    }
    option.end = at;
    options.push_back(std::move(option));
  }
  return options;
}

/// Also what holds another remote with a secret in it.
bool is_secret(const Option& option) {
  static constexpr std::array<std::string_view, 5> kSecret = {"pass", "secret", "token", "key",
                                                              "auth"};
  const bool named = std::ranges::any_of(
      kSecret, [&](std::string_view word) { return option.name.find(word) != std::string::npos; });
  return !option.value.empty() &&
         (named || std::ranges::any_of(options_of(option.value), is_secret));
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

}  // namespace

std::string mask_remote(const std::string& remote) {
  std::string masked;
  std::size_t copied = 0;
  for (const Option& option : secrets_of(remote)) {
    masked += remote.substr(copied, option.value_begin - copied);
    masked += kHidden;
    copied = option.end;
  }
  return masked + remote.substr(copied);
}

std::string hide_secrets(std::string text, const std::string& remote) {
  for (const Option& option : secrets_of(remote)) {
    for (const std::string& secret :
         {remote.substr(option.value_begin, option.end - option.value_begin), option.value}) {
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
