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
paths_of latest | found -x /stdin || fail "$(paths_of latest)"
step "nothing at all on the standard input is an error: the dump has failed"
count=$(snapshots)
expect 1 medsave backup --stdin --stdin-filename empty </dev/null
says 'nothing arrived on standard input, so no snapshot was saved'
same "$(snapshots)" "$count"

step "a name that no file can have is refused before anything is read"
for name in / . .. a/.. "$(printf 'x%.0s' {1..256})" "ok/$(printf 'x%.0s' {1..300})/ok"; do
  expect 1 medsave backup --stdin --stdin-filename "$name" <data
  says 'no name for a file|no file of that name could be restored'
  expect 1 medsave backup --stdin-from-command --stdin-filename "$name" -- touch was-run
  [ ! -e was-run ] || fail "ran the command"
done
same "$(snapshots)" "$count"
expect 0 medsave backup --stdin --stdin-filename "$(printf 'x%.0s' {1..255})" <data

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

step "what the command says on standard error is told line by line, and cannot act on the terminal"
wild=(sh -c 'echo out; printf "one\n\033[31mred\n\nlast" >&2')
expect 0 medsave backup --stdin-from-command --stdin-filename x -- "${wild[@]}"
found -x 'subprocess sh: one' <stderr || fail "$(cat stderr)"
found -x 'subprocess sh: last' <stderr || fail "$(cat stderr)"
if grep -q $'\033' stderr; then fail "a control character of the command"; fi
expect 0 medsave --json backup --stdin-from-command --stdin-filename x -- "${wild[@]}"
same "$(json-value --type warning /message <stderr)" "subprocess sh: last"
found 'subprocess sh: one' <stderr || fail "$(cat stderr)"
expect 0 timeout 60 "$MEDSAVE" backup --stdin-from-command --stdin-filename x -- \
  sh -c 'echo out; (sleep 20; echo late >&2) & echo done >&2'
found -x 'subprocess sh: done' <stderr || fail "$(cat stderr)"
