#include "command_line_parser.hpp"

#include "closest_name.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/host.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace medsave::cli {
namespace {

// CLI11 and restic's parser (pflag) differ behind '=': to CLI11 an empty value is none, so that
// --name= takes the next word; -n=value keeps the '='; and -n- falls apart into -n and --. A zero
// byte, which no argument contains, shows it where a value begins. It stands there whatever the
// word turns out to be; value_of() and plain() remove it.
constexpr char kMark = '\0';

/// What may be an option: "-" alone is an argument.
bool is_option(const std::string& word) { return word.size() > 1 && word.front() == '-'; }

/// --name=value to --name=*value, -n=value to -n=*value, -n-x to -n*-x, -=x to -*=x.
std::string marked(const std::string& word) {
  if (!is_option(word)) return word;
  const std::size_t equals = word.find('=');
  const bool letters = word[1] != '-';
  std::string out;
  for (const char c : word.substr(0, equals)) {
    if (c == '-' && letters && !out.empty()) out += kMark;
    out += c;
  }
  if (equals == std::string::npos) return out;
  const std::string rest = word.substr(equals + 1);
  return equals == 1 ? out + kMark + '=' + rest : out + '=' + kMark + rest;
}

std::string plain(std::string word) {
  std::erase(word, kMark);
  return word;
}

/// What CLI11 found behind an option's name.
std::string value_of(const std::string& found) {
  const bool behind_letter = found.starts_with(std::string{'=', kMark});
  return plain(behind_letter ? found.substr(1) : found);
}

/// One pass over the arguments. Each command of the line has CLI11 take the options up to the next
/// command's name; so only the options of the commands named are ever defined.
class LineParser {
 public:
  explicit LineParser(const Command& root) : root_(root) { line_.command = &root; }

  ParsedLine parse(const std::vector<std::string>& arguments) {
    std::ranges::transform(arguments, std::back_inserter(words_), marked);
    do {
      take_options();
    } while (enter_command());
    if (!line_.help) {
      apply_environment("MEDSAVE_");
      apply_environment("RESTIC_");
    }
    return std::move(line_);
  }

 private:
  /// Sets the options; leaves in words_ what is none.
  void take_options() {
    if (has_commands() ? words_.empty() || !is_option(words_.front())
                       : std::ranges::none_of(words_, is_option)) {
      return;  // saves half a millisecond
    }
    CLI::App app;
    app.allow_extras();
    app.prefix_command(has_commands());
    define_options(app);
    const std::string last = words_.empty() ? std::string() : words_.back();
    std::ranges::reverse(words_);  // as CLI11 wants it
    try {
      app.parse(std::move(words_));
    } catch (const CLI::ArgumentMismatch&) {
      refuse_unknown(app.remaining());
      const std::string shown = last.starts_with("--") ? last : std::string{'-', last.back()};
      throw Error(Errc::usage, format_text(_("flag needs an argument: {}"), shown));
    } catch (const Error&) {
      refuse_unknown(app.remaining());  // it stands before what this error is about
      throw;
    }
    words_ = app.remaining();
    refuse_unknown(words_);
  }

  void define_options(CLI::App& app) {
    app.set_help_flag();  // none of CLI11's
    define(app, "-h,--help", false, [this](const std::string&) {
      line_.help = true;
      flag_ = nullptr;
    });
    // CLI11 reads -n=value, n being a flag, as -n and -=value.
    define(app, "-=", true, [this](const std::string& value) {
      if (flag_ == nullptr) unknown("-=");
      set(*flag_, value);
    });
    for (const Command* c = line_.command; c != nullptr; c = c->parent()) {
      for (const Option& option : c->option_list()) {
        const std::string names = names_of(option);
        if (names.empty()) continue;
        define(app, names, option.takes_value(), [this, &option](const std::string& value) {
          set(option, value);
          flag_ = &option;
        });
      }
    }
  }

  /// A command's option hides one of the same name above it.
  std::string names_of(const Option& option) const {
    const Command& here = *line_.command;
    std::string names;
    if (here.find_option(option.name) == &option) {
      names = "--" + option.name;
      if (!option.older.empty()) names += ",--" + option.older;
    }
    if (option.letter != '\0' && option.letter != 'h' &&
        here.find_letter(option.letter) == &option) {
      names += std::string(names.empty() ? "-" : ",-") + option.letter;
    }
    return names;
  }

  static void define(CLI::App& app, const std::string& names, bool takes_value,
                     std::function<void(const std::string&)> set) {
    CLI::callback_t found = [set = std::move(set)](const CLI::results_t& values) {
      set(value_of(values.back()));
      return true;
    };
    // At once, one call per value: the order among different options counts.
    app.add_option(names, std::move(found))->expected(takes_value ? 1 : 0)->trigger_on_parse();
  }

  bool has_commands() const { return !line_.command->commands().empty(); }

  void refuse_unknown(const std::vector<std::string>& left) const {
    for (const std::string& word : left) {
      if (word == "--") return;
      if (is_option(word)) {
        unknown(word.starts_with("--") ? word.substr(0, word.find('=')) : plain(word).substr(0, 2));
      }
      if (has_commands()) return;  // the next command's options
    }
  }

  [[noreturn]] void unknown(const std::string& shown) const {
    const Command& here = *line_.command;
    std::vector<std::string> names;
    for (const Command* c = &here; c != nullptr; c = c->parent()) {
      for (const Option& option : c->option_list()) names.push_back("--" + option.name);
    }
    throw Error(Errc::usage,
                format_text(_("unknown flag: {}\nRun '{} --help' to see what there is."), shown,
                            here.full_name()) +
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

  /// Follows the first word of words_ to the command it names. A "--" before it stays.
  bool enter_command() {
    const auto ended = std::ranges::find(words_, "--");
    if (!has_commands()) {
      if (ended != words_.end()) words_.erase(ended);
      std::ranges::transform(words_, std::back_inserter(line_.arguments), plain);
      return false;
    }
    auto first = words_.begin();
    if (first != words_.end() && first == ended) ++first;
    if (first == words_.end()) return false;
    const std::string word = plain(*first);
    words_.erase(first);
    const Command& here = *line_.command;
    if (word == "help" && &here == &root_) {
      line_.help = true;
      return true;
    }
    line_.command = here.find(word);
    if (line_.command == nullptr) {
      throw Error(Errc::usage,
                  format_text(_("unknown command \"{}\" for \"{}\"\nRun '{} --help' to "
                                "see what there is."),
                              word, here.full_name(), here.full_name()) +
                      guess(closest_name(word, names_of_commands(here))));
    }
    return true;
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
  ParsedLine line_;
  std::vector<std::string> words_;  // marked
  const Option* flag_ = nullptr;    // what was set last
  std::set<const Option*> given_;
  std::map<std::string, const Option*> exclusive_;
};

}  // namespace

ParsedLine parse_command_line(const Command& root, const std::vector<std::string>& arguments) {
  return LineParser(root).parse(arguments);
}

}  // namespace medsave::cli
