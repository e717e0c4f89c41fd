#include "medsave/snap/path_filter.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/system.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/text_file.hpp"
#include "medsave/sys/file_io.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace medsave {
namespace {

constexpr std::string_view kMagic = "\\[]*?";
constexpr char32_t kReplacement = 0xFFFD;
constexpr std::size_t kMaxPatternFile = std::size_t{1} << 30;  // bytes

/// The first character of `text` and its length; an invalid byte counts as one character.
char32_t next_char(std::string_view text, std::size_t& length) {
  char32_t code_point = 0;
  length = utf8_sequence(text, &code_point);
  if (length != 0) return code_point;
  length = 1;
  return kReplacement;
}

/// One end of a range inside [...]; nullopt where the syntax forbids it.
std::optional<char32_t> take_class_char(std::string_view& rest) {
  if (rest.empty() || rest.front() == '-' || rest.front() == ']') return std::nullopt;
  if (rest.front() == '\\') rest.remove_prefix(1);
  if (rest.empty()) return std::nullopt;
  std::size_t length = 0;
  const char32_t c = next_char(rest, length);
  rest.remove_prefix(length);
  return c;
}

/// Reads a class behind its '[' and says whether `c` is in it; nullopt for bad syntax.
std::optional<bool> take_class(std::string_view& rest, char32_t c) {
  const bool negated = rest.starts_with('^');
  if (negated) rest.remove_prefix(1);
  bool found = false;
  for (bool first = true;; first = false) {
    if (!first && rest.starts_with(']')) {
      rest.remove_prefix(1);
      return found != negated;
    }
    const std::optional<char32_t> low = take_class_char(rest);
    if (!low) return std::nullopt;
    char32_t high = *low;
    if (rest.starts_with('-')) {
      rest.remove_prefix(1);
      const std::optional<char32_t> end = take_class_char(rest);
      if (!end) return std::nullopt;
      high = *end;
    }
    if (*low <= c && c <= high) found = true;
  }
}

bool is_valid_component(std::string_view pattern) {
  while (!pattern.empty()) {
    const char c = pattern.front();
    pattern.remove_prefix(1);
    if (c == '\\') {
      if (pattern.empty()) return false;
      pattern.remove_prefix(1);
    } else if (c == '[' && !take_class(pattern, 0)) {
      return false;
    }
  }
  return true;
}

/// Matches one character of `text` (not empty) against the element at the start of `pattern`
/// (valid, not '*'), advancing both.
bool match_one(std::string_view& pattern, std::string_view& text) {
  if (pattern.front() == '?' || pattern.front() == '[') {
    std::size_t length = 0;
    const char32_t c = next_char(text, length);
    const bool any = pattern.front() == '?';
    pattern.remove_prefix(1);
    text.remove_prefix(length);
    return any || take_class(pattern, c).value_or(false);
  }
  if (pattern.front() == '\\') pattern.remove_prefix(1);
  const bool same = pattern.front() == text.front();
  pattern.remove_prefix(1);
  text.remove_prefix(1);
  return same;
}

/// Go's filepath.Match for a valid pattern. Going back to the last '*' alone is enough, since
/// '*' may match anything.
bool match_glob(std::string_view pattern, std::string_view text) {
  std::optional<std::string_view> star_pattern;
  std::string_view star_text;
  while (true) {
    if (pattern.starts_with('*')) {
      pattern.remove_prefix(1);
      star_pattern = pattern;
      star_text = text;
      continue;
    }
    if (pattern.empty() && text.empty()) return true;
    if (!pattern.empty() && !text.empty() && match_one(pattern, text)) continue;
    if (!star_pattern || star_text.empty()) return false;
    star_text.remove_prefix(1);
    pattern = *star_pattern;
    text = star_text;
  }
}

struct Component {
  enum class Kind { root, literal, suffix, glob, any_depth };
  Kind kind = Kind::literal;
  std::string text = {};  // of a suffix pattern ("*.tmp"): without the star

  [[nodiscard]] bool matches(std::string_view name) const {
    switch (kind) {
      case Kind::root:
      case Kind::literal:
        return text == name;
      case Kind::suffix:
        return name.ends_with(text);
      case Kind::glob:
        return match_glob(text, name);
      case Kind::any_depth:
        break;
    }
    return true;
  }
};

using Names = std::span<const std::string_view>;
using Components = std::span<const Component>;

struct Pattern {
  bool negated = false;
  std::vector<Component> components = {};

  [[nodiscard]] bool anchored() const { return components.front().kind == Component::Kind::root; }
};

/// Whether the pattern matches a leading part of `names`.
bool match_prefix(Components pattern, Names names) {
  for (; !pattern.empty(); pattern = pattern.subspan(1), names = names.subspan(1)) {
    if (pattern.front().kind == Component::Kind::any_depth) {
      for (std::size_t skipped = 0; skipped <= names.size(); ++skipped) {
        if (match_prefix(pattern.subspan(1), names.subspan(skipped))) return true;
      }
      return false;
    }
    if (names.empty() || !pattern.front().matches(names.front())) return false;
  }
  return true;
}

bool matches(const Pattern& pattern, Names names) {
  const Components components(pattern.components);
  if (pattern.anchored()) return match_prefix(components, names);
  if (!names.empty() && names.front() == "/") names = names.subspan(1);
  for (; !names.empty(); names = names.subspan(1)) {
    if (match_prefix(components, names)) return true;
  }
  return false;
}

bool child_may_match(const Pattern& pattern, Names names) {
  if (!pattern.anchored()) return true;
  const Components components(pattern.components);
  for (std::size_t i = 0; i < std::min(components.size(), names.size()); ++i) {
    if (components[i].kind == Component::Kind::any_depth) return true;
    if (!components[i].matches(names[i])) return false;
  }
  return true;
}

/// Calls `use` with each component; the root of an absolute path is "/".
template <typename Use>
void for_each_component(std::string_view path, const Use& use) {
  if (path.starts_with('/')) use(std::string_view("/"));
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    if (!name.empty()) use(name);
    if (slash == std::string_view::npos) return;
    path.remove_prefix(slash + 1);
  }
}

Component make_component(std::string_view text) {
  using Kind = Component::Kind;
  if (text == "/") return {Kind::root, "/"};
  if (text == "**") return {Kind::any_depth, {}};
  if (text.find_first_of(kMagic) == std::string_view::npos)
    return {Kind::literal, std::string(text)};
  if (text.starts_with('*') && text.find_first_of(kMagic, 1) == std::string_view::npos) {
    return {Kind::suffix, std::string(text.substr(1))};
  }
  return {Kind::glob, std::string(text)};
}

/// Lexically cleaned: no "." or "" components, ".." resolved where something is before it.
std::vector<std::string_view> clean_components(std::string_view path) {
  std::vector<std::string_view> names;
  for_each_component(path, [&](std::string_view name) {
    if (name == ".") return;
    if (name != ".." || names.empty() || names.back() == "..") {
      names.push_back(name);
    } else if (names.back() != "/") {
      names.pop_back();
    }
  });
  return names;
}

Pattern parse_pattern(const std::string& original, std::string_view text) {
  Pattern pattern;
  pattern.negated = text.starts_with('!');
  if (pattern.negated) text.remove_prefix(1);
  for (const std::string_view name : clean_components(text)) {
    if (!is_valid_component(name)) {
      throw Error(Errc::usage, format_text(_("invalid pattern: {}"), original));
    }
    pattern.components.push_back(make_component(name));
  }
  if (pattern.components.empty()) pattern.components.push_back(make_component("."));
  if (pattern.components.size() == 1 && pattern.anchored()) {
    pattern.components.push_back(make_component("**"));  // "/" means everything
  }
  return pattern;
}

bool is_in(char32_t c, char32_t first, char32_t last) { return first <= c && c <= last; }

/// Lower case of the alphabets that alternate upper and lower letters, or keep them apart by a
/// fixed distance: Latin, Greek, Cyrillic, Armenian. Independent of the locale, so that a pattern
/// means the same everywhere.
char32_t lower(char32_t c) {
  if (is_in(c, 'A', 'Z') || (is_in(c, 0xC0, 0xDE) && c != 0xD7)) return c + 0x20;
  if (is_in(c, 0x391, 0x3AB) || is_in(c, 0x410, 0x42F)) return c + 0x20;
  if (is_in(c, 0x400, 0x40F)) return c + 0x50;
  if (is_in(c, 0x531, 0x556)) return c + 0x30;
  if (c == 0x130) return 'i';
  if (c == 0x178) return 0xFF;
  if (c == 0x1E9E) return 0xDF;
  if (c == 0x386) return 0x3AC;
  if (is_in(c, 0x388, 0x38A)) return c + 37;
  if (c == 0x38C) return 0x3CC;
  if (is_in(c, 0x38E, 0x38F)) return c + 63;
  const bool upper_is_even = is_in(c, 0x100, 0x137) || is_in(c, 0x14A, 0x177) ||
                             is_in(c, 0x460, 0x481) || is_in(c, 0x48A, 0x4BF) ||
                             is_in(c, 0x4D0, 0x52F) || is_in(c, 0x1E00, 0x1E95) ||
                             is_in(c, 0x1EA0, 0x1EFF);
  const bool upper_is_odd = is_in(c, 0x139, 0x148) || is_in(c, 0x179, 0x17E);
  if ((upper_is_even && c % 2 == 0) || (upper_is_odd && c % 2 == 1)) return c + 1;
  return c;
}

void append_lower(std::string& out, std::string_view text) {
  while (!text.empty()) {
    if (const auto byte = static_cast<unsigned char>(text.front()); byte < 0x80) {
      out.push_back(static_cast<char>(lower(byte)));
      text.remove_prefix(1);
      continue;
    }
    std::size_t length = 0;
    append_utf8(out, lower(next_char(text, length)));
    text.remove_prefix(length);
  }
}

struct PatternList {
  std::vector<Pattern> patterns = {};
  bool has_negated = false;

  void add(Pattern pattern) {
    has_negated = has_negated || pattern.negated;
    patterns.push_back(std::move(pattern));
  }

  [[nodiscard]] PathFilter::Verdict check(Names names) const {
    PathFilter::Verdict verdict;
    for (const Pattern& pattern : patterns) {
      const bool matched = matches(pattern, names);
      if (pattern.negated) {
        verdict.matches = verdict.matches && !matched;
        verdict.child_may_match = verdict.child_may_match && !matched;
        continue;
      }
      verdict.matches = verdict.matches || matched;
      verdict.child_may_match = verdict.child_may_match || child_may_match(pattern, names);
      if (verdict.matches && verdict.child_may_match && !has_negated) break;
    }
    return verdict;
  }
};

bool is_name_char(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// The value of a variable that is written as `text`. A variable that is not set is left as it is:
/// "$CACHES/*" would become "/*" and match everything, and "$RECYCLE.BIN" is a name.
std::string value_of(std::string_view variable, std::string_view text) {
  return environment(std::string(variable).c_str()).value_or(std::string(text));
}

/// Reads what follows a '$' at `pos` and appends its value.
void expand_variable(std::string_view line, std::size_t& pos, std::string& out) {
  const std::size_t begin = pos;
  if (line.substr(pos).starts_with("${")) {
    const std::size_t end = line.find('}', pos);
    if (end == std::string_view::npos) {  // a bad "${" vanishes, as in restic
      pos += 2;
      return;
    }
    pos = end + 1;
    out += value_of(line.substr(begin + 2, end - begin - 2), line.substr(begin, pos - begin));
    return;
  }
  ++pos;
  if (line.substr(pos).starts_with('$')) {  // "$$"
    ++pos;
    out.push_back('$');
    return;
  }
  while (pos < line.size() && is_name_char(line[pos])) ++pos;
  if (pos == begin + 1) {
    out.push_back('$');
    return;
  }
  out += value_of(line.substr(begin + 1, pos - begin - 1), line.substr(begin, pos - begin));
}

std::string expand_variables(std::string_view line) {
  std::string out;
  for (std::size_t pos = 0; pos < line.size();) {
    if (line[pos] == '$') {
      expand_variable(line, pos, out);
    } else {
      out.push_back(line[pos++]);
    }
  }
  return out;
}

}  // namespace

/// Patterns that ignore case and others are two lists, and a `!pattern` has effect only within its
/// own.
struct PathFilter::State {
  struct Given {
    std::string pattern;
    bool ignore_case;
  };
  PatternList exact;
  PatternList ignoring_case;
  std::vector<Given> given;
};

PathFilter::PathFilter() : state_(std::make_unique<State>()) {}
PathFilter::~PathFilter() = default;
PathFilter::PathFilter(PathFilter&&) noexcept = default;
PathFilter& PathFilter::operator=(PathFilter&&) noexcept = default;

void PathFilter::add(const std::string& pattern, bool ignore_case) {
  if (pattern.empty() || pattern == "!") return;
  if (ignore_case) {
    std::string lowered;
    append_lower(lowered, pattern);
    state_->ignoring_case.add(parse_pattern(pattern, lowered));
  } else {
    state_->exact.add(parse_pattern(pattern, pattern));
  }
  state_->given.push_back({.pattern = pattern, .ignore_case = ignore_case});
}

bool PathFilter::empty() const {
  return state_->exact.patterns.empty() && state_->ignoring_case.patterns.empty();
}

PathFilter::Verdict PathFilter::check(const std::string& path) const {
  // Reused, since a backup asks once per file.
  thread_local std::vector<std::string_view> names;
  thread_local std::string lowered;
  Verdict verdict;
  const auto split = [](std::string_view text) {
    names.clear();
    for_each_component(text, [](std::string_view name) { names.push_back(name); });
    return Names(names);
  };
  if (!state_->exact.patterns.empty()) verdict = state_->exact.check(split(path));
  if (!state_->ignoring_case.patterns.empty()) {
    lowered.clear();
    append_lower(lowered, path);
    const Verdict other = state_->ignoring_case.check(split(lowered));
    verdict.matches = verdict.matches || other.matches;
    verdict.child_may_match = verdict.child_may_match || other.child_may_match;
  }
  return verdict;
}

std::vector<std::pair<std::string, PathFilter>> PathFilter::singly() const {
  std::vector<std::pair<std::string, PathFilter>> out;
  for (const State::Given& given : state_->given) {
    if (given.pattern.starts_with('!')) continue;
    out.emplace_back(given.pattern, PathFilter());
    out.back().second.add(given.pattern, given.ignore_case);
  }
  return out;
}

std::string case_folded(std::string_view text) {
  std::string out;
  append_lower(out, text);
  return out;
}

std::vector<std::string> read_pattern_file(const std::string& path) {
  const Buffer content = decode_lines(read_file(path, kMaxPatternFile).view(), path);
  std::vector<std::string> patterns;
  std::string_view rest = as_text(content.view());
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = trim_unicode_space(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!line.empty() && !line.starts_with('#')) patterns.push_back(expand_variables(line));
  }
  return patterns;
}

}  // namespace medsave
