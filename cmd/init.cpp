#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "from_repository.hpp"
#include "open_repository.hpp"
#include "passwords.hpp"

#include "medsave/backend/file_layout.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/remote/location.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/host.hpp"
#include "medsave/sys/path.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>

namespace medsave::cli {
namespace {

constexpr std::uint32_t kNewestVersion = 2;

struct InitOptions {
  std::uint32_t version = kNewestVersion;
  RepositoryChoice other = {};
  bool copy_chunker_params = false;
  bool force = false;
};

void set_version(InitOptions& options, const std::string& text) {
  if (text == "1") {
    options.version = 1;
  } else if (text == "2" || text == "latest" || text == "stable") {
    options.version = kNewestVersion;
  } else {
    throw Error(Errc::usage, _("must be 1, 2, latest or stable"));
  }
}

/// Whether a repository has files of this name in its folder `part`. An interrupted init leaves
/// such files.
bool is_of_repository(std::string_view part, const std::string& name) {
  const bool is_hex = name.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (part == "data") return is_hex && name.size() == 2;
  if (part == "medsave") return name.starts_with("reserve");
  return Id::parse(name.substr(0, 64)).has_value();
}

/// The longest part of `path` that exists.
std::filesystem::path existing_part(std::filesystem::path path) {
  while (path.has_relative_path() && !stat_at(kCurrentDirectory, path.string())) {
    path = path.parent_path();
  }
  return path;
}

/// Checked first, so that nobody types a password in vain.
void require_writable(const std::filesystem::path& place) {
  if (may_write_in(place.string())) return;
  const std::optional<FileInfo> info = stat_at(kCurrentDirectory, place.string());
  throw Error(
      Errc::permission,
      format_text(_("permission denied: the user {0} may not write in {1}, which belongs to {2}; "
                    "no repository was made. If a drive is meant, is it connected? Otherwise "
                    "choose another folder, or give {0} the right to write in that one."),
                  user_name(), place.string(), user_label(info ? info->uid : 0)));
}

/// Throws Error where a folder has other files: those of a repository would lie among them, and a
/// backup of that folder would leave them out. Files that systems put on every drive do not count.
void require_no_other_files(const std::string& location) {
  static constexpr std::array kOfSystems = {"lost+found", "System Volume Information",
                                            "$RECYCLE.BIN", "desktop.ini"};
  const std::optional<std::string> folder = local_folder(location);
  if (!folder) return;
  const std::optional<FileInfo> there = stat_at(kCurrentDirectory, *folder);
  if (!there || !there->is_dir()) return;
  std::vector<std::string> strange = list_dir(open_dir_at(kCurrentDirectory, *folder, true).get());
  std::erase_if(strange, [&](const std::string& name) {
    return name.starts_with('.') || name.starts_with("config") || is_repository_part(name) ||
           std::ranges::find(kOfSystems, name) != kOfSystems.end();
  });
  if (strange.empty()) return;
  const std::string own = (std::filesystem::path(*folder) / "medsave").string();
  throw Error(Errc::exists,
              format_text(_("the folder {} holds other files already ({}, for example); nothing "
                            "was made there. Give the repository a folder of its own, like {}. To "
                            "make it among these files nevertheless: \"medsave init --force\"."),
                          *folder, *std::ranges::min_element(strange), own));
}

/// Backups would leave out what lies under the names of a repository's own folders.
void require_folder_of_its_own(const std::string& location) {
  const std::optional<std::string> folder = local_folder(location);
  if (!folder || !stat_at(kCurrentDirectory, *folder)) return;
  for (const std::string_view part : repository_folders()) {
    const std::string path = std::string(*folder).append("/").append(part);
    const std::optional<FileInfo> there = stat_at(kCurrentDirectory, path);
    if (!there) continue;
    const bool is_strange =
        !there->is_dir() ||
        !std::ranges::all_of(list_dir(open_dir_at(kCurrentDirectory, path, true).get()),
                             [&](const std::string& name) { return is_of_repository(part, name); });
    if (!is_strange) continue;
    throw Error(Errc::exists, format_text(_("{} holds files that are no repository's; nothing was "
                                            "made. Give a folder for the repository alone."),
                                          path));
  }
}

/// Refuses the name of a device (/dev/sdb1), and warns where no drive is mounted at a place for
/// drives (/media/NAME).
void check_place(const std::string& location, Context& context) {
  const std::optional<std::string> folder = local_folder(location);
  if (!folder || folder->empty() || context.identity == Identity::restic) return;
  const std::optional<std::string> from_root = make_absolute(*folder);
  if (!from_root) return;
  const auto path = std::filesystem::path(*from_root).lexically_normal();
  const std::string text = path.string();
  if (text.starts_with("/dev/") && !text.starts_with("/dev/shm/")) {
    throw Error(Errc::usage,
                format_text(_("{} is the name of a device; give the folder where the drive is "
                              "mounted, like /media/NAME/medsave"),
                            text));
  }
  const std::filesystem::path there = existing_part(path);
  require_writable(there);
  const bool for_drives =
      text.starts_with("/media/") || text.starts_with("/mnt/") || text.starts_with("/run/media/");
  if (!for_drives) return;
  const std::optional<FileInfo> place = stat_at(kCurrentDirectory, there.string());
  const std::optional<FileInfo> root = stat_at(kCurrentDirectory, "/");
  if (!place || !root || place->device != root->device) return;
  context.warn(format_text(
      _("no drive is mounted at {}: the repository is made on this computer's own disk. If that is "
        "not what you want, delete it, connect the drive and run init again."),
      text));
}

/// Where a repository was at the time `seen`: it is not lost only because its drive is not there.
[[noreturn]] void refuse_in_place_of_another(const std::string& location, const std::string& seen) {
  const char* text =
      folder_here(location)
          ? _("there was a repository at {} on {}, so none was made. Your backups are probably on "
              "a drive that is not connected: connect it, and make no new repository. Only if that "
              "drive is gone for good: \"medsave init --force\".")
          : _("there was a repository at {} on {}, so none was made. Your backups are probably "
              "where they were: is the address right, and is the server's drive connected? Only if "
              "they "
              "are gone for good: \"medsave init --force\".");
  throw Error(Errc::exists, format_text(text, location, seen));
}

void run_init(const InitOptions& options, Context& context) {
  CreateOptions create{.version = options.version};
  const bool has_other = !options.other.location.empty() || !options.other.location_file.empty();
  if (options.copy_chunker_params) {
    create.polynomial =
        open_repository(context, options.other, {.lock = std::nullopt}).repository().polynomial();
    context.close();  // nothing more is read there
  } else if (has_other) {
    throw Error(Errc::usage, _("--from-repo is only used together with --copy-chunker-params"));
  }

  const std::string location = chosen_location(context.global.repository);
  std::unique_ptr<Backend> backend = open_backend(context, location, context.stop());
  // Checked first, so that nobody types a password in vain.
  if (backend->size({FileKind::config, {}})) {
    throw Error(Errc::exists, format_text(_("create repository at {} failed: config file already "
                                            "exists"),
                                          backend->location()));
  }
  if (context.identity == Identity::medsave) {
    if (!options.force) require_no_other_files(location);
    require_folder_of_its_own(location);
  }
  const std::string seen = last_seen_at(context, backend->location());
  if (!seen.empty() && !options.force) refuse_in_place_of_another(backend->location(), seen);
  check_place(location, context);
  const Secret password = first_password(context, context.global.repository);
  const auto repository = Repository::create(std::move(backend), password, create, context.stop());
  context.done(_("the repository was made"));
  tell_of_late_uploads(context, location);
  const std::string& id = repository->config().id;
  const std::string shown = repository->backend().location();
  remember_seen(context, shown, id);
  if (context.global.json) {
    context.console.print(JsonObject("initialized").add("id", id).add("repository", shown).text());
    return;
  }
  context.info(format_text(_("created medsave repository {} at {}"), id.substr(0, 10), shown));
  context.info("");
  context.info_lines(
      _("Please note that knowledge of your password is required to access the\n"
        "repository. Losing your password means that your data is irrecoverably lost.\n"
        "Write it down and keep it in a safe place outside the practice."));
}

}  // namespace

void add_init(Command& root) {
  auto options = std::make_shared<InitOptions>();
  Command& command = root.add_command("init", _("Make a new repository"));
  command.describe(
      _("Makes an empty repository in the folder given with -r, and its first key from the "
        "password. The folder may exist, but must be empty.\n\n"
        "With --copy-chunker-params files are cut at the same places as in another repository, so "
        "that snapshots copied between the two share their data."));
  Option& version = command.parsed(
      "repository-version", _("VERSION"),
      [options](const std::string& text) { set_version(*options, text); },
      _("format version: 1, 2, latest or stable (default stable, which is 2)"));
  version.kind = ValueKind::choice;
  version.choices = {"1", "2", "latest", "stable"};
  command.flag("force", options->force,
               _("also in a folder that holds other files, and where this computer has seen a "
                 "repository before, which is gone now"));
  command.group(_("Another repository as the model"));
  command.flag("copy-chunker-params", options->copy_chunker_params,
               _("cut files as the repository of --from-repo does"));
  add_from_options(command, options->other);
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples({{"medsave -r /media/usb/medsave init", _("asks for a new password twice")},
                    {_("medsave -r /srv/second init --from-repo /srv/first --copy-chunker-params"),
                     _("a second repository for copies of the first")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    if (!arguments.empty()) {
      throw Error(Errc::usage, _("init takes no arguments; the location is given with -r"));
    }
    run_init(*options, context);
  });
}

}  // namespace medsave::cli
