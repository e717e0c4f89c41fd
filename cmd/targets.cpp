#include "targets.hpp"

#include "option_file.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/text_file.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/glob.hpp"

#include <algorithm>
#include <functional>
#include <iterator>

namespace medsave::cli {
namespace {

constexpr std::size_t kMaxList = std::size_t{1} << 30;  // bytes

void for_each_line(std::string_view content, const std::function<void(std::string_view)>& visit) {
  while (!content.empty()) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    std::string_view line = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    visit(line);
  }
}

Buffer read_list(const std::string& name, const std::string& option) {
  if (name != "-") {
    try {
      return read_file(name, kMaxList);
    } catch (const Error& e) {
      throw unusable_file(name, option, e);
    }
  }
  constexpr std::size_t kStep = std::size_t{64} * 1024;
  Buffer out;
  while (true) {
    const std::size_t old = out.size();
    out.resize(old + kStep);
    const std::size_t got =
        read_some(kStandardInput, out.writable().subspan(old), _("standard input"));
    out.resize(old + got);
    if (got < kStep) return out;
  }
}

bool is_pattern(std::string_view component) {
  return component.find_first_of("*?[\\") != std::string_view::npos;
}

/// Names in `folder` ("" = current) that fit one component of a pattern. A folder that cannot be
/// read has none, and `problem` hears of it.
std::vector<std::string> fitting_names(const std::string& folder, const std::string& component,
                                       const TargetProblemSink& problem) {
  std::vector<std::string> names;
  try {
    const UniqueDir fd = open_dir_at(kCurrentDirectory, folder.empty() ? "." : folder, true);
    names = list_dir(fd.get());
  } catch (const Error& e) {
    if (e.code() != Errc::not_found) problem(folder, e.what());
    return {};
  }
  std::erase_if(names, [&](const std::string& name) { return !fits_pattern(component, name); });
  std::ranges::sort(names);
  return names;
}

/// Whether there is something at this path, be it unreadable.
bool exists(const std::string& path, bool follow) {
  try {
    return follow ? stat_at(kCurrentDirectory, path).has_value()
                  : lstat_at(kCurrentDirectory, path).has_value();
  } catch (const Error&) {
    return true;  // the archiver will say what is wrong
  }
}

/// `at`: what of the pattern has been matched so far, ending in '/' unless empty.
void expand(const std::string& at, std::string_view rest, const TargetProblemSink& problem,
            std::vector<std::string>& out) {
  const std::size_t slash = rest.find('/');
  const std::string component(rest.substr(0, slash));
  const bool last = slash == std::string_view::npos;
  const std::string_view below = last ? std::string_view{} : rest.substr(slash + 1);
  const auto go_on = [&](const std::string& name) {
    if (last) {
      if (target_exists(at + name)) out.push_back(at + name);
    } else if (below.find_first_not_of('/') == std::string_view::npos) {
      if (exists(at + name, true)) out.push_back(at + name + "/");
    } else {
      expand(at + name + "/", below, problem, out);
    }
  };
  if (!is_pattern(component)) {
    go_on(component);
    return;
  }
  for (const std::string& name : fitting_names(at, component, problem)) go_on(name);
}

}  // namespace

std::vector<std::string> pattern_lines(std::string_view content) {
  std::vector<std::string> lines;
  for_each_line(content, [&](std::string_view line) {
    const std::string_view text = trim_unicode_space(line);
    if (!text.empty() && text.front() != '#') lines.emplace_back(text);
  });
  return lines;
}

std::vector<std::string> verbatim_lines(std::string_view content) {
  std::vector<std::string> lines;
  for_each_line(content, [&](std::string_view line) {
    if (!line.empty()) lines.emplace_back(line);
  });
  return lines;
}

std::vector<std::string> raw_names(std::string_view content) {
  std::vector<std::string> names;
  while (!content.empty()) {
    const std::size_t end = content.find('\0');
    if (end == std::string_view::npos) {
      throw Error(Errc::usage, _("--files-from-raw: trailing zero byte missing"));
    }
    // An empty name would mean the current folder, which nobody asked for.
    if (end == 0) throw Error(Errc::usage, _("--files-from-raw: empty filename in listing"));
    names.emplace_back(content.substr(0, end));
    content.remove_prefix(end + 1);
  }
  return names;
}

bool target_exists(const std::string& path) { return exists(path, false); }

std::vector<std::string> expand_pattern(const std::string& pattern,
                                        const TargetProblemSink& problem) {
  std::vector<std::string> out;
  const std::size_t start = std::min(pattern.find_first_not_of('/'), pattern.size());
  if (start == pattern.size()) {
    if (!pattern.empty()) out.emplace_back("/");
    return out;
  }
  expand(start == 0 ? "" : "/", std::string_view(pattern).substr(start), problem, out);
  return out;
}

std::vector<std::string> collect_targets(const TargetLists& lists,
                                         const TargetProblemSink& problem) {
  std::vector<std::string> targets;
  const auto append = [&](std::vector<std::string> more) {
    std::ranges::move(more, std::back_inserter(targets));
  };
  for (const std::string& list : lists.files_from) {
    const Buffer content = decode_lines(read_list(list, "--files-from").view(), list);
    for (const std::string& pattern : pattern_lines(as_text(content.view()))) {
      std::vector<std::string> found = expand_pattern(pattern, problem);
      if (found.empty()) problem(pattern, _("no file matches this line of the list"));
      append(std::move(found));
    }
  }
  for (const std::string& list : lists.files_from_verbatim) {
    const Buffer content = decode_text(read_list(list, "--files-from-verbatim").view(), list);
    append(verbatim_lines(as_text(content.view())));
  }
  for (const std::string& list : lists.files_from_raw) {
    const Buffer content = read_list(list, "--files-from-raw");
    append(raw_names(as_text(content.view())));
  }
  return targets;
}

}  // namespace medsave::cli
