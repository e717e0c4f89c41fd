#include "medsave/sys/process.hpp"

#include "medsave/base/bytes.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/thread.hpp"
#include "medsave/sys/file_io.hpp"

#include <chrono>
#include <cstddef>
#include <utility>

namespace medsave {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

std::vector<std::string> split_command(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;  // true also for an empty pair of quotes
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const char next = i + 1 < line.size() ? line[i + 1] : '\0';
    if (c == '\\' && quote != '\'' && next != '\0' &&
        (quote == '\0' || next == '"' || next == '\\')) {
      word.push_back(next);
      in_word = true;
      ++i;
    } else if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        word.push_back(c);
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      in_word = true;
    } else if (is_space(c)) {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
    } else {
      word.push_back(c);
      in_word = true;
    }
  }
  if (quote != '\0') {
    throw Error(Errc::usage, format_text(_("the command \"{}\" has a quote that is not closed"),
                                         std::string(line)));
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

ChildOutput::ChildOutput(const std::vector<std::string>& command,
                         std::function<void(const std::string& line)> says)
    : child_({.command = command,
              .out = ChildStream::pipe,
              .err = says ? ChildStream::pipe : ChildStream::inherited}) {
  if (!says) return;
  errors_ = start_thread([this, says = std::move(says)](const std::stop_token& stop) {
    try {
      read_errors(says, stop);
    } catch (const Error&) {  // what it says is lost, and how it ends counts
    }
  });
}

/// Ends also where a program that it has left behind keeps the stream open.
void ChildOutput::read_errors(const std::function<void(const std::string&)>& says,
                              const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kPause(100);
  constexpr std::size_t kLongestLine = 4096;
  constexpr int kMostAfterwards = 100;
  std::string text;
  Buffer piece(kLongestLine);
  for (int afterwards = 0; afterwards < kMostAfterwards;) {
    const auto got =
        read_when_ready(child_.err().get(), piece.writable(), kPause, _("the program"));
    if (got == 0U || (!got && stop.stop_requested())) break;
    if (stop.stop_requested()) ++afterwards;
    text += as_text(piece.view().first(got.value_or(0)));
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      says(text.substr(0, end));
      text.erase(0, end + 1);
    }
    if (text.size() < kLongestLine) continue;
    says(text);
    text.clear();
  }
  if (!text.empty()) says(text);
}

int ChildOutput::wait() {
  child_.out().reset();  // a child that still writes gets SIGPIPE instead of waiting for ever
  const int status = child_.wait();
  errors_.request_stop();
  if (errors_.joinable()) errors_.join();
  return status;
}

}  // namespace medsave
