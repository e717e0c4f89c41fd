#include "command_line.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/host.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

namespace medsave::cli {
namespace {

std::optional<std::uint64_t> parse_number(const std::string& text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end || text.empty()) return std::nullopt;
  return value;
}

bool parse_bool(const std::string& text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  throw Error(Errc::usage, _("must be true or false"));
}

/// One pass over the arguments.
class LineParser {
 public:
  explicit LineParser(const Command& root) : root_(root) { line_.command = &root; }

  ParsedLine parse(const std::vector<std::string>& arguments) {
    for (at_ = 0; at_ < arguments.size(); ++at_) {
      const std::string& word = arguments[at_];
      if (only_arguments_ || word.size() < 2 || word.front() != '-') {
        take_word(word);
      } else if (word == "--") {
        only_arguments_ = true;
      } else if (word.starts_with("--")) {
        take_long(word, arguments);
      } else {
        take_letters(word, arguments);
      }
    }
    if (!line_.help) {
      apply_environment("MEDSAVE_");
      apply_environment("RESTIC_");
    }
    return std::move(line_);
  }

 private:
  void take_word(const std::string& word) {
    const Command& here = *line_.command;
    if (here.commands().empty()) {
      line_.arguments.push_back(word);
      return;
    }
    if (word == "help" && &here == &root_) {
      line_.help = true;
      return;
    }
    const Command* next = here.find(word);
    if (next == nullptr) {
      throw Error(Errc::usage,
                  format_text(_("unknown command \"{}\" for \"{}\"\nRun '{} --help' to "
                                "see what there is."),
                              word, here.full_name(), here.full_name()));
    }
    line_.command = next;
  }

  void take_long(const std::string& word, const std::vector<std::string>& all) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    if (name == "help") {
      line_.help = true;
      return;
    }
    const Option* option = line_.command->find_option(name);
    if (option == nullptr) unknown("--" + name);
    if (equals != std::string::npos) {
      set(*option, word.substr(equals + 1));
    } else if (option->takes_value()) {
      set(*option, next_value("--" + name, all));
    } else {
      set(*option, "true");
    }
  }

  void take_letters(const std::string& word, const std::vector<std::string>& all) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      if (word[i] == 'h') {
        line_.help = true;
        continue;
      }
      const Option* option = line_.command->find_letter(word[i]);
      if (option == nullptr) unknown(std::string("-") + word[i]);
      if (option->takes_value() || word.substr(i + 1).starts_with('=')) {
        std::string rest = word.substr(i + 1);
        if (rest.starts_with('=')) {
          set(*option, rest.substr(1));
        } else {
          set(*option, rest.empty() ? next_value(std::string("-") + word[i], all) : rest);
        }
        return;
      }
      set(*option, "true");
    }
  }

  [[noreturn]] void unknown(const std::string& shown) const {
    throw Error(Errc::usage,
                format_text(_("unknown flag: {}\nRun '{} --help' to see what there is."), shown,
                            line_.command->full_name()));
  }

  const std::string& next_value(const std::string& shown, const std::vector<std::string>& all) {
    if (at_ + 1 >= all.size()) {
      throw Error(Errc::usage, format_text(_("flag needs an argument: {}"), shown));
    }
    return all[++at_];
  }

  void set(const Option& option, const std::string& value) {
    if (!option.exclusive.empty()) claim(option);
    given_[&option] = true;
    assign(option, value, "--" + option.name);
  }

  static void assign(const Option& option, const std::string& value, const std::string& shown) {
    try {
      if (!option.choices.empty() &&
          std::ranges::find(option.choices, value) == option.choices.end()) {
        std::string all;
        for (const std::string& choice : option.choices) all += (all.empty() ? "" : "|") + choice;
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
        if (option.environment.empty() || given_[&option]) continue;
        if (!option.exclusive.empty() && settled.contains(option.exclusive)) continue;
        const std::string variable = prefix + option.environment;
        const std::string value = environment(variable.c_str()).value_or("");
        if (value.empty()) continue;
        if (!option.exclusive.empty()) claim(option);
        given_[&option] = true;
        assign(option, value, variable);
      }
    }
  }

  const Command& root_;
  ParsedLine line_;
  std::size_t at_ = 0;
  bool only_arguments_ = false;
  std::map<const Option*, bool> given_;
  std::map<std::string, const Option*> exclusive_;
};

}  // namespace

Command::Command(std::string name, std::string summary)
    : name_(std::move(name)), summary_(std::move(summary)) {}

Command& Command::add_command(const std::string& name, const std::string& summary) {
  Command& added = commands_.emplace_back(name, summary);
  added.parent_ = this;
  return added;
}

Command& Command::describe(std::string text) {
  description_ = std::move(text);
  return *this;
}

Command& Command::arguments(std::string text, ValueKind kind, std::vector<std::string> choices) {
  argument_text_ = std::move(text);
  argument_kind_ = kind;
  argument_choices_ = std::move(choices);
  return *this;
}

Command& Command::examples(std::initializer_list<Example> examples) {
  examples_ = examples;
  return *this;
}

Command& Command::exit_codes(std::initializer_list<int> codes) {
  exit_codes_ = codes;
  return *this;
}

Command& Command::group(std::string heading) {
  current_group_ = std::move(heading);
  return *this;
}

Option& Command::add(const std::string& names, std::string text) {
  Option& added = options_.emplace_back();
  const std::size_t comma = names.find(',');
  added.name = names.substr(0, comma);
  if (comma != std::string::npos) added.letter = names[comma + 1];
  added.text = std::move(text);
  added.group = current_group_;
  return added;
}

Option& Command::flag(const std::string& names, bool& target, std::string text) {
  Option& added = add(names, std::move(text));
  added.set = [&target](const std::string& value) { target = parse_bool(value); };
  return added;
}

Option& Command::count(const std::string& names, int& target, std::string text) {
  Option& added = add(names, std::move(text));
  added.counts = true;
  added.set = [&target](const std::string& value) {
    if (value == "true") {
      ++target;
      return;
    }
    const auto level = parse_number(value);
    if (!level || *level > 9) throw Error(Errc::usage, _("must be a number"));
    target = static_cast<int>(*level);
  };
  return added;
}

Option& Command::parsed(const std::string& names, std::string value_name,
                        std::function<void(const std::string&)> set, std::string text) {
  Option& added = add(names, std::move(text));
  added.value_name = std::move(value_name);
  added.set = std::move(set);
  return added;
}

Option& Command::option(const std::string& names, std::string value_name, std::string& target,
                        std::string text) {
  return parsed(
      names, std::move(value_name), [&target](const std::string& value) { target = value; },
      std::move(text));
}

Option& Command::options(const std::string& names, std::string value_name,
                         std::vector<std::string>& target, std::string text) {
  return parsed(
      names, std::move(value_name),
      [&target](const std::string& value) { target.push_back(value); }, std::move(text));
}

Option& Command::number(const std::string& names, std::string value_name, std::uint64_t& target,
                        std::string text) {
  return parsed(
      names, std::move(value_name),
      [&target](const std::string& value) {
        const auto parsed_value = parse_number(value);
        if (!parsed_value) throw Error(Errc::usage, _("must be a number"));
        target = *parsed_value;
      },
      std::move(text));
}

Command& Command::run(std::function<void(Context&, const std::vector<std::string>&)> action) {
  action_ = std::move(action);
  return *this;
}

std::string Command::full_name() const {
  return parent_ == nullptr ? name_ : parent_->full_name() + " " + name_;
}

const Command* Command::find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(commands_, [&](const Command& c) { return c.name() == name; });
  return found == commands_.end() ? nullptr : &*found;
}

const Option* Command::find_option(std::string_view name) const {
  const auto found =
      std::ranges::find_if(options_, [&](const Option& o) { return o.name == name; });
  if (found != options_.end()) return &*found;
  return parent_ == nullptr ? nullptr : parent_->find_option(name);
}

const Option* Command::find_letter(char letter) const {
  const auto found =
      std::ranges::find_if(options_, [&](const Option& o) { return o.letter == letter; });
  if (found != options_.end()) return &*found;
  return parent_ == nullptr ? nullptr : parent_->find_letter(letter);
}

ParsedLine parse_command_line(const Command& root, const std::vector<std::string>& arguments) {
  return LineParser(root).parse(arguments);
}

std::string environment_value(const std::string& name) {
  for (const char* prefix : {"MEDSAVE_", "RESTIC_"}) {
    std::string value = environment((prefix + name).c_str()).value_or("");
    if (!value.empty()) return value;
  }
  return {};
}

}  // namespace medsave::cli
