#include "maintenance.hpp"

#include "snapshot_options.hpp"

#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/repo/index_load.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>

namespace medsave::cli {
namespace {

void print_change(const SnapshotChange& change, bool dry_run, bool forget, Context& context) {
  const std::string old = change.old.short_hex();
  const bool keeps_old = !forget && context.identity == Identity::medsave;
  if (change.fate == SnapshotFate::replaced && dry_run) {
    context.info(format_text(_("would save a new snapshot made from {}"), old));
    if (forget) context.info(format_text(_("would remove old snapshot {}"), old));
  } else if (change.fate == SnapshotFate::replaced && keeps_old) {
    context.info(
        format_text(_("saved new snapshot {} made from {}; the old one stays as it was, with all "
                      "it holds (--forget deletes it)"),
                    change.saved->short_hex(), old));
  } else if (change.fate == SnapshotFate::replaced) {
    context.info(
        format_text(_("saved new snapshot {} in place of {}"), change.saved->short_hex(), old));
    if (change.old_removed) context.info(format_text(_("removed old snapshot {}"), old));
  } else if (change.fate == SnapshotFate::emptied && !forget) {
    context.warn(format_text(_("nothing of snapshot {} is left; --forget removes it"), old));
  } else if (change.fate == SnapshotFate::emptied) {
    context.info(format_text(
        dry_run ? _("would remove empty snapshot {}") : _("removed empty snapshot {}"), old));
  }
}

}  // namespace

ReliableIndex load_index_for_writing(const Repository& repository, Context& context,
                                     const std::stop_token& stop,
                                     std::vector<IndexProblem>* damaged) {
  ReliableIndex loaded = load_reliable_index(repository, stop, damaged);
  if (damaged != nullptr) {
    for (const IndexProblem& problem : *damaged) {
      context.warn(
          with_sentence(problem.message,
                        _("What only this index file lists is stored again where it is needed")));
    }
  }
  if (const unsigned long count = loaded.absent_packs.size(); count != 0) {
    context.warn(
        format_text(n_("{} pack that the index names is missing from the repository or damaged; "
                       "nothing new relies on it. Run \"medsave check\" to see what is affected.",
                       "{} packs that the index names are missing from the repository or damaged; "
                       "nothing new relies on them. Run \"medsave check\" to see what is affected.",
                       count),
                    count));
  }
  return loaded;
}

BlobWriterOptions chosen_writer_options(const GlobalOptions& global) {
  BlobWriterOptions out{.compression = global.compression, .extra_verify = !global.no_extra_verify};
  if (global.pack_size != 0) out.pack_size = global.pack_size << 20U;
  return out;
}

SnapshotChangeEvents snapshot_change_events(Context& context, bool dry_run, bool forget,
                                            bool tell_all) {
  SnapshotChangeEvents events;
  // Those that stay as they are would hide the others. What becomes of each is known at the end.
  const auto headings = std::make_shared<std::map<Id, std::string>>();
  const auto tell_heading = [&context, headings](const Id& id) {
    const auto heading = headings->extract(id);
    if (heading.empty()) return;
    context.info("");
    context.info(heading.mapped());
  };
  const auto current = std::make_shared<Id>();
  events.begin = [&context, headings, tell_heading, current](const SnapshotEntry& entry) {
    *current = entry.id;
    (*headings)[entry.id] = describe_snapshot(entry);
    if (context.identity == Identity::restic) tell_heading(entry.id);
  };
  if (tell_all) {
    events.lost = [&context, tell_heading, current](const std::string& path,
                                                    const std::string& what) {
      tell_heading(*current);
      context.info(format_text(_("  \"{}\": {}"), path, what));
    };
  }
  events.changed = [&context, headings, tell_heading, dry_run, forget,
                    first = true](const SnapshotChange& change) mutable {
    if (change.fate == SnapshotFate::unchanged) {
      headings->erase(change.old);
      return;
    }
    const bool told = !headings->contains(change.old);
    tell_heading(change.old);
    if (first && told) context.info("");
    first = false;
    print_change(change, dry_run, forget, context);
    if (!context.global.json) return;
    JsonObject out("changed");
    out.add("old_snapshot_id", change.old.hex());
    if (change.saved) out.add("new_snapshot_id", change.saved->hex());
    context.console.print(out.add("old_removed", change.old_removed).text());
  };
  return events;
}

void end_dry_run(Context& context) {
  if (context.identity == Identity::medsave) context.info(_("Dry run: nothing was changed"));
}

void print_restic_progress(std::uint64_t count, std::string_view noun, std::chrono::seconds elapsed,
                           Context& context) {
  if (context.identity != Identity::restic) return;
  const std::string time = format_duration(elapsed);
  context.info(count == 0 ? fmt::format("[{}]          0 {}", time, noun)
                          : fmt::format("[{}] 100.00%  {} / {} {}", time, count, count, noun));
}

void print_changed_snapshots(std::size_t count, bool dry_run, Context& context) {
  JsonObject summary("summary");
  summary.add("changed_snapshots", count);
  if (dry_run) summary.add("dry_run", true);
  context.report(summary);
  context.info("");
  const unsigned long n = count;
  if (n == 0) {
    context.info(dry_run ? _("no snapshots would be modified") : _("no snapshots were modified"));
  } else if (dry_run) {
    context.info(
        format_text(n_("would make {} snapshot anew", "would make {} snapshots anew", n), n));
  } else {
    const std::string outcome =
        format_text(n_("made {} snapshot anew", "made {} snapshots anew", n), n);
    context.done(outcome);
    context.info(outcome);
  }
  if (dry_run) end_dry_run(context);
}

}  // namespace medsave::cli
