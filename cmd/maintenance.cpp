#include "maintenance.hpp"

#include "snapshot_options.hpp"

#include "medsave/base/text.hpp"

namespace medsave::cli {
namespace {

void print_change(const SnapshotChange& change, bool dry_run, bool forget, Context& context) {
  const std::string old = change.old.short_hex();
  if (change.fate == SnapshotFate::replaced && dry_run) {
    context.info(format_text(_("would save new snapshot for {}"), old));
    if (forget) context.info(format_text(_("would remove old snapshot {}"), old));
  } else if (change.fate == SnapshotFate::replaced) {
    context.info(format_text(_("saved new snapshot {} for {}"), change.saved->short_hex(), old));
    if (change.old_removed) context.info(format_text(_("removed old snapshot {}"), old));
  } else if (change.fate == SnapshotFate::emptied && !forget) {
    context.warn(format_text(_("nothing of snapshot {} is left; --forget removes it"), old));
  } else if (change.fate == SnapshotFate::emptied) {
    context.info(format_text(
        dry_run ? _("would remove empty snapshot {}") : _("removed empty snapshot {}"), old));
  }
}

}  // namespace

BlobWriterOptions chosen_writer_options(const GlobalOptions& global) {
  BlobWriterOptions out{.compression = global.compression, .extra_verify = !global.no_extra_verify};
  if (global.pack_size != 0) out.pack_size = global.pack_size << 20U;
  return out;
}

SnapshotChangeEvents snapshot_change_events(Context& context, bool dry_run, bool forget,
                                            bool tell_all) {
  SnapshotChangeEvents events;
  events.begin = [&context](const SnapshotEntry& entry) {
    context.info("");
    context.info(context.console.name_for_out(describe_snapshot(entry)));
  };
  if (tell_all) {
    events.lost = [&context](const std::string& path, const std::string& what) {
      context.info(context.console.name_for_out(format_text("  \"{}\": {}", path, what)));
    };
  }
  events.changed = [&context, dry_run, forget, first = true](const SnapshotChange& change) mutable {
    if (change.fate == SnapshotFate::unchanged) return;
    if (first) context.info("");
    first = false;
    print_change(change, dry_run, forget, context);
  };
  return events;
}

void print_changed_snapshots(std::size_t count, bool dry_run, Context& context) {
  context.info("");
  const unsigned long n = count;
  if (n == 0) {
    context.info(dry_run ? _("no snapshots would be modified") : _("no snapshots were modified"));
  } else if (dry_run) {
    context.info(format_text(n_("would modify {} snapshots", "would modify {} snapshots", n), n));
  } else {
    context.info(format_text(n_("modified {} snapshots", "modified {} snapshots", n), n));
  }
}

}  // namespace medsave::cli
