# Backups of what a program writes.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init

step "--stdin, with and without a name"
head -c 3000000 /dev/urandom >data
medsave -q backup --stdin --stdin-filename dump/db.sql <data
expect 0 medsave restore latest --target out
cmp data out/dump/db.sql || fail "content"
same "$(stat -c %a out/dump/db.sql)" 644
medsave -q backup --stdin <data
paths_of latest | grep -qx /stdin || fail "$(paths_of latest)"
step "nothing at all on the standard input is an error: the dump has failed"
expect 3 medsave backup --stdin --stdin-filename empty </dev/null

step "--stdin-from-command"
expect 0 medsave backup --stdin-from-command --stdin-filename listing -- sh -c 'echo one; echo two'
expect 0 medsave restore latest --target out
same "$(cat out/listing)" "$(printf 'one\ntwo')"

step "a command that fails leaves no snapshot"
count=$(snapshots)
expect 1 medsave backup --stdin-from-command --stdin-filename listing -- sh -c 'echo part; exit 7'
expect 1 medsave backup --stdin-from-command --stdin-filename listing -- sh -c 'kill -9 $$'
expect 1 medsave backup --stdin-from-command -- no-such-command-at-all
same "$(snapshots)" "$count"
expect 1 medsave backup --stdin-from-command
same "$(files_in locks)" 0

step "standard input and folders exclude each other"
expect 1 medsave backup --stdin data </dev/null
expect 0 medsave check --read-data
