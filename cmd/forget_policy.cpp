#include "forget_policy.hpp"

#include "snapshot_options.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace medsave::cli {
namespace {

struct CountOption {
  const char* names;
  int RetentionPolicy::*member;
  const char* text;
  const char* word;  // in describe_policy(), as restic says it
};

constexpr std::array kCounts = {
    CountOption{"keep-last,l", &RetentionPolicy::last,
                N_("keep the last N snapshots (\"unlimited\": all of them)"), "latest"},
    CountOption{"keep-hourly,H", &RetentionPolicy::hourly,
                N_("keep the last snapshot of each of the last N hours that have one"), "hourly"},
    CountOption{"keep-daily,d", &RetentionPolicy::daily, N_("the same for days"), "daily"},
    CountOption{"keep-weekly,w", &RetentionPolicy::weekly, N_("the same for weeks"), "weekly"},
    CountOption{"keep-monthly,m", &RetentionPolicy::monthly, N_("the same for months"), "monthly"},
    CountOption{"keep-yearly,y", &RetentionPolicy::yearly, N_("the same for years"), "yearly"},
};

struct SpanOption {
  const char* name;
  CalendarSpan RetentionPolicy::*member;
  const char* text;
  const char* word;
};

constexpr std::array kSpans = {
    SpanOption{"keep-within", &RetentionPolicy::within,
               N_("keep all snapshots that are newer than this, counted back from the newest "
                  "(1y5m7d2h: years, months, days, hours)"),
               "all"},
    SpanOption{"keep-within-hourly", &RetentionPolicy::within_hourly,
               N_("within this time keep one snapshot an hour"), "hourly"},
    SpanOption{"keep-within-daily", &RetentionPolicy::within_daily,
               N_("within this time keep one snapshot a day"), "daily"},
    SpanOption{"keep-within-weekly", &RetentionPolicy::within_weekly,
               N_("within this time keep one snapshot a week"), "weekly"},
    SpanOption{"keep-within-monthly", &RetentionPolicy::within_monthly,
               N_("within this time keep one snapshot a month"), "monthly"},
    SpanOption{"keep-within-yearly", &RetentionPolicy::within_yearly,
               N_("within this time keep one snapshot a year"), "yearly"},
};

std::string option_name(const std::string& names) { return names.substr(0, names.find(',')); }

int keep_count(const CountOption& option, const std::string& text) {
  const std::optional<int> count = parse_keep_count(text);
  if (count && !text.starts_with('-')) return *count;
  throw Error(Errc::usage, format_text(_("--{}: \"{}\" is not a number; use \"unlimited\" to keep "
                                         "all"),
                                       option_name(option.names), text));
}

CalendarSpan keep_span(const SpanOption& option, const std::string& text) {
  if (const auto span = parse_calendar_span(text)) return *span;
  throw Error(Errc::usage,
              format_text(_("--{}: \"{}\" is not a duration like 1y5m7d2h"), option.name, text));
}

}  // namespace

RetentionPolicy PolicyChoice::policy() const {
  RetentionPolicy out = named;
  for (const auto& [member, count] : counts) out.*member = count;
  for (const auto& [member, span] : spans) out.*member = span;
  out.tags.insert(out.tags.end(), tags.begin(), tags.end());
  return out;
}

void add_policy_options(Command& command, PolicyChoice& choice) {
  command.group(_("What to keep"));
  command.parsed(
      "policy", _("NAME"),
      [&choice](const std::string& text) {
        const auto named = named_policy(text);
        if (!named) {
          throw Error(Errc::usage,
                      format_text(_("there is no policy \"{}\"; there is: cabinet"), text));
        }
        choice.named = *named;
      },
      _("\"cabinet\" keeps 14 daily, 8 weekly, 24 monthly and 20 yearly snapshots, as a medical "
        "practice should; other options add to it or change a number"));
  for (const CountOption& option : kCounts) {
    command.parsed(
        option.names, _("N"),
        [&choice, &option](const std::string& text) {
          choice.counts.emplace_back(option.member, keep_count(option, text));
        },
        _(option.text));
  }
  for (const SpanOption& option : kSpans) {
    command.parsed(
        option.name, _("DURATION"),
        [&choice, &option](const std::string& text) {
          choice.spans.emplace_back(option.member, keep_span(option, text));
        },
        _(option.text));
  }
  command.parsed(
      "keep-tag", _("TAG[,TAG...]"),
      [&choice](const std::string& text) { choice.tags.push_back(parse_tag_list(text)); },
      _("keep snapshots with all these tags; repeated: with any of the lists"));
}

std::string describe_policy(const RetentionPolicy& policy) {
  std::vector<std::string> counts;
  for (const CountOption& option : kCounts) {
    const int count = policy.*(option.member);
    if (count == 0) continue;
    counts.push_back(count == kUnlimited ? fmt::format("all {}", option.word)
                                         : fmt::format("{} {}", count, option.word));
  }
  std::vector<std::string> kept;
  if (!counts.empty()) kept.push_back(join(counts, ", ") + " snapshots");
  for (const SpanOption& option : kSpans) {
    const CalendarSpan& span = policy.*(option.member);
    if (span.is_zero() || option.member == &RetentionPolicy::within) continue;
    kept.push_back(fmt::format("{} snapshots within {}", option.word, format_calendar_span(span)));
  }
  std::string out = kept.empty() ? "" : "keep " + join(kept, ", ");
  const auto add = [&out](const std::string& more) {
    out += (out.empty() ? "keep " : " and ") + more;
  };
  if (!policy.tags.empty()) {
    std::vector<std::string> lists;
    for (const auto& tags : policy.tags) lists.push_back("[" + join(tags, ", ") + "]");
    add("all snapshots with tags [" + join(lists, " ") + "]");
  }
  if (!policy.within.is_zero()) {
    add(fmt::format("all snapshots within {} of the newest", format_calendar_span(policy.within)));
  }
  return out.empty() ? "remove" : out;
}

}  // namespace medsave::cli
