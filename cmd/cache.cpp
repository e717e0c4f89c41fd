#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"

#include "medsave/backend/cache_backend.hpp"
#include "medsave/backend/cache_directories.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/ui/table.hpp"

#include <memory>

namespace medsave::cli {
namespace {

constexpr std::int64_t kSecondsPerDay = 86400;
constexpr std::size_t kShownDigits = 10;  // of a repository's id, as in restic

struct CacheOptions {
  bool cleanup = false;
  std::uint64_t max_age = 30;  // days
  bool no_size = false;
};

std::int64_t age_in_days(const CacheDirectory& directory, const Timestamp& now) {
  return (now.seconds - directory.last_used) / kSecondsPerDay;
}

bool is_old(const CacheDirectory& directory, const CacheOptions& options, const Timestamp& now) {
  return age_in_days(directory, now) >= static_cast<std::int64_t>(options.max_age);
}

/// A line for people, also where --json was given and has no meaning (as restic).
void tell(const std::string& line, const Context& context) {
  if (context.verbosity() >= 1) context.console.tell(line);
}

void clean_up(const CacheOptions& options, const std::string& base, bool json, Context& context) {
  const Timestamp now = system_clock().now();
  std::vector<CacheDirectory> old;
  for (CacheDirectory& directory : list_cache_directories(base, false, now)) {
    if (is_old(directory, options, now)) old.push_back(std::move(directory));
  }
  for (const CacheDirectory& directory : old) {
    remove_cache_directory(base, directory.repository_id);
  }
  const unsigned long count = old.size();
  if (json) {
    context.report(JsonObject("summary").add("base", base).add("removed_caches", count));
  } else if (count == 0) {
    tell(_("no old cache dirs found"), context);
  } else {
    tell(format_text(n_("removed {} old cache dir", "removed {} old cache dirs", count), count),
         context);
  }
}

void print_directories_json(const std::vector<CacheDirectory>& directories,
                            const CacheOptions& options, const std::string& base,
                            const Timestamp& now, Context& context) {
  for (const CacheDirectory& directory : directories) {
    JsonObject out("cache");
    out.add("repository_id", directory.repository_id)
        .add("days_unused", std::max<std::int64_t>(age_in_days(directory, now), 0))
        .add("old", is_old(directory, options, now));
    if (!options.no_size) out.add("size", directory.size);
    context.console.print(out.text());
  }
  context.report(JsonObject("summary").add("base", base).add("caches", directories.size()));
}

void print_directories(const CacheOptions& options, const std::string& base, bool json,
                       Context& context) {
  const Timestamp now = system_clock().now();
  const auto directories = list_cache_directories(base, !options.no_size, now);
  if (json) {
    print_directories_json(directories, options, base, now, context);
    return;
  }
  if (directories.empty()) {
    tell(format_text(_("no cache dirs found, base path is {}"), base), context);
    return;
  }
  Table table;
  table.add_column({.heading = _("Repo ID")});
  table.add_column({.heading = _("Last Used")});
  table.add_column({.heading = _("Old"), .drop = 2});
  if (!options.no_size) table.add_column({.heading = _("Size"), .right = true, .drop = 1});
  for (const CacheDirectory& directory : directories) {
    const auto days =
        static_cast<unsigned long>(std::max<std::int64_t>(age_in_days(directory, now), 0));
    std::vector<std::string> row = {directory.repository_id.substr(0, kShownDigits),
                                    format_text(n_("{} days ago", "{} days ago", days), days),
                                    is_old(directory, options, now) ? _("yes") : ""};
    if (!options.no_size) row.push_back(format_size(directory.size));
    table.add_row(std::move(row));
  }
  const unsigned long count = directories.size();
  table.add_footer(
      format_text(n_("{} cache dirs in {}", "{} cache dirs in {}", count), count, base));
  context.print(table);
}

void run_cache(const CacheOptions& options, Context& context) {
  if (context.global.no_cache) {
    throw Error(Errc::usage, _("Refusing to do anything, the cache is disabled"));
  }
  // restic prints its table even with --json, and programs that drive it parse that table.
  const bool json = context.global.json && context.identity != Identity::restic;
  const std::string base = cache_base(context.global);
  if (options.cleanup || context.global.cleanup_cache) {
    clean_up(options, base, json, context);
  } else {
    print_directories(options, base, json, context);
  }
}

}  // namespace

void add_cache(Command& root) {
  auto options = std::make_shared<CacheOptions>();
  Command& command = root.add_command("cache", _("List and clean up local caches"));
  command.describe(
      _("Lists the folders with local copies of repositories' metadata, or removes those that were "
        "not used for some time. Nothing is lost with them; they are made again when needed."));
  command.flag("cleanup", options->cleanup, _("remove old caches"));
  command.number("max-age", _("DAYS"), options->max_age,
                 _("how long unused a cache is old (default 30)"));
  command.flag("no-size", options->no_size, _("do not show sizes, which takes time"));
  command.examples({{"medsave cache --cleanup", _("free space on this computer")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    if (!arguments.empty()) throw Error(Errc::usage, _("cache takes no arguments"));
    run_cache(*options, context);
  });
}

}  // namespace medsave::cli
