#pragma once

// ui: what people see of a command: messages, questions, tables, progress. Begin here.
// progress_display.hpp shows a Progress (area base) as a line of text or as JSON.

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// Where a command writes: lines for standard output and standard error, and a block of status
/// lines that stays at the bottom of a terminal while lines scroll above it. Thread-safe.
class Console {
 public:
  using Write = std::function<void(std::string_view)>;
  struct Options {
    bool out_is_terminal = false;
    bool err_is_terminal = false;
    bool colour = false;                   // bold headings, red errors; terminals only
    std::function<unsigned()> width = {};  // columns now; empty: 80
  };

  /// Tests write into strings. `err` is written to at once, `out` may be buffered by its owner.
  Console(Write out, Write err, Options options);
  /// The process's own streams. Colours unless NO_COLOR is set or TERM is "dumb".
  static Options standard_options();
  static Write standard_out();
  static Write standard_err();
  /// Writes what is buffered for standard output; false when not all of it could be written.
  static bool flush_standard_out();

  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  void disable_colour() { options_.colour = false; }
  /// From now on all lines go there too, as they were before they were made to fit a terminal.
  void copy_lines_to(Write copy) { copy_ = std::move(copy); }

  /// A line for that copy only.
  void log(std::string_view line);

  /// One line to standard output as it is; the newline is added.
  void print(std::string_view line);
  /// A message for people to standard output, on one line; on a terminal wrapped at words. What
  /// would act on a terminal is escaped, be it one or not (cron mails what it gets): part of the
  /// text may come from a server, a repository or the name of a file.
  void tell(std::string_view line);
  /// The same to standard error.
  void warn(std::string_view line);
  /// Messages that have several lines; newlines in names are to be escaped before.
  void tell_lines(std::string_view text);
  void warn_lines(std::string_view text);
  /// One line to standard error as it is.
  void print_err(std::string_view line);
  /// Bytes to standard output as they are.
  void write(std::string_view bytes);

  /// Replaces the block at the bottom. Does nothing unless standard output is a terminal.
  void show_status(const std::vector<std::string>& lines);
  void clear_status();

  [[nodiscard]] bool out_is_terminal() const { return options_.out_is_terminal; }
  [[nodiscard]] unsigned width() const;

  /// `raw` as commands print it whose output is names (ls, find) and read by other programs:
  /// escaped when standard output is a terminal.
  [[nodiscard]] std::string listed_name(const std::string& raw) const;
  [[nodiscard]] std::string bold(const std::string& text) const;

 private:
  void erase_block();
  void draw_block();
  void put_out(std::string_view line);
  void put_err(std::string_view line);
  void put_message(const std::string& shown);
  void put_warning(const std::string& shown);

  Write copy_ = {};
  Write out_;
  Write err_;
  Options options_;
  std::mutex mutex_;  // guards the streams and block_, drawn_
  std::vector<std::string> block_;
  std::vector<std::size_t> drawn_widths_;  // columns of each line now on the screen
};

}  // namespace medsave
