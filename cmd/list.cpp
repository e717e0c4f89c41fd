#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "open_repository.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/repo/index_load.hpp"

#include <algorithm>
#include <memory>

namespace medsave::cli {
namespace {

const std::vector<std::string>& kinds() {
  static const std::vector<std::string> all = {"blobs",     "packs", "index",
                                               "snapshots", "keys",  "locks"};
  return all;
}

FileKind file_kind(const std::string& kind) {
  if (kind == "packs") return FileKind::pack;
  if (kind == "index") return FileKind::index;
  if (kind == "snapshots") return FileKind::snapshot;
  if (kind == "keys") return FileKind::key;
  return FileKind::lock;
}

/// Whether there are any.
bool list_blobs(const OpenedRepository& opened, Context& context) {
  bool any = false;
  const auto index = load_index(opened.repository(), opened.stop());
  index->for_each_pack([&](const PackSummary&, const std::vector<PackEntry>& entries) {
    for (const PackEntry& entry : entries) {
      any = true;
      context.console.print((entry.kind == BlobKind::tree ? "tree " : "data ") + entry.id.hex());
    }
  });
  return any;
}

bool list_files(FileKind kind, const OpenedRepository& opened, Context& context) {
  const std::vector<ListedFile> files = opened.repository().backend().list(kind);
  for (const ListedFile& file : files) context.console.print(file.id.hex());
  return !files.empty();
}

void run_list(const std::string& kind, Context& context) {
  OpenOptions options = kForReading;
  if (kind == "locks") options.lock.reset();
  const OpenedRepository& opened = open_repository(context, options);
  const bool any =
      kind == "blobs" ? list_blobs(opened, context) : list_files(file_kind(kind), opened, context);
  if (!any) context.conclude(_("the repository holds none of these"));
}

}  // namespace

void add_list(Command& root) {
  Command& command = root.add_command("list", _("List the repository's objects of one kind"));
  command.describe(_(
      "Prints the IDs of all blobs, packs, index files, snapshots, keys or locks, one a line, for "
      "experts and scripts; with --json too, as restic does. \"snapshots\" and \"key list\" are "
      "meant for people."));
  command.arguments("blobs|packs|index|snapshots|keys|locks", ValueKind::choice, kinds());
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples({{"medsave -r /media/usb/medsave list locks", _("is anybody using it?")}});
  command.run([](Context& context, const std::vector<std::string>& arguments) {
    if (arguments.empty())
      throw Error(Errc::usage, _("say what to list: blobs, packs, index, snapshots, keys or "
                                 "locks"));
    if (arguments.size() > 1) throw Error(Errc::usage, _("too many arguments"));
    if (std::ranges::find(kinds(), arguments.front()) == kinds().end()) {
      throw Error(Errc::usage,
                  format_text(_("there is no type \"{}\"; there are: blobs, packs, index, "
                                "snapshots, keys and locks"),
                              arguments.front()));
    }
    run_list(arguments.front(), context);
  });
}

}  // namespace medsave::cli
