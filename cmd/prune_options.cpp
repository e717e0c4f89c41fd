#include "prune_options.hpp"

#include "context.hpp"
#include "maintenance.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/error_in_lines.hpp"
#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/prune/unused_limit.hpp"
#include "medsave/remote/location.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/ui/table.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <utility>

namespace medsave::cli {
namespace {

std::uint64_t size_value(const std::string& text) {
  if (const auto bytes = parse_size(text)) return *bytes;
  throw Error(Errc::usage, _("must be a size like 200M"));
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return format_percent(0, 2);
  return format_percent(100.0 * static_cast<double>(part) / static_cast<double>(whole), 2);
}

/// Aligned lines of a name, blobs and bytes. The English is restic's, which scripts may read.
class Lines {
 public:
  explicit Lines(Context& context) : context_(context) {}

  void add(const std::string& name, const BlobTotals& totals) {
    const unsigned long blobs = totals.blobs;
    add(name, format_text(n_("{:>10} blob / {}", "{:>10} blobs / {}", blobs), blobs,
                          format_size(totals.bytes)));
  }
  void add(const std::string& name, const std::string& value) {
    context_.info(fmt::format("{:<18}{}", name, value));
  }
  void add_packs(const std::string& name, std::uint64_t count) {
    add(name, format_text(n_("{:>10} pack", "{:>10} packs", count), count));
  }

 private:
  Context& context_;
};

void print_holdings(const PruneStats& stats, Context& context) {
  if (context.verbosity() < 2) return;
  Lines lines(context);
  context.info("");
  lines.add(_("used:"), stats.used);
  if (stats.duplicate.blobs > 0) lines.add(_("duplicates:"), stats.duplicate);
  lines.add(_("unused:"), stats.unused);
  if (stats.unindexed_bytes > 0) {
    lines.add(_("unreferenced:"), fmt::format("{:>18}", format_size(stats.unindexed_bytes)));
  }
  BlobTotals total = stats.used;
  total.add(stats.duplicate.blobs + stats.unused.blobs, stats.total_bytes() - stats.used.bytes);
  lines.add(_("total:"), total);
  context.info(format_text(_("unused size: {} of total size"),
                           percent(stats.total_bytes() - stats.used.bytes, stats.total_bytes())));
}

JsonObject totals_json(const BlobTotals& totals) {
  JsonObject out;
  out.add("blobs", totals.blobs).add("bytes", totals.bytes);
  return out;
}

void report_json(const PruneStats& stats, const PruneReport& report, bool dry_run,
                 Context& context) {
  BlobTotals removed = stats.removed;
  removed.bytes += stats.unindexed_bytes;
  JsonObject out("summary");
  out.add_json("repacked", totals_json(stats.repacked).text())
      .add_json("repack_removes", totals_json(stats.repack_removes).text())
      .add_json("deleted", totals_json(removed).text())
      .add_json("pruned", totals_json(stats.pruned()).text())
      .add_json("remaining", totals_json(stats.remaining()).text())
      .add("unused_bytes_after", stats.unused_bytes_after())
      .add("undeleted_packs", report.undeleted);
  if (dry_run) out.add("dry_run", true);
  context.report(out);
}

void tell_nothing_to_free(const PruneStats& stats, Context& context) {
  const std::uint64_t unused = stats.unused_bytes_after();
  if (unused == 0) {
    context.info(_("there is nothing to free"));
    return;
  }
  context.info(format_text(_("there is nothing to free for now: {} ({}) that nobody needs stay, as "
                             "--max-unused allows"),
                           format_size(unused), percent(unused, stats.remaining().bytes)));
}

/// `elapsed`: since the packs were looked at.
void print_plan(const PrunePlan& plan, bool dry_run, std::chrono::seconds elapsed,
                Context& context) {
  const PruneStats& stats = plan.stats;
  const std::uint64_t packs = stats.packs_used + stats.packs_partly_used + stats.packs_unused;
  print_restic_progress(packs + plan.unindexed.size(), "packs processed", elapsed, context);
  print_holdings(stats, context);
  context.info("");
  const bool nothing = plan.remove.empty() && plan.repack.empty() && plan.unindexed.empty();
  if (nothing && context.identity == Identity::medsave) {
    tell_nothing_to_free(stats, context);
    return;
  }
  if (dry_run) {
    context.info(_("Would have made the following changes:"));
    context.info("");
  }
  Lines lines(context);
  BlobTotals removed = stats.removed;
  removed.bytes += stats.unindexed_bytes;
  lines.add(_("to repack:"), stats.repacked);
  lines.add(_("this removes:"), stats.repack_removes);
  lines.add(_("to delete:"), removed);
  lines.add(_("total prune:"), stats.pruned());
  lines.add(_("remaining:"), stats.remaining());
  context.info(format_text(_("unused size after prune: {} ({} of remaining size)"),
                           format_size(stats.unused_bytes_after()),
                           percent(stats.unused_bytes_after(), stats.remaining().bytes)));
  context.info("");
  if (context.verbosity() < 2) return;
  lines.add_packs(_("totally used:"), stats.packs_used);
  lines.add_packs(_("partly used:"), stats.packs_partly_used);
  lines.add_packs(_("unused:"), stats.packs_unused);
  context.info("");
  lines.add_packs(_("to keep:"), stats.packs_kept);
  lines.add_packs(_("to repack:"), plan.repack.size());
  lines.add_packs(_("to delete:"), plan.remove.size());
  if (!plan.missing.empty()) lines.add_packs(_("already missing:"), plan.missing.size());
  if (!plan.unindexed.empty()) lines.add_packs(_("unreferenced:"), plan.unindexed.size());
}

PruneRequest make_request(const PruneChoice& choice, bool dry_run, KnownSnapshots snapshots,
                          const GlobalOptions& global) {
  PruneRequest request{
      .options = choice.options,
      .writer = {.compression = global.compression, .extra_verify = !global.no_extra_verify},
      .dry_run = dry_run,
      .without_free_space = !choice.recover_id.empty(),
      .ignored_snapshots = std::move(snapshots.ignored),
      .known_snapshots = std::move(snapshots.there),
      .may_remove_everything = choice.may_remove_everything};
  if (global.pack_size != 0) request.writer.pack_size = global.pack_size << 20U;
  if (const std::optional<std::string> folder = local_folder(chosen_location(global.repository))) {
    request.free_space = [path = *folder] { return free_space(path); };
  }
  return request;
}

}  // namespace

void add_prune_options(Command& command, PruneChoice& choice) {
  PruneOptions& options = choice.options;
  command.group(_("What to prune"));
  command.parsed(
      "max-unused", _("LIMIT"),
      [&options](const std::string& text) { options.max_unused = parse_unused_limit(text); },
      _("how much of what nobody needs may stay, so that fewer packs are repacked: a size (200M), "
        "a share of the repository (5%, the default) or \"unlimited\""));
  command.parsed(
      "max-repack-size", _("SIZE"),
      [&options](const std::string& text) { options.max_repack_bytes = size_value(text); },
      _("repack less than this much; 0 only deletes packs that are not needed at all"));
  command.flag("repack-cacheable-only", options.repack_cacheable_only,
               _("repack folder lists only, no file contents"));
  command.flag("repack-small", options.repack_small,
               _("join small packs also when there are only a few"));
  command.flag("repack-uncompressed", options.repack_uncompressed,
               _("repack and compress all that is stored uncompressed"));
  command.parsed(
      "repack-smaller-than", _("SIZE"),
      [&options](const std::string& text) { options.repack_below = size_value(text); },
      _("packs below this size are small and are joined"));
}

void check_prune_choice(const PruneChoice& choice, const Repository& repository, Context& context) {
  constexpr std::uint64_t kDefaultPackSize = 16;  // MiB
  const std::uint64_t pack_size = context.global.pack_size;
  const std::uint64_t most = (pack_size == 0 ? kDefaultPackSize : pack_size) << 20U;
  if (choice.options.repack_below.value_or(0) > most) {
    throw Error(Errc::usage, _("repack-smaller-than exceeds repository packsize"));
  }
  if (choice.options.repack_uncompressed && repository.config().version < 2) {
    throw Error(Errc::usage, _("compression requires at least repository format version 2"));
  }
  if (!choice.recover_id.empty() && choice.recover_id != repository.config().id) {
    throw Error(Errc::usage, format_text(_("must pass id '{}' to --unsafe-recover-no-free-space"),
                                         repository.config().id));
  }
}

void prune_repository(const OpenedRepository& opened, const PruneChoice& choice, bool dry_run,
                      KnownSnapshots snapshots, Context& context) {
  const PruneRequest request = make_request(choice, dry_run, std::move(snapshots), context.global);
  PruneEvents events;
  auto begun = std::chrono::steady_clock::now();
  events.stage = [&](const std::string& stage) {
    begun = std::chrono::steady_clock::now();
    context.begin_step(stage);
  };
  const auto elapsed = [&begun] {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() -
                                                            begun);
  };
  events.searched = [&](std::uint64_t count) {
    print_restic_progress(count, "snapshots", elapsed(), context);
  };
  PruneStats stats;
  bool planned = false;
  events.planned = [&](const PrunePlan& plan) {
    planned = true;
    stats = plan.stats;
    print_plan(plan, dry_run, elapsed(), context);
  };
  events.warning = context.notices();
  Progress progress;
  progress.line_rate = context.global.limit_upload * 1024;
  progress.stop = opened.stop();
  PruneReport report;
  {
    const ProgressDisplay display(
        context.console, progress, ProgressKind::check,
        context.global.json ? ProgressStyle::none : context.progress_style(),
        context.progress_interval());
    try {
      report = run_prune(opened.repository(), request, events, progress, opened.stop());
    } catch (const Interrupted&) {
      const bool lost = opened.lock() != nullptr && opened.lock()->lost();
      if (!dry_run && !lost && context.identity == Identity::medsave) {
        context.tell_of_interruption();
        context.warn(
            _("all snapshots are intact, but not all space may be free yet: run \"medsave prune\" "
              "again"));
      }
      throw;
    } catch (const Error& e) {
      const bool forgot = !context.outcome().empty() && context.identity == Identity::medsave;
      if (dry_run || planned || !forgot) throw;
      const std::string text = with_sentence(
          e.what(),
          _("The snapshots that were removed are gone from the list, but no data was "
            "deleted: \"medsave recover\" can bring back what the repository has of them"));
      if (dynamic_cast<const ErrorInLines*>(&e) != nullptr) throw ErrorInLines(e.code(), text);
      throw Error(e.code(), text);
    }
  }
  report_json(stats, report, dry_run, context);
  if (dry_run) {
    end_dry_run(context);
    return;
  }
  context.done(_("what is not needed was removed from the repository"));
  if (report.undeleted != 0) {
    const unsigned long count = report.undeleted;
    context.warn(format_text(n_("{} pack that is no longer needed could not be deleted; the next "
                                "prune tries again",
                                "{} packs that are no longer needed could not be deleted; the "
                                "next prune tries again",
                                count),
                             count));
  }
  const std::uint64_t freed = stats.pruned().bytes + stats.unindexed_bytes;
  if (freed != 0 && choice.recover_id.empty() && context.identity == Identity::medsave) {
    context.info(format_text(_("done: {} freed"), format_size(freed)));
  } else if (choice.recover_id.empty()) {
    context.info(_("done"));
  } else {
    context.info(_("done; run prune again without --unsafe-recover-no-free-space"));
  }
}

}  // namespace medsave::cli
