#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace medsave::cli {

class Context;

/// What completes an option's value or a command's arguments in a shell.
enum class ValueKind { text, file, directory, choice };

/// One option: parsing, --help, man pages and completions all go by this. Texts are translated.
struct Option {
  std::string name = {};        // "exclude-file", without dashes
  char letter = '\0';           // 'e' for -e
  std::string older = {};       // "hostname": a name scripts may still use; no help shows it
  std::string value_name = {};  // "FILE"; empty for a flag
  std::string text = {};
  std::string group = {};  // heading it stands below
  ValueKind kind = ValueKind::text;
  std::vector<std::string> choices = {};
  bool counts = false;           // a flag that may be repeated: -vv, --verbose=2
  std::string environment = {};  // "HOST": default from MEDSAVE_HOST, then RESTIC_HOST
  std::string exclusive = {};    // at most one option of a set with the same word is given
  std::function<void(const std::string& value)> set = {};

  [[nodiscard]] bool takes_value() const { return !value_name.empty(); }
  [[nodiscard]] bool is_called(std::string_view word) const {
    return name == word || (!older.empty() && older == word);
  }
};

/// A command line worth copying, and what it does.
struct Example {
  std::string line = {};
  std::string text = {};
};

/// A command of the program (or the program itself): its options, what it says of itself, and
/// what to run. Options keep references to the variables they set, which outlive parsing.
class Command {
 public:
  Command(std::string name, std::string summary);
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  Command& add_command(const std::string& name, const std::string& summary);
  /// An older name of a command, which scripts may use; neither help nor manual show it. `command`
  /// outlives this one.
  void add_alias(const std::string& name, const Command& command);

  /// Paragraphs for --help and the man page.
  Command& describe(std::string text);
  /// "[FILE/DIR]...": what follows the options.
  Command& arguments(std::string text, ValueKind kind = ValueKind::text,
                     std::vector<std::string> choices = {});
  Command& examples(std::initializer_list<Example> examples);
  /// Exit codes besides 0 and 1.
  Command& exit_codes(std::initializer_list<int> codes);
  /// Heading for the options that follow.
  Command& group(std::string heading);

  /// `names`: "dry-run,n" or "dry-run". The returned option may be refined.
  Option& flag(const std::string& names, bool& target, std::string text);
  Option& count(const std::string& names, int& target, std::string text);
  /// The last one given wins.
  Option& option(const std::string& names, std::string value_name, std::string& target,
                 std::string text);
  /// May be repeated.
  Option& options(const std::string& names, std::string value_name,
                  std::vector<std::string>& target, std::string text);
  /// A decimal number.
  Option& number(const std::string& names, std::string value_name, std::uint64_t& target,
                 std::string text);
  /// Anything else: `set` throws Error(usage) for a value it cannot take.
  Option& parsed(const std::string& names, std::string value_name,
                 std::function<void(const std::string&)> set, std::string text);

  /// Receives the arguments that are no options.
  Command& run(std::function<void(Context&, const std::vector<std::string>&)> action);

  [[nodiscard]] const std::string& name() const { return name_; }
  /// "medsave key add"
  [[nodiscard]] std::string full_name() const;
  [[nodiscard]] const std::string& summary() const { return summary_; }
  [[nodiscard]] const std::string& description() const { return description_; }
  [[nodiscard]] const std::string& argument_text() const { return argument_text_; }
  [[nodiscard]] ValueKind argument_kind() const { return argument_kind_; }
  [[nodiscard]] const std::vector<std::string>& argument_choices() const {
    return argument_choices_;
  }
  [[nodiscard]] const std::vector<Example>& example_list() const { return examples_; }
  [[nodiscard]] const std::vector<int>& exit_code_list() const { return exit_codes_; }
  [[nodiscard]] const std::deque<Option>& option_list() const { return options_; }
  [[nodiscard]] const std::list<Command>& commands() const { return commands_; }
  [[nodiscard]] const Command* parent() const { return parent_; }
  [[nodiscard]] const Command* find(std::string_view name) const;
  /// By its name or its older one, of this command or one above it.
  [[nodiscard]] const Option* find_option(std::string_view name) const;
  [[nodiscard]] const Option* find_letter(char letter) const;

  [[nodiscard]] bool runs() const { return static_cast<bool>(action_); }
  void call(Context& context, const std::vector<std::string>& arguments) const {
    action_(context, arguments);
  }

 private:
  Option& add(const std::string& names, std::string text);

  std::string name_;
  std::string summary_;
  std::string description_;
  std::string argument_text_;
  ValueKind argument_kind_ = ValueKind::text;
  std::vector<std::string> argument_choices_;
  std::vector<Example> examples_;
  std::vector<int> exit_codes_;
  std::string current_group_;
  std::deque<Option> options_;   // addresses stay
  std::list<Command> commands_;  // likewise
  std::map<std::string, const Command*> aliases_;
  const Command* parent_ = nullptr;
  std::function<void(Context&, const std::vector<std::string>&)> action_;
};

/// Value of MEDSAVE_<name>, else RESTIC_<name>; empty when unset or empty.
std::string environment_value(const std::string& name);

}  // namespace medsave::cli
