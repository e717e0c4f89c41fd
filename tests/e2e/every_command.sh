# Every command once, as tests/remote does with the other kinds of repositories.
source "$(dirname "$0")/../support/lib.sh"
source "$tests/support/every_command.sh"
every_command medsave restic
