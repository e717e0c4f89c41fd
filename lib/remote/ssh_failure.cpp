#include "ssh_failure.hpp"

#include "medsave/base/text.hpp"

#include <algorithm>
#include <vector>

namespace medsave {
namespace {

constexpr std::size_t kLongestQuote = 500;

bool has(std::string_view said, std::string_view words) {
  return said.find(words) != std::string_view::npos;
}

bool has_any(std::string_view said, const std::vector<std::string_view>& words) {
  return std::ranges::any_of(words, [said](std::string_view one) { return has(said, one); });
}

std::string printable(std::string_view line) {
  std::string text;
  for (const char c : line) {
    if (c == '\r') continue;
    text += (c >= '\0' && c < ' ') || c == '\x7f' ? ' ' : c;
  }
  return text;
}

/// The frame of "@@@@@" around ssh's warnings is no information.
bool is_ornament(std::string_view line) {
  return std::ranges::all_of(line, [](char c) { return c == '@' || c == ' ' || c == '\r'; });
}

/// What is wrong in our words, and what to do.
struct Explanation {
  Errc code;
  const char* text;          // with a place for the location
  bool needs_words = false;  // only ssh's words tell what is wrong
};

Explanation explain_host_key(std::string_view said) {
  if (has(said, "REMOTE HOST IDENTIFICATION HAS CHANGED")) {
    return {Errc::permission,
            _("{}: the server shows another host key than the one this computer knows. Either it "
              "was set up anew or somebody is in between: nothing was sent. Ask its administrator; "
              "if the change is right, remove the old key with \"ssh-keygen -R HOST\" and connect "
              "once with \"ssh\".")};
  }
  return {Errc::permission,
          _("{}: this computer does not know the server's host key, nothing was sent. Connect once "
            "with \"ssh\", compare the fingerprint it shows with the administrator's and accept "
            "it.")};
}

/// A temporary failure; nullptr for one of which only ssh's words tell more.
const char* why_unreachable(std::string_view said) {
  if (has_any(said, {"Could not resolve hostname", "Name or service not known",
                     "Temporary failure in name resolution"})) {
    return _("{}: no server of this name is found; is the name right, and is there a network?");
  }
  if (has(said, "Connection refused")) {
    return _("{}: nothing answers SSH there; is the server running, and the port right?");
  }
  if (has_any(said, {"Connection timed out", "Operation timed out", "timed out"})) {
    return _("{}: the server does not answer; is it switched on?");
  }
  if (has_any(said, {"No route to host", "Network is unreachable", "Host is down"})) {
    return _("{}: no way leads to the server; is there a network, and is it switched on?");
  }
  return nullptr;
}

Explanation explain_refusal(std::string_view said) {
  if (has(said, "Host key verification failed")) return explain_host_key(said);
  if (has_any(said, {"Permission denied (", "Too many authentication failures"})) {
    return {Errc::permission,
            _("{}: the server refuses the login. Is the user's name right? If it asks for a key, "
              "\"ssh-copy-id USER@HOST\" gives it that of this computer.")};
  }
  if (has(said, "subsystem request failed")) {
    return {Errc::unsupported, _("{}: the server offers no SFTP; it must be switched on there")};
  }
  if (has_any(said, {"Bad configuration option", "Can't open user config file",
                     "Bad owner or permissions", "unknown option", "illegal option",
                     "missing argument", "extra arguments at end of line"})) {
    return {Errc::usage, _("{}: ssh cannot use its configuration"), true};
  }
  if (const char* known = why_unreachable(said)) return {Errc::io, known};
  return {Errc::io, _("{}: cannot connect"), true};
}

}  // namespace

std::string last_words(std::string_view said, std::size_t limit) {
  std::string words;
  while (!said.empty()) {
    const std::size_t end = std::min(said.rfind('\n'), said.size());
    const std::size_t begin = end == said.size() ? 0 : end + 1;
    const std::string line = printable(said.substr(begin));
    said = said.substr(0, end == said.size() ? 0 : end);
    if (is_ornament(line)) continue;
    if (words.size() + line.size() > limit) break;
    words.insert(0, words.empty() ? line : line + "; ");
  }
  return words;
}

Error explain_ssh_failure(const SshFailure& failure) {
  const Explanation why = failure.connected
                              ? Explanation{Errc::io, _("{}: the connection was lost")}
                              : explain_refusal(failure.said);
  const std::string text = format_text(why.text, failure.location);
  if (!failure.tells_words && !why.needs_words) return {why.code, text};
  std::string words = last_words(failure.said, kLongestQuote);
  if (words.empty()) words = format_text(_("it ended with status {}"), failure.status);
  return {why.code, format_text(_("{} (ssh: {})"), text, words)};
}

}  // namespace medsave
