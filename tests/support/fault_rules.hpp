#pragma once

// What the fault proxy is to do to which request.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <mutex>
#include <optional>
#include <random>
#include <regex>
#include <string>
#include <vector>

namespace fault_proxy {

[[noreturn]] inline void die(const std::string& why) {
  fmt::print(stderr, "fault-proxy: {}\n", why);
  std::exit(2);
}

inline long number(const std::string& text) {
  char* end = nullptr;
  const long value = std::strtol(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0') die("not a number: " + text);
  return value;
}

struct Fault {
  std::string name;
  long amount = 0;
};

struct Rule {
  std::string method;
  std::string part;
  long first = 1;
  long last = std::numeric_limits<long>::max();
  long percent = 100;
  Fault fault;
  long seen = 0;
};

inline Rule parse_rule(const std::string& text) {
  const std::size_t hash = text.find('#');
  const std::size_t colon = text.find(':', hash);
  if (hash == std::string::npos || colon == std::string::npos) die("not a rule: " + text);
  Rule rule;
  const std::string target = text.substr(0, hash);
  rule.method = target.substr(0, target.find('/'));
  rule.part = target.substr(rule.method.size());
  const std::string when = text.substr(hash + 1, colon - hash - 1);
  if (when.starts_with('~')) {
    rule.percent = number(when.substr(1));
  } else if (when.ends_with('+')) {
    rule.first = number(when.substr(0, when.size() - 1));
  } else if (when != "*") {
    const std::size_t dash = when.find('-');
    rule.first = number(when.substr(0, dash));
    rule.last = dash == std::string::npos ? rule.first : number(when.substr(dash + 1));
  }
  const std::string fault = text.substr(colon + 1);
  const std::size_t equals = fault.find('=');
  rule.fault.name = fault.substr(0, equals);
  if (equals != std::string::npos) rule.fault.amount = number(fault.substr(equals + 1));
  static const std::vector<std::string> kFaults = {
      "status",      "html",         "drop",         "drop-request", "flip-request",
      "drop-answer", "cut",          "short",        "length",       "flip",
      "list-omits",  "list-invents", "list-resizes", "stall",        "stall-body"};
  if (std::ranges::find(kFaults, rule.fault.name) == kFaults.end()) die("no such fault: " + fault);
  return rule;
}

/// Whether a list of files is asked for: a folder's, or S3's.
inline bool is_list(const std::string& path) {
  return path.ends_with('/') || path.find("list-type=") != std::string::npos;
}

/// What all connections share.
class Plan {
 public:
  Plan(std::vector<Rule> rules, const std::string& log) : rules_(std::move(rules)) {
    if (!log.empty()) log_.open(log, std::ios::app);
  }

  struct Turn {
    long number = 0;
    std::optional<Fault> fault;
  };
  Turn next(const std::string& method, const std::string& path) {
    const std::lock_guard lock(mutex_);
    Turn turn{.number = ++requests_, .fault = std::nullopt};
    for (Rule& rule : rules_) {
      if (!rule.method.empty() && rule.method != method) continue;
      if (path.find(rule.part) == std::string::npos) continue;
      if (rule.fault.name.starts_with("list-") && !is_list(path)) continue;
      ++rule.seen;
      const bool due = rule.seen >= rule.first && rule.seen <= rule.last &&
                       static_cast<long>(random_() % 100) < rule.percent;
      if (due && !turn.fault) turn.fault = rule.fault;
    }
    return turn;
  }
  void note(const Turn& turn, const std::string& method, const std::string& path,
            const std::string& status) {
    const std::lock_guard lock(mutex_);
    log_ << turn.number << ' ' << method << ' ' << path << ' ' << status;
    if (turn.fault) log_ << ' ' << turn.fault->name << '=' << turn.fault->amount;
    log_ << '\n' << std::flush;
  }

 private:
  std::mutex mutex_;
  std::vector<Rule> rules_;
  std::ofstream log_;
  std::minstd_rand random_{1};
  long requests_ = 0;
};

/// Changes a list of files, as restic's protocol or S3 writes it.
inline void falsify_list(std::string& body, const Fault& fault) {
  const bool xml = body.starts_with('<');
  const std::string opening = xml ? "<Contents>" : "{";
  const std::string closing = xml ? "</Contents>" : "}";
  const std::size_t begin = body.find(opening);
  if (begin == std::string::npos) return;
  const std::size_t end = body.find(closing, begin) + closing.size();
  std::string entry = body.substr(begin, end - begin);
  if (fault.name == "list-omits") {
    const bool more = !xml && body[end] == ',';
    body.erase(begin, end - begin + (more ? 1 : 0));
    return;
  }
  std::smatch found;
  if (fault.name == "list-invents") {
    if (!std::regex_search(entry, found, std::regex("[0-9a-f]{64}"))) return;
    char& last = entry[static_cast<std::size_t>(found.position()) + 63];
    last = last == '0' ? '1' : '0';
    body.insert(begin, entry + (xml ? "" : ","));
    return;
  }
  if (!std::regex_search(entry, found, std::regex("(\"size\":|<Size>)([0-9]+)"))) return;
  entry.replace(static_cast<std::size_t>(found.position(2)),
                static_cast<std::size_t>(found.length(2)),
                std::to_string(std::max(0L, number(found[2]) + fault.amount)));
  body.replace(begin, end - begin, entry);
}

}  // namespace fault_proxy
