#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "open_repository.hpp"
#include "passwords.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/time_text.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/repo/key_store.hpp"
#include "medsave/ui/display_text.hpp"
#include "medsave/ui/table.hpp"

#include <memory>

namespace medsave::cli {
namespace {

/// Where the new password comes from and what the key says of its owner.
struct NewKeyOptions {
  std::string password_file = {};
  bool no_password = false;
  std::string user = {};
  std::string host = {};
};

void refuse_arguments(const std::vector<std::string>& arguments, const Command& command) {
  if (arguments.empty()) return;
  throw Error(Errc::usage, format_text(_("{} takes no arguments"), command.full_name()));
}

/// As long as "key list" shows it; restic's clients get it whole.
std::string shown(const Id& id, const Context& context) {
  return context.identity == Identity::restic ? id.hex() : id.short_hex();
}

void print_keys(const KeyListing& listing, Context& context) {
  Table table;
  table.add_column({.heading = _(" ID")});
  table.add_column({.heading = _("User"), .wraps = true});
  table.add_column({.heading = _("Host"), .wraps = true, .drop = 2});
  table.add_column({.heading = _("Created"), .drop = 1});
  for (const KeyInfo& key : listing.keys) {
    table.add_row({(key.current ? "*" : " ") + key.id.short_hex(),
                   escape_for_terminal(key.file.username), escape_for_terminal(key.file.hostname),
                   format_local_time(key.file.created.instant)});
  }
  context.print(table);
}

void print_keys_json(const KeyListing& listing, Context& context) {
  std::string out = "[";
  for (const KeyInfo& key : listing.keys) {
    if (out.size() > 1) out += ',';
    out += JsonObject()
               .add("current", key.current)
               .add("id", key.id.hex())
               .add("userName", key.file.username)
               .add("hostName", key.file.hostname)
               .add("created", format_local_time(key.file.created.instant))
               .text();
  }
  context.console.print(out + "]");
}

void run_key_list(Context& context) {
  const Repository& repository = open_repository(context, kForReading).repository();
  const KeyListing listing = list_keys(repository);
  for (const std::string& problem : listing.problems) context.warn(problem);
  if (context.global.json) {
    print_keys_json(listing, context);
  } else {
    print_keys(listing, context);
  }
}

void run_key_add(const NewKeyOptions& options, Context& context) {
  const OpenedRepository& opened = open_repository(context, {});
  const Secret password = new_password(context, options.password_file, options.no_password);
  opened.lock()->confirm();
  const Id id = add_key(opened.repository(), password, options.user, options.host);
  context.done(format_text(_("saved new key with ID {}"), shown(id, context)));
  context.report(JsonObject("summary").add("key_id", id.hex()));
  context.info(context.outcome());
}

/// Whose key it is; nothing where the file is damaged, which may be why it has to go.
void describe_key(const Repository& repository, const Id& id, Context& context) {
  for (const KeyInfo& key : list_keys(repository).keys) {
    if (key.id != id) continue;
    context.info(format_text(_("key {} of {} on {}, created {}"), id.short_hex(), key.file.username,
                             key.file.hostname, tell_time(key.file.created.instant)));
  }
}

void run_key_remove(const std::string& prefix, bool dry_run, Context& context) {
  const Repository& repository =
      open_repository(context,
                      {.lock = LockMode::exclusive, .reads_only = dry_run, .deletes = true})
          .repository();
  const Id id = find_key(repository, prefix);
  describe_key(repository, id, context);
  if (dry_run && id != repository.key_id()) {  // the key in use is refused below
    context.report(JsonObject("summary").add("removed_key_id", id.hex()).add("dry_run", true));
    context.info(format_text(_("would remove key {}"), shown(id, context)));
    return;
  }
  remove_key(repository, id);
  context.done(format_text(_("removed key {}"), shown(id, context)));
  context.report(JsonObject("summary").add("removed_key_id", id.hex()));
  context.info(context.outcome());
  if (context.identity == Identity::medsave) {
    context.info(
        _("its password opens this repository no more, unless another key has the same one"));
  }
}

void run_key_passwd(const NewKeyOptions& options, Context& context) {
  const Repository& repository =
      open_repository(context, {.lock = LockMode::exclusive, .deletes = true}).repository();
  const Secret password = new_password(context, options.password_file, options.no_password);
  const Id id = change_password(repository, password, options.user, options.host);
  context.done(format_text(_("saved new key as {}"), shown(id, context)));
  context.report(JsonObject("summary").add("key_id", id.hex()));
  context.info(context.outcome());
  const std::string& file = context.global.repository.password_file;
  if (file.empty() || file == options.password_file || context.identity == Identity::restic) return;
  context.warn(format_text(_("the file {} still has the old password: put the new one into it, or "
                             "the next backup fails"),
                           file));
}

void add_new_key_options(Command& command, NewKeyOptions& options) {
  command
      .option("new-password-file", _("FILE"), options.password_file,
              _("file that holds the new password"))
      .kind = ValueKind::file;
  command.flag("new-insecure-no-password", options.no_password,
               _("the new password is empty (insecure)"));
  command.option("user", _("NAME"), options.user, _("name of its owner (default: yours)"));
  command.option("host", _("HOST"), options.host, _("its computer (default: this one)"));
}

void add_key_list(Command& key) {
  Command& command = key.add_command("list", _("List the keys"));
  command.describe(
      _("Lists the keys (passwords) of the repository. The one that opened it now is "
        "marked with a star."));
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples({{"medsave -r /media/usb/medsave key list", _("who can open the repository?")}});
  command.run([&command](Context& context, const std::vector<std::string>& arguments) {
    refuse_arguments(arguments, command);
    run_key_list(context);
  });
}

void add_key_add(Command& key) {
  auto options = std::make_shared<NewKeyOptions>();
  Command& command = key.add_command("add", _("Add a key (password)"));
  command.describe(
      _("Adds another password with which the repository can be opened, for instance for a second "
        "person or for the safe. The others stay as they are."));
  add_new_key_options(command, *options);
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples({{_("medsave -r /media/usb/medsave key add --user notary"),
                     _("asks for the present password, then twice for the new one")}});
  command.run([options, &command](Context& context, const std::vector<std::string>& arguments) {
    refuse_arguments(arguments, command);
    run_key_add(*options, context);
  });
}

void add_key_remove(Command& key) {
  auto dry_run = std::make_shared<bool>(false);
  Command& command = key.add_command("remove", _("Remove a key (password)"));
  command.describe(
      _("Removes a key by its ID or the beginning of it. The key in use cannot be "
        "removed: open the repository with another one."));
  command.arguments(_("ID"));
  command.flag("dry-run,n", *dry_run, _("change nothing, only say what would be done"));
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples({{"medsave -r /media/usb/medsave key remove 7e0db1f3",
                     _("its password opens the repository no more")}});
  command.run([dry_run](Context& context, const std::vector<std::string>& arguments) {
    if (arguments.size() != 1) {
      throw Error(Errc::usage, _("key remove expects one argument as the key id"));
    }
    run_key_remove(arguments.front(), *dry_run, context);
  });
}

void add_key_passwd(Command& key) {
  auto options = std::make_shared<NewKeyOptions>();
  Command& command = key.add_command("passwd", _("Change the password"));
  command.describe(
      _("Adds a key with a new password, proves that it opens the repository, then "
        "removes the key in use. Other keys stay."));
  add_new_key_options(command, *options);
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples({{"medsave -r /media/usb/medsave key passwd",
                     _("asks for the present password, then twice for the new one")}});
  command.run([options, &command](Context& context, const std::vector<std::string>& arguments) {
    refuse_arguments(arguments, command);
    run_key_passwd(*options, context);
  });
}

}  // namespace

void add_key(Command& root) {
  Command& key = root.add_command("key", _("Manage keys (passwords)"));
  key.describe(
      _("A repository can have several passwords; each has a key file of its own. Whoever "
        "knows one of them can read everything."));
  add_key_list(key);
  add_key_add(key);
  add_key_remove(key);
  add_key_passwd(key);
}

}  // namespace medsave::cli
