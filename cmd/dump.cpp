#include "chosen_snapshots.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "open_repository.hpp"
#include "snapshot_options.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/random.hpp"
#include "medsave/base/text.hpp"
#include "medsave/query/archive_dump.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/repo/reliable_index.hpp"
#include "medsave/snap/snapshot_finder.hpp"
#include "medsave/snap/tree_walker.hpp"
#include "medsave/sys/fd.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/metadata.hpp"
#include "medsave/sys/path.hpp"
#include "medsave/sys/xattr.hpp"
#include "medsave/ui/display_text.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace medsave::cli {
namespace {

struct DumpOptions {
  ArchiveFormat archive = ArchiveFormat::tar;
  std::string target = {};
  SnapshotChoice choice = {};
};

/// The target file, made when the first bytes come, or standard output.
class Output {
 public:
  explicit Output(std::string target) : target_(std::move(target)) {}

  void write(ByteView data) {
    if (target_.empty()) {
      write_standard_output(data);
    } else {
      open();
      write_all(file_.get(), data, target_);
    }
  }
  ~Output() {
    if (temporary_.empty()) return;
    try {
      remove_file_at(kCurrentDirectory, temporary_);
    } catch (const std::exception&) {  // what failed before is what is told
      return;
    }
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  /// Completes the output, also when not a byte was written.
  void finish() {
    if (target_.empty()) {
      // Some file systems report a failed write only at close. Closing a duplicate shows it while
      // standard output stays open.
      close_fd(duplicate_fd(kStandardOutput), _("standard output"));
      return;
    }
    open();
    if (replaced_) take_over(*replaced_);
    sync_fd(file_.get(), target_);
    close_fd(std::move(file_), target_);
    if (temporary_.empty()) return;
    try {
      rename_at(kCurrentDirectory, temporary_, kCurrentDirectory, place_);
    } catch (const Error& e) {
      throw Error(e.code(), format_text(_("{} is not replaced; {}"), target_, e.what()));
    }
    const std::filesystem::path folder = std::filesystem::path(place_).parent_path();
    sync_dir(folder.empty() ? "." : folder.string());
    temporary_.clear();
  }

 private:
  void open() {
    if (file_) return;
    const std::optional<FileInfo> there = stat_at(kCurrentDirectory, target_);
    // A regular file is replaced when the new content is complete; a device or a pipe is written to
    // directly.
    if (there && !there->is_regular()) {
      file_ = open_for_overwriting(target_, target_);
      return;
    }
    std::array<std::byte, 8> random = {};
    system_random().fill(random);
    place_ = resolve_link(target_);
    // Another dump may be writing to the same file. The name is short, since the file's own may be
    // as long as names can be.
    const std::filesystem::path folder = std::filesystem::path(place_).parent_path();
    const std::string temporary = folder / (".medsave-" + to_hex(random));
    file_ = create_file_at(kCurrentDirectory, temporary, there ? 0600 : 0666, target_);
    temporary_ = temporary;
    replaced_ = there;
  }

  /// Gives the new file owner, attributes (an ACL is one) and mode of the one that it replaces, as
  /// far as this user may.
  void take_over(const FileInfo& replaced) {
    const auto try_to = [](const auto& change) {
      try {
        change();
      } catch (const Error&) {  // the content, which was asked for, is there
      }
    };
    try_to([&] { set_owner_at(kCurrentDirectory, temporary_, replaced.uid, replaced.gid); });
    try_to([&] {
      const NoticeSink nobody = [](const std::string&) {};
      for (const Xattr& attribute : read_xattrs_at(kCurrentDirectory, place_, false, nobody)) {
        try_to([&] { set_xattr_at(kCurrentDirectory, temporary_, attribute); });
      }
    });
    set_mode_where_possible(file_.get(), replaced.mode, target_);
  }

  const std::string target_;
  std::string place_ = {};      // the file itself where target_ is a symbolic link
  std::string temporary_ = {};  // its name while it is being written; empty at the end
  std::optional<FileInfo> replaced_ = {};
  UniqueFd file_;
};

/// "//a/./b/../c/" -> {"a", "c"}
std::vector<std::string> components(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (part == "..") {
      if (!out.empty()) out.pop_back();
    } else if (!part.empty() && part != ".") {
      out.emplace_back(part);
    }
  }
  return out;
}

/// node_type_name() in the user's language.
const char* type_in_words(NodeType type) {
  static constexpr std::array<const char*, 8> kWords = {N_("file"),   N_("dir"),      N_("symlink"),
                                                        N_("dev"),    N_("chardev"),  N_("fifo"),
                                                        N_("socket"), N_("irregular")};
  return _(kWords[static_cast<std::size_t>(type)]);
}

/// What stands at a path below a tree; nullopt for the tree itself.
std::optional<Node> find_node(const BlobReader& reader, const Id& root,
                              const std::vector<std::string>& path) {
  std::optional<Node> found;
  Id tree = root;
  std::string shown;
  for (const std::string& name : path) {
    if (found) {
      if (found->type != NodeType::dir || !found->subtree) {
        throw Error(Errc::not_found, format_text(_("\"{}\" should be a dir, but is a \"{}\""),
                                                 shown, type_in_words(found->type)));
      }
      tree = *found->subtree;
    }
    shown += "/" + name;
    const Tree nodes = load_tree(reader, tree);
    const auto node = std::ranges::find(nodes, name, &Node::name);
    if (node == nodes.end()) {
      throw Error(
          Errc::not_found,
          format_text(_("path \"{}\" not found in snapshot; \"medsave ls SNAPSHOT\" shows what "
                        "it holds, \"medsave find NAME\" looks for a name in all"),
                      shown));
    }
    if (std::find_if(std::next(node), nodes.end(),
                     [&](const Node& other) { return other.name == name; }) != nodes.end()) {
      throw Error(Errc::corrupt, format_text(_("{}: the folder lists \"{}\" twice"),
                                             shown.substr(0, shown.size() - name.size()), name));
    }
    found = *node;
  }
  return found;
}

/// Throws Error(usage) for data with control characters, because a terminal would act on them.
void refuse_binary(ByteView data) {
  const auto acts = [](std::byte b) {
    const auto c = static_cast<char>(b);
    const bool is_space = c == '\t' || c == '\n' || c == '\r' || c == '\f';
    return (static_cast<unsigned char>(c) < 0x20 && !is_space) || c == 0x7f;
  };
  if (std::ranges::none_of(data, acts)) return;
  throw Error(Errc::usage, _("this is no text, and was not shown on the terminal; write it to a "
                             "file: \"medsave dump --target FILE\""));
}

void require_no_losses(unsigned long attributes, unsigned long entries) {
  if (entries != 0) {
    throw CommandFailed(
        kExitFailed,
        fatal_text(format_text(
            n_("{} entry of the snapshot is not in the archive, all else is",
               "{} entries of the snapshot are not in the archive, all else is", entries),
            entries)));
  }
  if (attributes == 0) return;
  throw CommandFailed(
      kExitFailed,
      format_text(
          n_("Warning: all files were written, but {} attribute was left out",
             "Warning: all files were written, but {} attributes were left out", attributes),
          attributes));
}

void run_dump(const DumpOptions& options, const std::vector<std::string>& arguments,
              Context& context) {
  const SnapshotSpec spec = parse_snapshot_spec(arguments[0]);
  const std::vector<std::string> path = components(arguments[1]);
  const OpenedRepository& opened = open_repository(context, kForReading);
  const Repository& repository = opened.repository();
  const auto snapshots = load_candidates(repository, spec.id, opened.stop(), context);
  const SnapshotEntry& entry =
      find_snapshot(snapshots, spec.id, options.choice.filter(), context.notices());
  const auto index = load_readable_index(repository, context.notices(), opened.stop());
  const BlobReader reader(repository, *index);
  const Id root = find_subtree(reader, entry.snapshot.tree, spec.subfolder);

  Output output(options.target);
  unsigned long attributes = 0;
  unsigned long entries = 0;
  const auto counting = [&](unsigned long& count) -> NoticeSink {
    return [&context, &count](const std::string& what) {
      ++count;
      context.warn(escape_for_terminal(what));
    };
  };
  const DumpLosses losses = {.attribute = counting(attributes), .entry = counting(entries)};
  const bool to_terminal = options.target.empty() && context.console.out_is_terminal();
  const ByteSink sink = [&](ByteView data) {
    if (to_terminal) refuse_binary(data);
    output.write(data);
  };
  try {
    const std::optional<Node> node = find_node(reader, root, path);
    const std::string shown = "/" + join(path, "/");
    if (node && node->type == NodeType::file) {
      dump_file(reader, *node, sink, opened.stop());
    } else if (!node || node->type == NodeType::dir) {
      if (to_terminal) {
        throw Error(Errc::usage, _("stdout is the terminal, please redirect output"));
      }
      const Id tree = node ? node->subtree.value_or(Id{}) : root;
      dump_folder(reader, tree, shown, options.archive, sink, losses, opened.stop());
    } else {
      throw Error(Errc::not_found, format_text(_("\"{}\" should be a file, but is a \"{}\""), shown,
                                               type_in_words(node->type)));
    }
  } catch (const Error& e) {
    if (context.identity == Identity::medsave) throw;
    throw e.with_context(_("cannot dump file"));
  }
  output.finish();
  require_no_losses(attributes, entries);
}

}  // namespace

void add_dump(Command& root) {
  auto options = std::make_shared<DumpOptions>();
  Command& command =
      root.add_command("dump", _("Write a file or folder of a snapshot to standard output"));
  command.describe(
      _("Writes the content of one file, or of a folder as an archive (tar, or zip). \"/\" means "
        "the whole snapshot, \"latest\" the newest one.\n\n"
        "Names in the archive are those in the snapshot; with a folder behind the snapshot they "
        "begin there."));
  command.arguments(_("SNAPSHOT[:FOLDER] FILE"));
  Option& archive = command.parsed(
      "archive,a", _("FORMAT"),
      [options](const std::string& text) {
        options->archive = text == "zip" ? ArchiveFormat::zip : ArchiveFormat::tar;
      },
      _("how to write a folder: tar (default) or zip"));
  archive.kind = ValueKind::choice;
  archive.choices = {"tar", "zip"};
  command
      .option("target,t", _("FILE"), options->target,
              _("write to this file instead of standard output"))
      .kind = ValueKind::file;
  add_snapshot_options(command, options->choice);
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples(
      {{_("medsave -r /media/usb/medsave dump latest /srv/practice/letter.odt > letter.odt"),
        _("one file")},
       {_("medsave dump --archive zip --target letters.zip latest /srv/practice/letters"),
        _("a folder as a zip file")},
       {_("medsave dump latest:/srv/mysql backup.sql | mysql"),
        _("straight into another program")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    if (arguments.size() != 2) {
      throw Error(
          Errc::usage,
          _("give a snapshot and a file or folder in it: \"medsave dump latest /PATH/FILE\""));
    }
    if (arguments[1].empty()) {
      throw Error(Errc::usage, _("the name of the file is empty; \"/\" means the whole snapshot"));
    }
    run_dump(*options, arguments, context);
  });
}

}  // namespace medsave::cli
