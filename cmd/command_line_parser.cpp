#include "command_line_parser.hpp"

#include "medsave/base/closest_name.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/error_in_lines.hpp"
#include "medsave/base/system.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/host.hpp"
#include "medsave/ui/display_text.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace medsave::cli {
namespace {

// The rules are those of restic's parser (pflag), which its users and their scripts know. They are
// few enough to be read here. A parser library would bring its own: CLI11, for one, takes the next
// word where --name= has an empty value, keeps the '=' of -n=value, and wants its own option
// objects beside the Option that help, manual pages and completions go by.

/// What may be an option: "-" alone is an argument.
bool is_option(const std::string& word) { return word.size() > 1 && word.front() == '-'; }

/// One pass over the words, which takes each as an option with its value, as the name of a command,
/// or as an argument. An option is looked up in the command named so far and those above it; one
/// that none of them has waits for the next command that is named.
class LineParser {
 public:
  LineParser(const Command& root, const std::vector<std::string>& words)
      : root_(root), words_(words) {
    line_.command = &root;
  }

  ParsedLine parse() {
    bool ended = false;  // by "--": no options follow
    while (next_ < words_.size()) {
      const std::string word = words_[next_++];
      if (ended || !is_option(word)) {
        take_argument(word);
      } else if (word == "--") {
        ended = true;
      } else if (!is_known(word) && !line_.command->commands().empty()) {
        put_off(word);
      } else if (word.starts_with("--")) {
        take_long(word);
      } else {
        take_letters(word);
      }
    }
    if (!waiting_.empty()) refuse_waiting();
    if (!line_.help) {
      apply_environment("MEDSAVE_");
      apply_environment("RESTIC_");
    }
    return std::move(line_);
  }

 private:
  /// Whether the command named so far, or one above it, has all that this word calls.
  [[nodiscard]] bool is_known(const std::string& word) const {
    if (word.starts_with("--")) {
      const std::string name = word.substr(2, word.find('=') - 2);
      return name == "help" || line_.command->find_option(name) != nullptr;
    }
    for (std::size_t at = 1; at < word.size() && word[at] != '='; ++at) {
      if (word[at] == 'h') continue;
      const Option* option = line_.command->find_letter(word[at]);
      if (option == nullptr) return false;
      if (option->takes_value()) return true;
    }
    return true;
  }

  /// An option of a command that is named behind it: `--tag x snapshots`. As pflag cannot know
  /// whether it takes a value, it takes the next word for one.
  void put_off(const std::string& word) {
    waiting_.push_back(word);
    const bool is_long = word.starts_with("--");
    if (word.find('=') != std::string::npos || (!is_long && word.size() != 2)) return;
    if (next_ < words_.size()) waiting_.push_back(words_[next_++]);
  }

  [[noreturn]] void refuse_waiting() const {
    const std::string& word = waiting_.front();
    if (word.starts_with("--")) unknown(word.substr(0, word.find('=')));
    for (std::size_t at = 1; at < word.size(); ++at) {
      if (word[at] != 'h' && line_.command->find_letter(word[at]) == nullptr) {
        unknown({'-', word[at]});
      }
    }
    unknown(word);
  }

  /// --name, --name=value or --name value.
  void take_long(const std::string& word) {
    const std::size_t equals = word.find('=');
    const std::string shown = word.substr(0, equals);
    const std::string name = shown.substr(2);
    if (name == "help") {
      line_.help = true;
      return;
    }
    const Option* option = line_.command->find_option(name);
    if (option == nullptr) unknown(shown);
    set(*option,
        equals == std::string::npos ? value_behind(*option, shown) : word.substr(equals + 1));
  }

  /// -abc, of which the last may have a value: -nvalue, -n=value or -n value.
  void take_letters(const std::string& word) {
    for (std::size_t at = 1; at < word.size(); ++at) {
      const char letter = word[at];
      const std::string rest = word.substr(at + 1);
      if (letter == 'h') {
        line_.help = true;
        continue;
      }
      const Option* option = line_.command->find_letter(letter);
      const std::string shown{'-', letter};
      if (option == nullptr) unknown(shown);
      if (rest.starts_with('=')) {
        set(*option, rest.substr(1));
        return;
      }
      if (option->takes_value() && !rest.empty()) {
        set(*option, rest);
        return;
      }
      set(*option, value_behind(*option, shown));
    }
  }

  /// The value of an option that has none in its own word: the next word, whatever it is.
  std::string value_behind(const Option& option, const std::string& shown) {
    if (!option.takes_value()) return "true";
    if (next_ == words_.size()) {
      throw Error(Errc::usage, format_text(_("flag needs an argument: {}"), shown));
    }
    return words_[next_++];
  }

  void take_argument(const std::string& word) {
    const Command& here = *line_.command;
    if (here.commands().empty()) {
      line_.arguments.push_back(word);
    } else if (word == "help" && &here == &root_) {
      line_.help = true;
    } else {
      enter_command(word);
    }
  }

  void enter_command(const std::string& name) {
    const Command& here = *line_.command;
    const Command* found = here.find(name);
    if (found == nullptr && !waiting_.empty()) refuse_waiting();
    if (found != nullptr) {
      line_.command = found;
      words_.insert(words_.begin() + static_cast<std::ptrdiff_t>(next_), waiting_.begin(),
                    waiting_.end());
      waiting_.clear();
      return;
    }
    throw ErrorInLines(
        Errc::usage,
        format_text(_("unknown command \"{}\" for \"{}\"\nRun '{} --help' to see what there is."),
                    escape_for_terminal(name), here.full_name(), here.full_name()) +
            guess(closest_name(name, names_of_commands(here))));
  }

  [[noreturn]] void unknown(const std::string& shown) const {
    const Command& here = *line_.command;
    std::vector<std::string> names;
    for (const Command* c = &here; c != nullptr; c = c->parent()) {
      for (const Option& option : c->option_list()) names.push_back("--" + option.name);
    }
    throw ErrorInLines(Errc::usage,
                       format_text(_("unknown flag: {}\nRun '{} --help' to see what there is."),
                                   escape_for_terminal(shown), here.full_name()) +
                           guess(shown.starts_with("--") ? closest_name(shown, names) : ""));
  }

  /// What was meant, perhaps; a line of its own.
  static std::string guess(const std::string& name) {
    return name.empty() ? std::string() : "\n" + format_text(_("Did you mean \"{}\"?"), name);
  }

  static std::vector<std::string> names_of_commands(const Command& command) {
    std::vector<std::string> names;
    for (const Command& c : command.commands()) names.push_back(c.name());
    return names;
  }

  void set(const Option& option, const std::string& value) {
    if (!option.exclusive.empty()) claim(option);
    given_.insert(&option);
    assign(option, value, "--" + option.name);
  }

  static void assign(const Option& option, const std::string& value, const std::string& shown) {
    try {
      if (!option.choices.empty() &&
          std::ranges::find(option.choices, value) == option.choices.end()) {
        std::string all;
        for (const std::string& choice : option.choices) all += (all.empty() ? "" : ", ") + choice;
        throw Error(Errc::usage, format_text(_("must be one of ({})"), all));
      }
      option.set(value);
    } catch (const Error& e) {
      throw Error(Errc::usage,
                  format_text(_("invalid argument \"{}\" for \"{}\": {}"), value, shown, e.what()));
    }
  }

  /// Two options that exclude each other, both given in the same place.
  void claim(const Option& option) {
    const Option*& holder = exclusive_[option.exclusive];
    if (holder != nullptr && holder != &option) {
      throw Error(
          Errc::usage,
          format_text(_("options --{} and --{} are mutually exclusive, please specify only one"),
                      holder->name, option.name));
    }
    holder = &option;
  }

  void apply_environment(const std::string& prefix) {
    const auto settled = exclusive_;
    for (const Command* c = line_.command; c != nullptr; c = c->parent()) {
      for (const Option& option : c->option_list()) {
        if (option.environment.empty() || given_.contains(&option)) continue;
        if (!option.exclusive.empty() && settled.contains(option.exclusive)) continue;
        const std::string variable = prefix + option.environment;
        const std::string value = environment(variable.c_str()).value_or("");
        if (value.empty()) continue;
        if (!option.exclusive.empty()) claim(option);
        given_.insert(&option);
        assign(option, value, variable);
      }
    }
  }

  const Command& root_;
  std::vector<std::string> words_;
  std::size_t next_ = 0;                   // of words_
  std::vector<std::string> waiting_ = {};  // for a command that has these options
  ParsedLine line_;
  std::set<const Option*> given_;
  std::map<std::string, const Option*> exclusive_;
};

}  // namespace

ParsedLine parse_command_line(const Command& root, const std::vector<std::string>& arguments) {
  return LineParser(root, arguments).parse();
}

}  // namespace medsave::cli
