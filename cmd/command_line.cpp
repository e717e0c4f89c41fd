#include "command_line.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/system.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/host.hpp"

#include <algorithm>
#include <charconv>
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

}  // namespace

Command::Command(std::string name, std::string summary)
    : name_(std::move(name)), summary_(std::move(summary)) {}

Command& Command::add_command(const std::string& name, const std::string& summary) {
  Command& added = commands_.emplace_back(name, summary);
  added.parent_ = this;
  return added;
}

void Command::add_alias(const std::string& name, const Command& command) {
  aliases_.emplace(name, &command);
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
  if (found != commands_.end()) return &*found;
  const auto alias = aliases_.find(std::string(name));
  return alias == aliases_.end() ? nullptr : alias->second;
}

const Option* Command::find_option(std::string_view name) const {
  const auto found =
      std::ranges::find_if(options_, [&](const Option& o) { return o.is_called(name); });
  if (found != options_.end()) return &*found;
  return parent_ == nullptr ? nullptr : parent_->find_option(name);
}

const Option* Command::find_letter(char letter) const {
  const auto found =
      std::ranges::find_if(options_, [&](const Option& o) { return o.letter == letter; });
  if (found != options_.end()) return &*found;
  return parent_ == nullptr ? nullptr : parent_->find_letter(letter);
}

std::string environment_value(const std::string& name) {
  for (const char* prefix : {"MEDSAVE_", "RESTIC_"}) {
    std::string value = environment((prefix + name).c_str()).value_or("");
    if (!value.empty()) return value;
  }
  return {};
}

}  // namespace medsave::cli
