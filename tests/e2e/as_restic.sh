# Called by restic's name, or with --as-restic, the program says what restic's clients look for.
source "$(dirname "$0")/../support/lib.sh"
mkdir bin data
ln -s "$MEDSAVE" bin/restic
as_restic() { "$work/bin/restic" "$@"; }
echo 1 >data/1

step "version"
expect 0 as_restic version
says '^restic 0\.19\.1 compiled with go[0-9.]+ on linux/.+ \(medsave [0-9.]+\)$'
expect 0 medsave --as-restic version
says '^restic 0\.19\.1 '
expect 0 medsave version
says '^medsave [0-9.]+ compiled'
expect 0 as_restic version --json
same "$(json --type version /version)" 0.19.1
json --type version /medsave_version >/dev/null
same "$(json --type version /go_version)" go1.26.4
expect 0 medsave version
says_not 'go1'

step "no repository"
expect 10 as_restic snapshots
says '^Fatal: repository does not exist: unable to open config file'
says '^Is there a repository at the following location\?'
says "^$work/repo$"

step "init, whatever the locale"
expect 0 env LC_ALL=fr_FR.UTF-8 MEDSAVE_LANG=fr bin/restic init
says '^created restic repository [0-9a-f]{10} at '
same "$(tail -n +2 stdout)" "
Please note that knowledge of your password is required to access
the repository. Losing your password means that your data is
irrecoverably lost."
expect 0 as_restic backup data
says '^snapshot [0-9a-f]{8} saved$'
expect 0 as_restic backup data

step "what was removed, by its whole name"
expect 0 as_restic forget -vv --keep-last 1 --group-by host
says '^removed snapshot/[0-9a-f]{64}$'
says '^1 snapshots have been removed|^remove 1 snapshots:'
expect 0 as_restic prune
says '^remaining: +[0-9]+ blobs / '
expect 0 as_restic check
says '^no errors were found$'
expect 0 as_restic check --read-data
same "$(tail -n +2 stdout | sed 's/^\[[0-9:]*\]/[..]/; s/[0-9][0-9]* \(packs\|snapshots\)$/N \1/; s/  [0-9]* \//  N \//')" "load indexes
check all packs
check snapshots, trees and blobs
[..] 100.00%  N / N snapshots
read all data
[..] 100.00%  N / N packs
no errors were found"
expect 0 as_restic prune
says '^searching used packs\.\.\.$'
says '^\[0:0[0-9]\] 100\.00%  ([0-9]+) / \1 packs processed$'
says '^finding data that is still in use for 1 snapshots$'
says '^\[0:0[0-9]\] 100\.00%  1 / 1 snapshots$'

step "one group is named too where restic names it"
expect 0 as_restic forget -v --keep-last 1
says "^snapshots for \(host \[.+\], paths? \[.+\]\):$"
expect 0 as_restic snapshots deadbeef
same "$(cat stdout)" ""
expect 0 as_restic snapshots --json deadbeef
same "$(cat stdout)" "[]"

step "no such snapshot is no error where restic makes none of it"
for command in snapshots forget "tag --set a"; do
  expect 0 as_restic $command abcdef01
  says 'no matching ID found for prefix "abcdef01"'
done
for command in "ls abcdef01" "dump abcdef01 /1" "restore --target x abcdef01"; do
  expect 1 as_restic $command
  says 'no matching ID found for prefix "abcdef01"'
done

step "wrong use, wrong password"
expect 1 as_restic nonsense
says 'unknown command "nonsense" for "restic"'
expect 1 as_restic forget --nonsense
says 'unknown flag: --nonsense'
expect 12 env RESTIC_PASSWORD=wrong bin/restic snapshots
same "$(cat stderr)" "Fatal: wrong password or no key found"
for unset in RESTIC_PASSWORD= "-u RESTIC_PASSWORD"; do
  expect 1 env $unset bin/restic snapshots </dev/null
  says '^Fatal: an empty password is not allowed by default\. Pass the flag `--insecure-no-password`'
done
expect 1 env RESTIC_PASSWORD= bin/restic snapshots <<<""
says '^Fatal: an empty password is not allowed by default\. Pass the flag `--insecure-no-password`'

step "options whose time is over in restic"
echo once >data/2
expect 0 as_restic backup --hostname elsewhere data
expect 0 as_restic --json snapshots --host elsewhere
same "$(json --count "")" 1
echo again >data/2
expect 0 as_restic backup --host elsewhere data
expect 0 as_restic forget --host elsewhere --keep-last 1
expect 1 medsave check --check-unused
expect 0 as_restic check --check-unused

step "locked"
mkfifo pipe
medsave -q backup --stdin <pipe & owner=$!
exec 3>pipe
until locked; do sleep 0.1; done
expect 11 as_restic prune
says '^repo already locked, waiting up to 0s for the lock$'
says '^unable to create lock in backend: repository is already locked by PID [0-9]+ on .+ by .+ \(UID [0-9]+, GID [0-9]+\)$'
says '^lock was created at [0-9]{4}-[0-9]{2}-[0-9]{2} .+ ago\)$'
says 'the `unlock` command can be used to remove stale locks'
expect 11 as_restic prune --retry-lock 1s
says '^repo already locked, waiting up to 1s for the lock$'
expect 0 as_restic unlock
says_not 'stays|remove-all|\\n'
expect 11 as_restic --json prune
same "$(json-value --type exit_error /code <stderr)" 11
echo end >&3
exec 3>&-
wait $owner
