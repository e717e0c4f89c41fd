#include "forget_policy.hpp"

#include "context.hpp"
#include "snapshot_options.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/grammar.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace medsave::cli {
namespace {

struct CountOption {
  const char* names;
  int RetentionPolicy::*member;
  const char* text;
  PluralText kept;       // in describe_policy(), as restic says it
  PluralText with_noun;  // likewise, where the word "snapshots" stands
};

constexpr std::array kCounts = {
    CountOption{"keep-last,l", &RetentionPolicy::last,
                N_("keep the last N snapshots (\"unlimited\": all of them)"),
                Nn_("{} latest", "{} latest"), Nn_("{} latest snapshots", "{} latest snapshots")},
    CountOption{"keep-hourly,H", &RetentionPolicy::hourly,
                N_("keep the last snapshot of each of the last N hours that have one"),
                Nn_("{} hourly", "{} hourly"), Nn_("{} hourly snapshots", "{} hourly snapshots")},
    CountOption{"keep-daily,d", &RetentionPolicy::daily, N_("the same for days"),
                Nn_("{} daily", "{} daily"), Nn_("{} daily snapshots", "{} daily snapshots")},
    CountOption{"keep-weekly,w", &RetentionPolicy::weekly, N_("the same for weeks"),
                Nn_("{} weekly", "{} weekly"), Nn_("{} weekly snapshots", "{} weekly snapshots")},
    CountOption{"keep-monthly,m", &RetentionPolicy::monthly, N_("the same for months"),
                Nn_("{} monthly", "{} monthly"),
                Nn_("{} monthly snapshots", "{} monthly snapshots")},
    CountOption{"keep-yearly,y", &RetentionPolicy::yearly, N_("the same for years"),
                Nn_("{} yearly", "{} yearly"), Nn_("{} yearly snapshots", "{} yearly snapshots")},
};

struct SpanOption {
  const char* name;
  CalendarSpan RetentionPolicy::*member;
  const char* text;
  const char* kept;  // in describe_policy(), as restic says it; null where that is said elsewhere
};

constexpr std::array kSpans = {
    SpanOption{"keep-within", &RetentionPolicy::within,
               N_("keep all snapshots that are newer than this, counted back from the newest "
                  "(1y5m7d2h: years, months, days, hours)"),
               nullptr},
    SpanOption{"keep-within-hourly", &RetentionPolicy::within_hourly,
               N_("within this time keep one snapshot an hour"), N_("hourly snapshots within {}")},
    SpanOption{"keep-within-daily", &RetentionPolicy::within_daily,
               N_("within this time keep one snapshot a day"), N_("daily snapshots within {}")},
    SpanOption{"keep-within-weekly", &RetentionPolicy::within_weekly,
               N_("within this time keep one snapshot a week"), N_("weekly snapshots within {}")},
    SpanOption{"keep-within-monthly", &RetentionPolicy::within_monthly,
               N_("within this time keep one snapshot a month"), N_("monthly snapshots within {}")},
    SpanOption{"keep-within-yearly", &RetentionPolicy::within_yearly,
               N_("within this time keep one snapshot a year"), N_("yearly snapshots within {}")},
};

int keep_count(const std::string& text) {
  const std::optional<int> count = parse_keep_count(text);
  if (count && !text.starts_with('-')) return *count;
  throw Error(Errc::usage, _("must be a number from 0 on, or \"unlimited\" to keep all"));
}

CalendarSpan keep_span(const std::string& text) {
  if (const auto span = parse_calendar_span(text)) return *span;
  throw Error(Errc::usage, _("must be a duration like 1y5m7d2h"));
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
          choice.counts.emplace_back(option.member, keep_count(text));
        },
        _(option.text));
  }
  for (const SpanOption& option : kSpans) {
    command.parsed(
        option.name, _("DURATION"),
        [&choice, &option](const std::string& text) {
          choice.spans.emplace_back(option.member, keep_span(text));
        },
        _(option.text));
  }
  command.parsed(
      "keep-tag", _("TAG[,TAG...]"),
      [&choice](const std::string& text) { choice.tags.push_back(parse_tag_list(text)); },
      _("keep snapshots with all these tags; repeated: with any of the lists"));
}

namespace {

/// "14 daily", or with the noun "14 daily snapshots".
std::string describe_count(const CountOption& option, int count, bool with_noun) {
  const PluralText& text = with_noun ? option.with_noun : option.kept;
  const bool all = count == kUnlimited;
  if (all && with_noun && option.member == &RetentionPolicy::last) return _("all snapshots");
  return format_text(
      translate_plural(text.one, text.many, all ? 2 : static_cast<unsigned long>(count)),
      all ? _("all") : std::to_string(count));
}

/// "14 daily", "8 weekly snapshots"; French has the noun with the first of them.
std::vector<std::string> describe_counts(const RetentionPolicy& policy) {
  std::vector<CountOption> used(kCounts.begin(), kCounts.end());
  std::erase_if(used, [&](const CountOption& option) { return policy.*(option.member) == 0; });
  const std::size_t noun = in_french() ? 1 : used.size();
  std::vector<std::string> counts;
  for (const CountOption& option : used) {
    const bool with_noun = counts.size() + 1 == noun;
    counts.push_back(describe_count(option, policy.*(option.member), with_noun));
  }
  return counts;
}

/// "a" and "b", or "c"
std::string describe_tag_lists(const std::vector<std::vector<std::string>>& lists) {
  std::vector<std::string> alternatives;
  for (const std::vector<std::string>& list : lists) {
    std::vector<std::string> quoted;
    for (const std::string& tag : list) quoted.push_back(format_text(_("\"{}\""), tag));
    alternatives.push_back(enumerate(std::move(quoted)));
  }
  return join(alternatives, _(", or "));
}

}  // namespace

std::string describe_policy(const RetentionPolicy& policy) {
  std::vector<std::string> kept = describe_counts(policy);
  for (const SpanOption& option : kSpans) {
    const CalendarSpan& span = policy.*(option.member);
    if (span.is_zero() || option.member == &RetentionPolicy::within) continue;
    kept.push_back(format_text(translate(option.kept), format_calendar_span(span)));
  }
  std::vector<std::string> whole;  // in English with "and" before each
  if (!policy.tags.empty()) {
    std::vector<std::string> lists;
    unsigned long tags = 0;
    for (const auto& list : policy.tags) {
      tags += list.size();
      lists.push_back("[" + join(list, ", ") + "]");
    }
    whole.push_back(
        format_text(n_("all snapshots with the tag {}", "all snapshots with the tags {}", tags),
                    describe_tag_lists(policy.tags), join(lists, " ")));
  }
  if (!policy.within.is_zero()) {
    whole.push_back(format_text(_("all snapshots within {} of the newest"),
                                format_calendar_span(policy.within)));
  }
  if (kept.empty() && whole.empty()) return _("remove");
  if (in_french()) {
    kept.insert(kept.end(), whole.begin(), whole.end());
    return format_text(_("keep {}"), enumerate(std::move(kept)));
  }
  if (!kept.empty()) whole.insert(whole.begin(), join(kept, ", "));
  return format_text(_("keep {}"), join(whole, " and "));
}

void warn_of_unused_tags(const RetentionPolicy& policy, const std::vector<SnapshotEntry>& snapshots,
                         Context& context) {
  if (context.identity == Identity::restic || snapshots.empty()) return;
  for (const std::vector<std::string>& tags : policy.tags) {
    const SnapshotFilter filter = {.tags = {tags}};
    const auto fits = [&](const SnapshotEntry& entry) { return filter.matches(entry.snapshot); };
    if (tags.empty() || std::ranges::any_of(snapshots, fits)) continue;
    context.warn(format_text(
        n_("--keep-tag {0} keeps nothing, as no snapshot has this tag: is it spelled as \"medsave "
           "snapshots\" shows it?",
           "--keep-tag {0} keeps nothing, as no snapshot has all these tags: are they spelled as "
           "\"medsave snapshots\" shows them?",
           tags.size()),
        join(tags, ",")));
  }
}

}  // namespace medsave::cli
