#include "medsave/sys/process.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

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

ChildOutput::ChildOutput(const std::vector<std::string>& command)
    : child_({.command = command, .out = ChildStream::pipe}) {}

int ChildOutput::wait() {
  child_.out().reset();  // a child that still writes gets SIGPIPE instead of waiting for ever
  return child_.wait();
}

}  // namespace medsave
