#include "chosen_snapshots.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "ids.hpp"
#include "open_repository.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/key_file.hpp"
#include "medsave/format/repo_config.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/repo/reliable_index.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <optional>

namespace medsave::cli {
namespace {

constexpr std::uint64_t kMaxKeyFile = std::uint64_t{1} << 20;  // bytes

/// The same JSON on several lines. Names that are no UTF-8 show as U+FFFD.
void print_json(std::string_view json, Context& context) {
  const auto value = nlohmann::ordered_json::parse(json, nullptr, false);
  if (value.is_discarded()) throw Error(Errc::corrupt, _("the file does not hold JSON"));
  context.console.print(
      value.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

void cat_master_key(const Repository& repository, Context& context) {
  Buffer bytes;
  bytes.append(repository.key().encrypt_key());
  bytes.append(repository.key().mac_k());
  bytes.append(repository.key().mac_r());
  print_json(encode_master_key(bytes.view()), context);
}

void cat_encrypted(const Repository& repository, FileKind kind, const std::string& prefix,
                   Context& context) {
  Buffer json;
  repository.load_json({kind, find_file(repository.backend(), kind, prefix)}, json);
  print_json(as_text(json.view()), context);
}

void cat_key_file(const Repository& repository, const std::string& prefix, Context& context) {
  Buffer json;
  repository.backend().load({FileKind::key, find_file(repository.backend(), FileKind::key, prefix)},
                            kMaxKeyFile, json);
  print_json(as_text(json.view()), context);
}

void cat_pack(const Repository& repository, const std::string& prefix, Context& context) {
  Buffer pack;
  repository.load_raw({FileKind::pack, find_file(repository.backend(), FileKind::pack, prefix)},
                      pack);
  context.console.write(as_text(pack.view()));
}

SnapshotEntry find(const OpenedRepository& opened, const std::string& id, Context& context) {
  const auto snapshots = load_candidates(opened.repository(), id, opened.stop(), context);
  return find_snapshot(snapshots, id, {}, context.notices());
}

void cat_tree(const OpenedRepository& opened, const std::string& text, Context& context) {
  const Repository& repository = opened.repository();
  const SnapshotSpec spec = parse_snapshot_spec(text);
  const SnapshotEntry entry = find(opened, spec.id, context);
  const auto index = load_readable_index(repository, context.notices(), opened.stop());
  const BlobReader reader(repository, *index);
  const Id tree = find_subtree(reader, entry.snapshot.tree, spec.subfolder);
  Buffer json;
  reader.load({BlobKind::tree, tree}, json);
  context.console.write(as_text(json.view()));
}

/// A blob of either kind whose id begins with `prefix`.
BlobRef find_blob(const Index& index, const std::string& prefix) {
  std::optional<BlobRef> found;
  index.for_each_pack([&](const PackSummary&, const std::vector<PackEntry>& entries) {
    for (const PackEntry& entry : entries) {
      if (!entry.id.hex().starts_with(prefix)) continue;
      const BlobRef blob{entry.kind, entry.id};
      if (found && found->id != blob.id) {
        throw Error(Errc::usage,
                    format_text(_("several IDs begin with \"{}\"; give more digits"), prefix));
      }
      found = blob;
    }
  });
  if (!found || prefix.empty()) {
    throw Error(Errc::not_found, format_text(_("no matching ID found for prefix \"{}\""), prefix));
  }
  return *found;
}

void cat_blob(const OpenedRepository& opened, const std::string& prefix, Context& context) {
  const Repository& repository = opened.repository();
  const auto index = load_readable_index(repository, context.notices(), opened.stop());
  Buffer content;
  BlobReader(repository, *index).load(find_blob(*index, prefix), content);
  context.console.write(as_text(content.view()));
}

void cat_snapshot(const OpenedRepository& opened, const std::string& id, Context& context) {
  Buffer json;
  opened.repository().load_json({FileKind::snapshot, find(opened, id, context).id}, json);
  print_json(as_text(json.view()), context);
}

const std::vector<std::string>& kinds() {
  static const std::vector<std::string> all = {"config", "index", "snapshot", "key", "masterkey",
                                               "lock",   "pack",  "blob",     "tree"};
  return all;
}

void refuse_bad_arguments(const std::vector<std::string>& arguments) {
  if (arguments.empty())
    throw Error(Errc::usage, _("say what to show: config, index, snapshot, key, masterkey, lock, "
                               "pack, blob or tree"));
  const std::string& kind = arguments.front();
  if (std::ranges::find(kinds(), kind) == kinds().end()) {
    throw Error(Errc::usage,
                format_text(_("there is no type \"{}\"; there are: config, index, snapshot, key, "
                              "masterkey, lock, pack, blob and tree"),
                            kind));
  }
  const std::size_t wanted = kind == "config" || kind == "masterkey" ? 1 : 2;
  if (arguments.size() < wanted) throw Error(Errc::usage, _("ID not specified"));
  if (arguments.size() > wanted) throw Error(Errc::usage, _("too many arguments"));
}

void run_cat(const std::vector<std::string>& arguments, Context& context) {
  refuse_bad_arguments(arguments);
  const std::string& kind = arguments.front();
  const std::string id = arguments.size() > 1 ? arguments[1] : std::string();
  const OpenedRepository& opened = open_repository(context, kForReading);
  const Repository& repository = opened.repository();
  if (kind == "config") {
    print_json(encode_repo_config(repository.config()), context);
  } else if (kind == "masterkey") {
    cat_master_key(repository, context);
  } else if (kind == "key") {
    cat_key_file(repository, id, context);
  } else if (kind == "pack") {
    cat_pack(repository, id, context);
  } else if (kind == "blob") {
    cat_blob(opened, id, context);
  } else if (kind == "tree") {
    cat_tree(opened, id, context);
  } else if (kind == "snapshot") {
    cat_snapshot(opened, id, context);
  } else {
    cat_encrypted(repository, kind == "index" ? FileKind::index : FileKind::lock, id, context);
  }
}

}  // namespace

void add_cat(Command& root) {
  Command& command = root.add_command("cat", _("Print internal objects of the repository"));
  command.describe(_(
      "Shows what is inside the repository, for experts and for support: config, snapshot, index, "
      "key and lock as readable JSON, tree, blob and pack as they are. IDs may be shortened.\n\n"
      "Whoever has the output of \"cat masterkey\" can read the repository without a password."));
  command.arguments(_("config|masterkey | snapshot|index|key|lock|pack|blob ID | tree "
                      "SNAPSHOT[:FOLDER]"),
                    ValueKind::choice, kinds());
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples({{"medsave -r /media/usb/medsave cat snapshot latest",
                     _("what the newest snapshot records")}});
  command.run([](Context& context, const std::vector<std::string>& arguments) {
    run_cat(arguments, context);
  });
}

}  // namespace medsave::cli
