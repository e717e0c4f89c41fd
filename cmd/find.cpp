#include "chosen_snapshots.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "find_output.hpp"
#include "find_time.hpp"
#include "open_repository.hpp"
#include "snapshot_options.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/folding.hpp"
#include "medsave/base/text.hpp"
#include "medsave/query/finder.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/repo/index_files.hpp"
#include "medsave/repo/pack_header_load.hpp"
#include "medsave/repo/reliable_index.hpp"
#include "medsave/snap/snapshot_finder.hpp"
#include "medsave/ui/display_text.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

namespace medsave::cli {
namespace {

struct FindOptions {
  bool blob = false;
  bool tree = false;
  bool pack = false;
  bool show_pack_id = false;
  bool ignore_case = false;
  bool long_format = false;
  bool human_readable = false;
  bool reverse = false;
  std::string oldest = {};
  std::string newest = {};
  std::vector<std::string> snapshots = {};
  SnapshotChoice choice = {};

  [[nodiscard]] bool for_objects() const { return blob || tree || pack; }
};

std::optional<Timestamp> time_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const std::optional<Timestamp> time = parse_point_in_time(text);
  if (!time)
    throw Error(
        Errc::usage,
        format_text(
            _("unable to parse time: \"{}\"; it must look like 2026-11-30 or 2026-11-30 18:00"),
            text));
  return time;
}

NameQuery name_query(const FindOptions& options, const std::vector<std::string>& patterns) {
  NameQuery query;
  for (const std::string& pattern : patterns) {
    // A leading '!' excludes nothing from a search; restic ignores it, and so do we.
    const std::string name = pattern.starts_with('!') ? pattern.substr(1) : pattern;
    query.patterns.add(name.empty() ? "*" : options.ignore_case ? folded(name) : name, false);
  }
  query.folded = options.ignore_case;
  query.oldest = time_of(options.oldest);
  query.newest = time_of(options.newest);
  if (query.oldest && query.newest && *query.newest < *query.oldest) {
    throw Error(Errc::usage, _("--oldest must specify a time before --newest"));
  }
  return query;
}

void add_entries(const std::vector<PackEntry>& entries, ObjectQuery& query) {
  for (const PackEntry& entry : entries) {
    (entry.kind == BlobKind::data ? query.data : query.trees).add(entry.id);
  }
}

/// What a pack holds as it says itself, or, if it cannot be read, as the index says.
std::vector<PackEntry> entries_of(const BlobReader& reader, const ListedFile& pack) {
  try {
    return load_pack_header(reader.repository(), pack);
  } catch (const Error& e) {
    if (is_fatal(e)) throw;
    return reader.index().pack_entries(pack.id);
  }
}

ObjectQuery pack_query(const BlobReader& reader, const std::vector<std::string>& patterns) {
  // Packs of the index and of the listing, with their sizes.
  std::map<Id, std::uint64_t> packs;
  for (const PackSummary& pack : reader.index().packs()) packs[pack.id] = pack.size;
  for (const ListedFile& file : reader.repository().backend().list(FileKind::pack)) {
    packs[file.id] = file.size;
  }
  ObjectQuery query;
  std::vector<std::string> missing;
  for (const std::string& pattern : patterns) {
    bool found = false;
    for (const auto& [id, size] : packs) {
      if (pattern.empty() || !id.hex().starts_with(pattern)) continue;
      found = true;
      add_entries(entries_of(reader, {.id = id, .size = size}), query);
    }
    if (!found) missing.push_back(pattern);
  }
  if (!missing.empty()) {
    throw Error(Errc::not_found,
                format_text(_("there is no pack {}"), enumerate(missing), join(missing, " ")));
  }
  return query;
}

ObjectQuery object_query(const FindOptions& options, const BlobReader& reader,
                         const std::vector<std::string>& patterns) {
  if (options.pack) return pack_query(reader, patterns);
  ObjectQuery query;
  for (const std::string& pattern : patterns) {
    (options.blob ? query.data : query.trees).add(pattern);
  }
  return query;
}

/// In which packs the blobs found lie, and what of `patterns` is nowhere.
void print_packs(const Index& index, const std::vector<BlobRef>& blobs, Context& context) {
  for (const BlobRef& blob : blobs) {
    const std::string kind = blob.kind == BlobKind::data ? _("data") : _("tree");
    const std::optional<BlobLocation> at = index.find(blob);
    if (!at) {
      context.console.print(format_text(_("Object {} with type {} not found in the index"),
                                        blob.id.short_hex(), kind));
      continue;
    }
    context.console.print(format_text(_("Object belongs to pack {}"), at->pack.hex()));
    context.console.print(
        format_text(_(" ... Pack {}: <Blob ({}) {}, offset {}, length {}, uncompressed length {}>"),
                    at->pack.short_hex(), kind, blob.id.short_hex(), at->offset, at->stored_length,
                    at->plain_length));
  }
}

/// One run of the command.
class FindRun {
 public:
  FindRun(const FindOptions& options, const std::vector<std::string>& patterns, Context& context)
      : options_(options),
        patterns_(patterns),
        context_(context),
        output_({.long_format = options.long_format, .human_readable = options.human_readable},
                context) {}

  void run() {
    const NameQuery names = options_.for_objects() ? NameQuery{} : name_query(options_, patterns_);
    if (!options_.for_objects()) unmet_ = names.patterns.singly();
    const OpenedRepository& opened = open_repository(context_, kForReading);
    const Repository& repository = opened.repository();
    const std::stop_token stop = opened.stop();
    const ReadableSnapshots all = load_to_choose(repository, options_.snapshots, stop, context_);
    const auto index = load_readable_index(repository, context_.notices(), stop);
    const BlobReader reader(repository, *index);
    std::vector<SnapshotEntry> snapshots =
        choose_snapshots(all.snapshots, options_.snapshots, options_.choice.filter(),
                         UnknownName::latest_ignored, context_);
    std::ranges::stable_sort(snapshots, [&](const SnapshotEntry& a, const SnapshotEntry& b) {
      const Timestamp& x = a.snapshot.time.instant;
      const Timestamp& y = b.snapshot.time.instant;
      return options_.reverse ? x < y : y < x;
    });
    if (options_.for_objects()) {
      find_objects(reader, snapshots, stop);
    } else {
      NameFinder finder(reader, names, stop);
      for (const SnapshotEntry& entry : snapshots) {
        finder.search(
            entry.snapshot.tree,
            [&](const NameHit& hit) {
              ++hits_;
              meet(names.folded ? folded(hit.path) : hit.path);
              output_.print(hit, entry);
            },
            unreadable_in(entry));
      }
      output_.finish();
    }
    if (problems_ != 0) {
      throw CommandFailed(kExitFailed,
                          fatal_text(_("some folders of the snapshots cannot be read")));
    }
    if (snapshots.empty() && options_.snapshots.empty() && all.unreadable == 0 &&
        context_.identity == Identity::medsave) {
      tell_none_chosen(all.snapshots, repository, context_);
    } else if (hits_ == 0) {
      tell_nothing_found(snapshots.size());
    } else {
      tell_unmet();
    }
    if (context_.identity == Identity::medsave) require_all_read(all);
  }

 private:
  void find_objects(const BlobReader& reader, const std::vector<SnapshotEntry>& snapshots,
                    const std::stop_token& stop) {
    const ObjectQuery query = object_query(options_, reader, patterns_);
    ObjectFinder finder(reader, query, stop);
    std::uint64_t trees_found = 0;
    for (const SnapshotEntry& entry : snapshots) {
      finder.search(
          entry.snapshot.tree,
          [&](const ObjectHit& hit) {
            ++hits_;
            output_.print(hit, entry);
            note(hit.blob);
            // As in restic: with --tree, a snapshot is left after as many hits as were asked for.
            return !options_.tree || ++trees_found < query.trees.size();
          },
          unreadable_in(entry));
    }
    output_.finish();
    if (options_.show_pack_id && !context_.global.json) show_packs(reader.index());
  }

  void tell_nothing_found(unsigned long snapshots) {
    if (context_.global.json || context_.verbosity() == 0) return;
    if (context_.identity == Identity::restic) return;
    context_.warn(format_text(
        n_("nothing was found in {} snapshot", "nothing was found in {} snapshots", snapshots),
        snapshots));
    if (options_.for_objects()) return;
    if (std::ranges::all_of(patterns_,
                            [](const std::string& text) { return text.starts_with('/'); })) {
      context_.warn(
          _("A path begins at the root of the snapshot, and \"medsave ls SNAPSHOT\" "
            "shows what there is; a name without a slash in front is found anywhere"));
      return;
    }
    context_.warn(
        options_.ignore_case
            ? _("A pattern is compared with the whole name: \"*word*\" finds a part of one")
            : _("A pattern is compared with the whole name: \"*word*\" finds a part of one, and -i "
                "finds upper and lower case, with and without accents"));
  }

  void meet(const std::string& path) {
    std::erase_if(unmet_, [&](const auto& pattern) { return pattern.second.check(path).matches; });
  }

  void tell_unmet() {
    if (context_.identity != Identity::medsave || context_.verbosity() == 0) return;
    for (const auto& [text, filter] : unmet_) {
      context_.warn(format_text(_("nothing was found for \"{}\""), text));
    }
  }

  void note(const BlobRef& blob) {
    if (noted_.insert(blob.id).second) found_.push_back(blob);
  }

  void show_packs(const Index& index) {
    for (const std::string& pattern : options_.pack ? std::vector<std::string>{} : patterns_) {
      if (const std::optional<Id> id = Id::parse(pattern)) {
        note({.kind = options_.blob ? BlobKind::data : BlobKind::tree, .id = *id});
      } else if (std::ranges::none_of(found_, [&](const BlobRef& blob) {
                   return blob.id.hex().starts_with(pattern);
                 })) {
        context_.console.print(format_text(_("Note: cannot find pack for object '{}'"), pattern));
      }
    }
    print_packs(index, found_, context_);
  }

  UnreadableSink unreadable_in(const SnapshotEntry& entry) {
    return [this, &entry](const std::string& path, const Id& tree, const std::string& message) {
      ++problems_;
      context_.warn(escape_for_terminal(
          format_text(_("snapshot {1}, {2}: the folder list {0} cannot be read; {3}"), tree.hex(),
                      entry.id.short_hex(), path, message)));
    };
  }

  const FindOptions& options_;
  const std::vector<std::string>& patterns_;
  Context& context_;
  FindOutput output_;
  std::set<Id> noted_;
  std::vector<BlobRef> found_;                             // in the order of discovery
  std::vector<std::pair<std::string, PathFilter>> unmet_;  // patterns that nothing has matched
  std::uint64_t hits_ = 0;
  std::uint64_t problems_ = 0;
};

void add_kinds(Command& command, FindOptions& options) {
  command.flag("blob", options.blob, _("patterns are IDs of data blobs (or their first digits)"));
  command.flag("tree", options.tree, _("patterns are IDs of folder lists"));
  command.flag("pack", options.pack, _("patterns are IDs of packs: finds what uses their blobs"));
  command.flag("show-pack-id", options.show_pack_id,
               _("with --blob or --tree: also show in which pack they lie"));
}

}  // namespace

void add_find(Command& root) {
  auto options = std::make_shared<FindOptions>();
  Command& command = root.add_command("find", _("Find files in the snapshots"));
  command.describe(
      _("Looks for files and folders by name in all snapshots, newest first. Patterns are those of "
        "--exclude: a name with * and ?, or a path that begins with '/'. Quote them, or the shell "
        "replaces them first.\n\n"
        "Also finds out which files need a certain blob or pack, e.g. one that check has found to "
        "be damaged."));
  command.arguments(_("PATTERN..."));
  command.flag("ignore-case,i", options->ignore_case,
               _("upper and lower case, and letters with and without accents, are equal"));
  command.option("oldest,O", _("TIME"), options->oldest,
                 _("only what was modified at this time or later (2026-01-31 or \"2026-01-31 "
                   "15:04\")"));
  command.option("newest,N", _("TIME"), options->newest,
                 _("only what was modified at this time or before"));
  command.flag("long,l", options->long_format, _("show mode, owner, size and time as well"));
  command.flag("human-readable", options->human_readable, _("show sizes in KiB, MiB, ..."));
  command.flag("reverse,R", options->reverse, _("oldest snapshots first"));
  add_kinds(command, *options);
  add_snapshot_options(command, options->choice);
  command.options("snapshot,s", _("ID"), options->snapshots,
                  _("only in this snapshot; may be repeated"));
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples(
      {{"medsave -r /media/usb/medsave find \"*.odt\" --oldest 2026-01-01",
        _("letters changed this year")},
       {"medsave find -i -l \"*dupont*\"", _("whatever has this name, with size and time")},
       {"medsave find --blob 420f620f", _("the files a blob belongs to")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    if (arguments.empty())
      throw Error(Errc::usage,
                  _("give what to look for: \"medsave find NAME\" (* stands for any letters)"));
    if (int{options->blob} + int{options->tree} + int{options->pack} > 1) {
      throw Error(Errc::usage, _("cannot have several ID types"));
    }
    FindRun(*options, arguments, context).run();
  });
}

}  // namespace medsave::cli
