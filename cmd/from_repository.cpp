#include "from_repository.hpp"

#include "command_line.hpp"

#include "medsave/base/text.hpp"

namespace medsave::cli {

void add_from_options(Command& command, RepositoryChoice& other) {
  other.environment_prefix = "FROM_";
  Option& repo = command.option("from-repo", _("REPOSITORY"), other.location, _("its location"));
  repo.environment = "FROM_REPOSITORY";
  repo.exclusive = "from-repository";
  repo.kind = ValueKind::directory;
  Option& file = command.option("from-repository-file", _("FILE"), other.location_file,
                                _("file that holds its location"));
  file.environment = "FROM_REPOSITORY_FILE";
  file.exclusive = "from-repository";
  file.kind = ValueKind::file;
  Option& password_file = command.option("from-password-file", _("FILE"), other.password_file,
                                         _("file that holds its password"));
  password_file.environment = "FROM_PASSWORD_FILE";
  password_file.exclusive = "from-password";
  password_file.kind = ValueKind::file;
  Option& password_command =
      command.option("from-password-command", _("COMMAND"), other.password_command,
                     _("program that prints its password"));
  password_command.environment = "FROM_PASSWORD_COMMAND";
  password_command.exclusive = "from-password";
  command.option("from-key-hint", _("ID"), other.key_hint, _("key to try first")).environment =
      "FROM_KEY_HINT";
  command.flag("from-insecure-no-password", other.no_password, _("it has an empty password"));
}

}  // namespace medsave::cli
