#include "medsave/config/config_reading.hpp"

#include "config_values.hpp"
#include "masking.hpp"
#include "retention_reading.hpp"
#include "source_reading.hpp"
#include "table_reader.hpp"
#include "target_reading.hpp"
#include "toml_document.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/text_file.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace medsave {
namespace {

/// Where the byte at `offset` stands.
ConfigPlace place_at(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t line_start = before.rfind('\n') + 1;  // 0 in the first line
  const auto lines = static_cast<std::size_t>(std::ranges::count(before, '\n'));
  std::size_t column = 1;
  for (std::string_view rest = before.substr(line_start); !rest.empty(); ++column) {
    rest.remove_prefix(std::max<std::size_t>(utf8_sequence(rest), 1));
  }
  return {.line = lines + 1, .column = column};
}

TomlFault not_text(std::string_view text, std::size_t offset, std::string message) {
  return {.place = place_at(text, offset), .message = std::move(message)};
}

/// Without a byte order mark, as UTF-8. Throws TomlFault for what is no text.
std::string decoded(std::string_view bytes) {
  std::string text;
  try {
    const Buffer plain = decode_marked_text(as_bytes(bytes), _("the configuration"));
    text = std::string(as_text(plain.view()));
  } catch (const Error& e) {
    throw TomlFault{.place = {.line = 1, .column = 1}, .message = e.what()};
  }
  std::size_t valid = 0;
  while (const std::size_t next = utf8_sequence(std::string_view(text).substr(valid))) {
    if (text[valid] == '\0') {
      throw not_text(text, valid, _("there is a NUL byte here: this is no text; save it as UTF-8"));
    }
    valid += next;
  }
  if (valid < text.size()) {
    throw not_text(text, valid, _("this is not UTF-8; save the file as UTF-8"));
  }
  return text;
}

/// The keys and tables of the whole.
class ConfigReader {
 public:
  ConfigReader(const TomlValue& document, const std::string& home)
      : home_(home), root_(&document, "", out_) {}

  ConfigReading read() {
    read_top();
    out_.config.sources = read_sources(root_, home_, out_);
    // What holds for all targets is read before them and listed behind them.
    std::vector<ConfigEntry> first = std::exchange(out_.entries, {});
    const std::vector<ConfigEntry> general = read_general();
    std::vector<ConfigEntry> last = std::exchange(out_.entries, std::move(first));
    read_targets(root_, home_, general, out_);
    std::ranges::move(last, std::back_inserter(out_.entries));
    root_.finish();
    return std::move(out_);
  }

 private:
  void read_top() {
    const std::vector<std::string> languages = {"fr", "en"};
    PracticeConfig& config = out_.config;
    std::size_t language = languages.size();
    root_.choice("language", language, languages, {});
    if (language < languages.size()) config.language = languages[language];
    root_.text("practice", config.practice, check_title);
    read_password(config.password);
  }

  void read_password(PasswordSource& password) {
    // The program is no secret, but what it is told may be one.
    const auto mask_all_but_first = [first = true](const std::string& word) mutable {
      return std::exchange(first, false) ? word : std::string("***");
    };
    root_.command("password-command", password.command, mask_all_but_first);
    root_.text("password-file", password.file,
               [&](const std::string& text) { read_path(text, home_); });
    if (!password.file.empty()) password.file = read_path(password.file, home_);
    root_.flag("keyring", password.keyring);
    static constexpr std::array<std::string_view, 2> kOthers = {"password-file", "keyring"};
    std::string_view taken = root_.has("password-command") ? "password-command" : "";
    for (const std::string_view key : kOthers) {
      if (!root_.has(key) || (key == "keyring" && !password.keyring)) continue;
      if (taken.empty()) {
        taken = key;
        continue;
      }
      root_.problem(key,
                    {.code = "config_contradiction",
                     .message = format_text(_("the password comes from \"{}\" already: only one of "
                                              "\"{}\", \"{}\" and \"{}\" may be there"),
                                            taken, "password-command", "password-file", "keyring")},
                    root_.place_of(key));
    }
  }

  /// [retention], [monitor], [run]. Returns what is in force for targets that do not say it, by the
  /// names of their keys.
  std::vector<ConfigEntry> read_general() {
    TargetSettings& general = out_.config.general;
    const TomlValue* rules = root_.table("retention");
    TableReader retention(rules, "retention.", out_);
    read_retention(retention, general.retention);
    read_monitor();
    const std::size_t before = out_.entries.size();
    read_run(general);
    std::vector<ConfigEntry> in_force = {
        {.key = "retention", .place = rules == nullptr ? ConfigPlace{} : rules->place}};
    for (std::size_t i = before; i < out_.entries.size(); ++i) {
      ConfigEntry entry = out_.entries[i];
      entry.key = entry.key.substr(entry.key.find('.') + 1);
      in_force.push_back(std::move(entry));
    }
    return in_force;
  }

  void read_monitor() {
    MonitorConfig& monitor = out_.config.monitor;
    TableReader table(root_.table("monitor"), "monitor.", out_);
    table.text("ping", monitor.ping, check_ping, mask_ping);
    table.text("mail", monitor.mail, check_mail);
    table.period("overdue", monitor.overdue, "36h");
    table.period("drill", monitor.drill, "12 months");
    table.finish();
  }

  void read_run(TargetSettings& general) {
    RunConfig& run = out_.config.run;
    TableReader table(root_.table("run"), "run.", out_);
    read_transfer(table, general, [](std::string_view key) {
      if (key == "compression") return Fallback{.value = quoted_value("auto")};
      if (key == "proof") return Fallback{.value = quoted_value("all")};
      return Fallback{.value = "0"};
    });
    table.period("verify-budget", run.verify_budget, "5m", std::chrono::seconds(0));
    table.command("before", run.before, mask_argument);
    table.command("after", run.after, mask_argument);
    table.command("on-failure", run.on_failure, mask_argument);
    table.period("hook-timeout", run.hook_timeout, "10m");
    table.finish();
  }

  const std::string& home_;
  ConfigReading out_ = {};
  TableReader root_;
};

}  // namespace

ConfigReading read_config(std::string_view text, const std::string& home) {
  ConfigReading out;
  try {
    const std::string plain = decoded(text);
    const TomlValue document = parse_toml(plain);
    out = ConfigReader(document, home).read();
  } catch (const TomlFault& fault) {
    out.problems.push_back(
        {.code = "config_syntax", .place = fault.place, .message = fault.message});
  }
  std::ranges::stable_sort(out.problems, [](const ConfigProblem& a, const ConfigProblem& b) {
    return a.place.line != b.place.line ? a.place.line < b.place.line
                                        : a.place.column < b.place.column;
  });
  return out;
}

}  // namespace medsave
