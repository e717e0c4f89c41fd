#include "retention_reading.hpp"

#include "config_values.hpp"

#include "medsave/base/text.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace medsave {
namespace {

struct CountKey {
  std::string_view key;
  int RetentionPolicy::*member;
};

struct SpanKey {
  std::string_view key;
  CalendarSpan RetentionPolicy::*member;
};

constexpr std::array kCountKeys = {
    CountKey{"keep-last", &RetentionPolicy::last},
    CountKey{"keep-hourly", &RetentionPolicy::hourly},
    CountKey{"keep-daily", &RetentionPolicy::daily},
    CountKey{"keep-weekly", &RetentionPolicy::weekly},
    CountKey{"keep-monthly", &RetentionPolicy::monthly},
    CountKey{"keep-yearly", &RetentionPolicy::yearly},
};

constexpr std::array kSpanKeys = {
    SpanKey{"keep-within", &RetentionPolicy::within},
    SpanKey{"keep-within-hourly", &RetentionPolicy::within_hourly},
    SpanKey{"keep-within-daily", &RetentionPolicy::within_daily},
    SpanKey{"keep-within-weekly", &RetentionPolicy::within_weekly},
    SpanKey{"keep-within-monthly", &RetentionPolicy::within_monthly},
    SpanKey{"keep-within-yearly", &RetentionPolicy::within_yearly},
};

/// A number, or "unlimited".
int read_count(std::string_view key, const TomlValue& value) {
  const bool number = value.kind == TomlKind::integer && value.integer >= 0 &&
                      value.integer <= std::numeric_limits<int>::max();
  if (number) return static_cast<int>(value.integer);
  if (value.kind == TomlKind::text && value.text == "unlimited") return kUnlimited;
  throw BadValue{
      .code = "config_bad_number",
      .message = format_text(_("\"{}\" must be a number from 0 on, or \"{}\" to keep all"), key,
                             "unlimited")};
}

CalendarSpan read_span(std::string_view key, const TomlValue& value) {
  const auto span = value.kind == TomlKind::text ? parse_calendar_span(value.text) : std::nullopt;
  if (span) return *span;
  throw BadValue{.code = "config_bad_duration",
                 .message = format_text(_("\"{}\" must be a duration like {}: years, months, days, "
                                          "hours"),
                                        key, "1y5m7d2h")};
}

std::string json_of(const TomlValue& value) {
  return value.kind == TomlKind::integer ? std::to_string(value.integer) : quoted_value(value.text);
}

void check_tags(const std::string& text) {
  check_text(text);
  if (!text.empty() && !text.starts_with(',') && !text.ends_with(',')) return;
  throw BadValue{.code = "config_empty", .message = _("a tag must not be empty")};
}

std::vector<std::string> split_tags(const std::string& text) {
  std::vector<std::string> tags;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t comma = std::min(text.find(',', start), text.size());
    if (comma > start) tags.push_back(text.substr(start, comma - start));
    start = comma + 1;
  }
  return tags;
}

/// Reads the keep-* keys into an empty policy: whether there is one.
bool read_rules(TableReader& table, RetentionPolicy& rules) {
  bool any = false;
  const auto read = [&](std::string_view key, const std::function<void(const TomlValue&)>& take) {
    if (!table.has(key)) {
      table.enter(key, "null", {});
      return;
    }
    any = true;
    table.value(key, [&](const TomlValue& value) {
      take(value);
      table.enter(key, json_of(value), value.place);
    });
  };
  for (const CountKey& count : kCountKeys) {
    read(count.key,
         [&](const TomlValue& value) { rules.*count.member = read_count(count.key, value); });
  }
  for (const SpanKey& span : kSpanKeys) {
    read(span.key,
         [&](const TomlValue& value) { rules.*span.member = read_span(span.key, value); });
  }
  any = any || table.has("keep-tag");
  std::vector<std::string> lists;
  table.texts("keep-tag", lists, check_tags);
  for (const std::string& list : lists) rules.tags.push_back(split_tags(list));
  return any;
}

}  // namespace

void read_retention(TableReader& table, RetentionConfig& retention) {
  const ConfigPlace place = table.place_of("policy");
  const std::size_t before = table.problem_count();
  const bool named = table.has("policy");
  std::size_t chosen = 0;
  table.choice("policy", chosen, {"cabinet"}, {});
  RetentionPolicy rules;
  const bool ruled = read_rules(table, rules);
  table.flag("prune", retention.prune);
  if (named && ruled) {
    table.problem("policy",
                  {.code = "config_contradiction",
                   .message = _("a policy and rules of its own contradict each other: keep the one "
                                "or the others")},
                  place);
  } else if (named) {
    retention.policy = named_policy("cabinet").value_or(RetentionPolicy());
  } else if (ruled && rules.empty() && table.problem_count() == before) {
    table.problem("",
                  {.code = "config_contradiction",
                   .message = _("these rules keep no snapshot at all; without rules everything is "
                                "kept")},
                  table.place());
  } else if (ruled) {
    retention.policy = std::move(rules);
  }
  table.finish();
}

std::string retention_value(const RetentionConfig& retention) {
  const RetentionPolicy& policy = retention.policy;
  std::string out = "{";
  const auto add = [&](std::string_view key, const std::string& value) {
    if (out.size() > 1) out += ", ";
    out += quoted_value(key) + ": " + value;
  };
  for (const CountKey& count : kCountKeys) {
    const int kept = policy.*count.member;
    if (kept != 0) add(count.key, kept == kUnlimited ? "\"unlimited\"" : std::to_string(kept));
  }
  for (const SpanKey& span : kSpanKeys) {
    const CalendarSpan& kept = policy.*span.member;
    if (!kept.is_zero()) add(span.key, quoted_value(format_calendar_span(kept)));
  }
  std::vector<std::string> lists;
  for (const std::vector<std::string>& tags : policy.tags) {
    std::string list;
    for (const std::string& tag : tags) list += (list.empty() ? "" : ",") + tag;
    lists.push_back(std::move(list));
  }
  if (!lists.empty()) add("keep-tag", quoted_list(lists));
  add("prune", retention.prune ? "true" : "false");
  return out + "}";
}

}  // namespace medsave
