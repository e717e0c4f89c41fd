#include "chosen_snapshots.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "ls_format.hpp"
#include "open_repository.hpp"
#include "snapshot_options.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/repo/reliable_index.hpp"
#include "medsave/snap/snapshot_finder.hpp"
#include "medsave/snap/tree_walker.hpp"
#include "medsave/sys/memory.hpp"
#include "medsave/ui/display_text.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace medsave::cli {
namespace {

enum class SortMode { name, size, mtime, atime, ctime, extension };

struct LsOptions {
  bool long_format = false;
  bool human_readable = false;
  bool recursive = false;
  bool ncdu = false;
  bool reverse = false;
  SortMode sort = SortMode::name;
  SnapshotChoice choice = {};

  [[nodiscard]] bool sorted() const { return reverse || sort != SortMode::name; }
};

SortMode parse_sort(const std::string& text) {
  if (text == "size") return SortMode::size;
  if (text == "time" || text == "mtime") return SortMode::mtime;
  if (text == "atime") return SortMode::atime;
  if (text == "ctime") return SortMode::ctime;
  if (text == "extension") return SortMode::extension;
  return SortMode::name;
}

struct ListedNode {
  std::string path = {};
  Node node = {};
};

std::string_view extension(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : name.substr(dot);
}

/// Ascending by what the mode names, then by path.
bool comes_before(const ListedNode& a, const ListedNode& b, SortMode mode) {
  const Node& x = a.node;
  const Node& y = b.node;
  switch (mode) {
    case SortMode::size:
      return std::tie(x.size, a.path) < std::tie(y.size, b.path);
    case SortMode::mtime:
      return std::tie(x.mtime, a.path) < std::tie(y.mtime, b.path);
    case SortMode::atime:
      return std::tie(x.atime, a.path) < std::tie(y.atime, b.path);
    case SortMode::ctime:
      return std::tie(x.ctime, a.path) < std::tie(y.ctime, b.path);
    case SortMode::extension:
      return std::pair(extension(a.path), std::string_view(a.path)) <
             std::pair(extension(b.path), std::string_view(b.path));
    case SortMode::name:
      return a.path < b.path;
  }
  return false;
}

bool lies_below(std::string_view path, std::string_view folder) {
  return folder == "/" ||
         (path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/');
}

/// Which nodes the folders on the command line select.
class FolderFilter {
 public:
  FolderFilter(std::vector<std::string> folders, bool recursive)
      : folders_(std::move(folders)), recursive_(recursive) {
    for (std::string& folder : folders_) {
      if (!folder.starts_with('/')) {
        throw Error(Errc::usage,
                    _("all path filters must be absolute, starting with a forward slash '/'"));
      }
      while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
    }
    missing_.insert(folders_.begin(), folders_.end());
    missing_.erase("/");
  }

  /// Those of the folders that no walked path was.
  [[nodiscard]] const std::set<std::string, std::less<>>& missing() const { return missing_; }
  void met(const std::string& path) { missing_.erase(path); }

  [[nodiscard]] bool shows(std::string_view path) const {
    if (folders_.empty()) return true;
    const std::string_view parent = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
    return std::ranges::any_of(folders_, [&](const std::string& folder) {
      return path == folder || parent == folder || (recursive_ && lies_below(path, folder));
    });
  }

  [[nodiscard]] bool enters(std::string_view path) const {
    if (folders_.empty()) return true;
    return std::ranges::any_of(folders_, [&](const std::string& folder) {
      return path == folder || lies_below(folder, path) || (recursive_ && lies_below(path, folder));
    });
  }

 private:
  std::vector<std::string> folders_;
  std::set<std::string, std::less<>> missing_;
  const bool recursive_;
};

/// Prints nodes in the form the options ask for.
class NodePrinter {
 public:
  NodePrinter(const LsOptions& options, const SnapshotEntry& entry,
              const std::vector<std::string>& folders, Context& context)
      : options_(options), context_(context) {
    if (options_.ncdu) {
      context_.console.write(NcduWriter::begin(entry));
    } else if (context_.global.json) {
      context_.console.print(snapshot_line(entry));
    } else {
      const bool all = folders.empty() && context_.identity == Identity::medsave;
      context_.info(all ? format_text(_("{}:"), describe_snapshot(entry))
                        : format_text(_("{}, only {}:"), describe_snapshot(entry),
                                      enumerate(folders), join(folders, " ")));
    }
  }

  void print(const Node& node, const std::string& path) {
    printed_ = true;
    if (options_.ncdu) {
      context_.console.write(ncdu_.node(node, path));
    } else if (context_.global.json) {
      context_.console.print(node_line(node, path));
    } else if (options_.long_format) {
      context_.console.print(long_line(node, context_.console.listed_name(path),
                                       context_.console.listed_name(node.link_target),
                                       options_.human_readable, context_.columns()));
    } else {
      context_.console.print(context_.console.listed_name(path));
    }
  }

  void finish() {
    if (options_.ncdu) context_.console.write(ncdu_.end());
  }
  [[nodiscard]] bool printed() const { return printed_; }

 private:
  const LsOptions& options_;
  Context& context_;
  NcduWriter ncdu_;
  bool printed_ = false;
};

/// A name that was mistyped shows nothing, as an empty folder does.
void tell_missing(const std::set<std::string, std::less<>>& paths, Context& context) {
  for (const std::string& path : paths) {
    context.warn(escape_for_terminal(
        format_text(_("the snapshot does not contain {}; \"medsave ls SNAPSHOT\" shows what it "
                      "holds, \"medsave find NAME\" looks for a name in all"),
                    path)));
  }
}

void run_ls(const LsOptions& options, const std::vector<std::string>& arguments, Context& context) {
  const SnapshotSpec spec = parse_snapshot_spec(arguments.front());
  const std::vector<std::string> folders(arguments.begin() + 1, arguments.end());
  FolderFilter filter(folders, options.recursive);
  const OpenedRepository& opened = open_repository(context, kForReading);
  const Repository& repository = opened.repository();
  const auto snapshots = load_candidates(repository, spec.id, opened.stop(), context);
  const SnapshotEntry& entry =
      find_snapshot(snapshots, spec.id, options.choice.filter(), context.notices());
  const auto index = load_readable_index(repository, context.notices(), opened.stop());
  const BlobReader reader(repository, *index);
  const Id tree = find_subtree(reader, entry.snapshot.tree, spec.subfolder);

  NodePrinter printer(options, entry, folders, context);
  std::vector<ListedNode> collected;
  MemoryAllowance memory(affordable_memory());
  std::uint64_t problems = 0;
  walk_tree(
      reader, tree, "",
      [&](const WalkedNode& walked) {
        filter.met(walked.path);
        if (filter.shows(walked.path)) {
          if (options.sorted()) {
            memory.take(sizeof(ListedNode) + walked.path.size() +
                        walked.node->content.size() * Id::kSize);
            memory.check();
            collected.push_back({walked.path, *walked.node});
          } else {
            printer.print(*walked.node, walked.path);
          }
        }
        return filter.enters(walked.path);
      },
      [&](const std::string& path, const std::string& message) {
        ++problems;
        context.warn(escape_for_terminal(format_text(_("error: {}: {}"), path, message)));
      },
      opened.stop());
  std::ranges::stable_sort(collected, [&](const ListedNode& a, const ListedNode& b) {
    return options.reverse ? comes_before(b, a, options.sort) : comes_before(a, b, options.sort);
  });
  for (const ListedNode& listed : collected) printer.print(listed.node, listed.path);
  printer.finish();
  if (context.identity == Identity::medsave) tell_missing(filter.missing(), context);
  if (!printer.printed() && filter.missing().empty() && problems == 0) {
    context.conclude(_("there is nothing in it"));
  }
  if (problems != 0) {
    throw CommandFailed(kExitFailed, fatal_text(_("some folders of the snapshot cannot be read")));
  }
}

void refuse_contradictions(const LsOptions& options, const Context& context) {
  if (options.ncdu && context.global.json) {
    throw Error(Errc::usage, _("only either '--json' or '--ncdu' can be specified"));
  }
  if (options.ncdu && options.sorted()) {
    throw Error(Errc::usage,
                _("--sort and --reverse are not supported in combination with --ncdu"));
  }
}

}  // namespace

void add_ls(Command& root) {
  auto options = std::make_shared<LsOptions>();
  Command& command = root.add_command("ls", _("List the files of a snapshot"));
  command.describe(_(
      "Lists what a snapshot holds; \"latest\" means the newest. With folders behind the snapshot, "
      "only these and their direct content are listed; with --recursive all that is below.\n\n"
      "Folders are absolute paths as the snapshot shows them."));
  command.arguments(_("SNAPSHOT[:FOLDER] [FOLDER]..."));
  command.flag("long,l", options->long_format, _("show mode, owner, size and time as well"));
  command.flag("human-readable", options->human_readable, _("show sizes in KiB, MiB, ..."));
  command.flag("recursive", options->recursive, _("list all that lies below the given folders"));
  Option& sort = command.parsed(
      "sort,s", _("MODE"), [options](const std::string& text) { options->sort = parse_sort(text); },
      _("order: name (default), size, time (= mtime), atime, ctime or extension"));
  sort.kind = ValueKind::choice;
  sort.choices = {"name", "size", "time", "mtime", "atime", "ctime", "extension"};
  command.flag("reverse", options->reverse, _("reverse the order"));
  command.flag("ncdu", options->ncdu, _("write ncdu's export format (pipe into \"ncdu -f -\")"));
  add_snapshot_options(command, options->choice);
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples({{_("medsave -r /media/usb/medsave ls -l latest /srv/practice/letters"),
                     _("one folder of the newest snapshot")},
                    {"medsave ls latest -l --sort size --reverse", _("the largest files first")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    if (arguments.empty()) {
      throw Error(Errc::usage, _("no snapshot ID specified, specify snapshot ID or use special ID "
                                 "\"latest\""));
    }
    refuse_contradictions(*options, context);
    run_ls(*options, arguments, context);
  });
}

}  // namespace medsave::cli
