#include "medsave/ui/console.hpp"

#include "medsave/base/system.hpp"
#include "medsave/sys/fd.hpp"
#include "medsave/sys/terminal.hpp"
#include "medsave/ui/display_text.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace medsave {
namespace {

constexpr unsigned kUsualWidth = 80;
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kPlain = "\x1b[0m";

bool environment_is_set(const char* name) { return !environment(name).value_or("").empty(); }

bool colour_wanted() {
  return !environment_is_set("NO_COLOR") && environment("TERM").value_or("dumb") != "dumb";
}

/// All but what Console::bold() put around words.
std::string escape_line(std::string_view line) {
  std::string shown;
  while (true) {
    const std::size_t code = std::min(line.find(kBold), line.find(kPlain));
    shown += escape_for_terminal(line.substr(0, code));
    if (code == std::string_view::npos) return shown;
    shown += line.substr(code, kBold.size());
    line.remove_prefix(code + kBold.size());
  }
}

std::string escape_each_line(std::string_view text) {
  std::string shown;
  while (true) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    shown += escape_for_terminal(text.substr(0, end));
    if (end == text.size()) return shown;
    shown += '\n';
    text.remove_prefix(end + 1);
  }
}

}  // namespace

Console::Console(Write out, Write err, Options options)
    : out_(std::move(out)), err_(std::move(err)), options_(std::move(options)) {}

Console::~Console() { clear_status(); }

Console::Options Console::standard_options() {
  const bool out_is_terminal = is_terminal(kStandardOutput);
  return {.out_is_terminal = out_is_terminal,
          .err_is_terminal = is_terminal(kStandardError),
          .colour = out_is_terminal && colour_wanted(),
          .width = [] { return terminal_width(kStandardOutput); }};
}

Console::Write Console::standard_out() {
  return [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); };
}

Console::Write Console::standard_err() {
  return [](std::string_view text) {
    std::fflush(stdout);  // so that both come in order where they share a file
    std::fwrite(text.data(), 1, text.size(), stderr);
  };
}

bool Console::flush_standard_out() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

void Console::log(std::string_view line) {
  if (!copy_) return;
  const std::lock_guard lock(mutex_);
  copy_(line);
}

void Console::put_out(std::string_view line) {
  const std::lock_guard lock(mutex_);
  erase_block();
  out_(line);
  out_("\n");
  draw_block();
}

void Console::put_err(std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (options_.err_is_terminal) erase_block();
  err_(std::string(line) + "\n");
  draw_block();
}

void Console::print(std::string_view line) {
  log(line);
  put_out(line);
}

void Console::print_err(std::string_view line) {
  log(line);
  put_err(line);
}

void Console::put_message(const std::string& shown) {
  log(shown);
  put_out(options_.out_is_terminal ? wrap_lines(shown, width()) : shown);
}

void Console::put_warning(const std::string& shown) {
  log(shown);
  put_err(options_.err_is_terminal ? wrap_lines(shown, width()) : shown);
}

void Console::tell(std::string_view line) {
  put_message(options_.colour ? escape_line(line) : escape_for_terminal(line));
}

void Console::warn(std::string_view line) { put_warning(escape_for_terminal(line)); }

void Console::tell_lines(std::string_view text) { put_message(escape_each_line(text)); }

void Console::warn_lines(std::string_view text) { put_warning(escape_each_line(text)); }

void Console::write(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  erase_block();
  out_(bytes);
}

void Console::show_status(const std::vector<std::string>& lines) {
  if (!options_.out_is_terminal) return;
  const std::lock_guard lock(mutex_);
  erase_block();
  block_ = lines;
  draw_block();
}

void Console::clear_status() { show_status({}); }

unsigned Console::width() const { return options_.width ? options_.width() : kUsualWidth; }

std::string Console::listed_name(const std::string& raw) const {
  return options_.out_is_terminal ? escape_for_terminal(raw) : raw;
}

std::string Console::bold(const std::string& text) const {
  return options_.colour ? std::string(kBold).append(text).append(kPlain) : text;
}

/// The cursor stands at the end of the block's last line. A terminal that has become narrower
/// since has folded the lines, so rows are counted by today's width.
void Console::erase_block() {
  if (drawn_widths_.empty()) return;
  const std::size_t columns = std::max(width(), 1U);
  std::size_t rows = 0;
  for (const std::size_t used : drawn_widths_)
    rows += std::max<std::size_t>(1, (used + columns - 1) / columns);
  std::string erase = "\r\x1b[2K";
  for (std::size_t row = 1; row < rows; ++row) erase += "\x1b[1A\x1b[2K";
  out_(erase);
  drawn_widths_.clear();
}

void Console::draw_block() {
  if (block_.empty()) {
    if (options_.out_is_terminal) std::fflush(stdout);
    return;
  }
  if (!drawn_widths_.empty()) return;
  const std::size_t columns = std::max(width(), 2U) - 1;  // the last column would fold
  std::string text;
  for (const std::string& line : block_) {
    if (!drawn_widths_.empty()) text += '\n';
    const std::string fitting = cut_to_width(line, columns);
    drawn_widths_.push_back(display_width(fitting));
    text += fitting;
  }
  out_(text);
  std::fflush(stdout);
}

}  // namespace medsave
