# What would act on a terminal is escaped in all messages and tables, also where they go to a file or
# a pipe: cron mails them. Only what lists names for other programs gives them as they are.
source "$(dirname "$0")/../support/lib.sh"

odd=$'no\e[31m\nrepo'
escaped='no\\x1b\[31m\\nrepo'
# plain FILE: nothing in it acts on a terminal
plain() { ! LC_ALL=C grep -nP '[\x00-\x08\x0b-\x1f\x7f]' "$1" >&2 || fail "control characters in $1"; }
plainly() {
  plain stdout
  plain stderr
}

step "a location that is not there"
expect 10 medsave -r "$work/$odd" snapshots
says "$escaped"
plainly
same "$(wc -l <stderr)" 2 "lines"  # the second one is advice
expect 10 medsave -r "$odd:x" snapshots
plainly
expect 1 medsave $'un\nknown\e[2J'
plainly
expect 1 medsave snapshots --password-file $'no\nfile'
says 'no\\nfile'
same "$(wc -l <stderr)" 1 "lines"

step "a repository with such a name: init, backup, check"
export RESTIC_REPOSITORY=$work/$odd
mkdir -p "$work/$odd-data"
echo a >"$work/$odd-data/"$'a\nb\e[1m'
expect 0 medsave init
says "at $work/$escaped"
plainly
expect 0 medsave -vv backup "$odd-data" --host $'ho\nst\e[0m' --tag $'t\eag'
plainly
says "$escaped-data on ho\\\\nst.* to $work/$escaped"
says 'a\\nb\\x1b\[1m, saved'

step "tables: host, tag, path"
for as in --as-restic --quiet; do
  expect 0 medsave $as snapshots
  plainly
  says 'ho\\nst\\x1b\[0m +t\\x1bag +.*'"$escaped-data"
done
expect 0 medsave snapshots --group-by host,tags
says 'host ho\\nst\\x1b'
plainly
expect 0 medsave forget --dry-run --keep-last 1
says 'ho\\nst\\x1b'
plainly

step "the owners of keys and locks"
printf %s "$RESTIC_PASSWORD" >same
expect 0 medsave key add --new-password-file same --user $'us\ner\e' --host $'pc\t\e'
expect 0 medsave key list
says 'us\\ner\\x1b +pc\\t\\x1b'
plainly
put-lock "$RESTIC_REPOSITORY" $'lo\nck\e' 60
expect 11 medsave prune
says 'lo\\nck\\x1b'
plainly
expect 0 medsave unlock
says 'lo\\nck\\x1b'
plainly
expect 0 medsave unlock --remove-all

step "restore and diff, name by name"
expect 0 medsave restore latest --target "$work/"$'ba\nck' -vv
says 'a\\nb\\x1b\[1m'
says 'ba\\nck'
plainly
echo b >"$work/$odd-data/"$'a\nb\e[1m'
medsave -q backup "$odd-data" --host x
first=$(medsave --json snapshots | json-value /0/short_id)
expect 0 medsave diff "$first" latest
says '^M +/.*a\\nb\\x1b\[1m'
plainly

step "names for other programs are as they are, but for what introduces them"
expect 0 medsave ls latest
grep -qF $'b\e[1m' stdout || fail "ls escapes into a pipe"
expect 0 medsave find -i $'A\n*'
grep -qF $'b\e[1m' stdout || fail "find escapes into a pipe"
