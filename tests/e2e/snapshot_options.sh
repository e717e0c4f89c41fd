# What a snapshot says about itself, and how a backup finds its parent.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init
mkdir src
echo one >src/one
echo two >src/two
field() { medsave cat snapshot "$1" | tr -d ' \n' | grep -Eo "\"$2\":(\"[^\"]*\"|\[[^]]*\]|[0-9]+)" | head -n 1 | cut -d: -f2-; }

step "tags, host, time, excludes"
backup 0 src --tag a,b --tag c --host surgery --time '2024-02-29 12:34:56' --exclude '*.tmp'
same "$(field "$snapshot" tags)" '["a","b","c"]'
same "$(field "$snapshot" hostname)" '"surgery"'
same "$(field "$snapshot" time)" '"2024-02-29T12:34:56Z"'
same "$(field "$snapshot" excludes)" '["*.tmp"]'
same "$(field "$snapshot" paths)" "[\"$work/src\"]"
grep -q '"program_version": *"medsave' <(medsave cat snapshot "$snapshot") || fail "program_version"
expect 1 medsave backup src --time yesterday
backup 0 src --host epoch --time '1970-01-01 00:00:00'
same "$(field "$snapshot" time)" '"1970-01-01T00:00:00Z"'

step "the parent is of the same host and paths, not newer"
backup 0 src --host surgery
second=$snapshot
same "$(summary files_unmodified)" 2
backup 0 src --host reception
same "$(summary files_new)" 2 "files new on another host"
backup 0 src --host surgery --time '2024-01-01 00:00:00'
same "$(summary files_new)" 2 "files new before the first snapshot"
backup 0 src --host reception --parent "${second:0:10}"
same "$(field "$snapshot" parent)" "\"$second\""
backup 0 src --host reception --group-by paths --tag t
same "$(summary files_unmodified)" 2
backup 0 src --host reception --group-by host,paths,tags --tag t
same "$(summary files_unmodified)" 2
backup 0 src --host reception --group-by host,paths,tags --tag other
same "$(summary files_new)" 2
expect 1 medsave backup src --parent abcdef0123

step "--force reads everything, and stores nothing twice"
backup 0 src --host surgery --force
same "$(summary files_new)" 2
same "$(summary data_blobs)" 0
same "$(field "$snapshot" parent)" ""

step "a changed file is seen by its times, its inode and its size"
echo TWO >src/two
backup 0 src
echo 222 >src/two
backup 0 src
same "$(summary files_changed)" 1
touch -r src/two stamp
cp src/two src/copy && echo 333 >src/copy && touch -r stamp src/copy && mv src/copy src/two
backup 0 src
same "$(summary data_blobs)" 1 "read again: another inode"
touch -r src/two stamp
echo 444 >src/two && touch -r stamp src/two
backup 0 src --ignore-ctime
same "$(summary data_blobs)" 0 "--ignore-ctime trusts size, mtime and inode"
cp src/two src/copy && echo 555 >src/copy && touch -r stamp src/copy && mv src/copy src/two
backup 0 src --ignore-inode
same "$(summary data_blobs)" 0 "--ignore-inode trusts size and mtime"
chmod 600 src/one
backup 0 src
same "$(summary files_changed)" 1
same "$(medsave ls --json latest | grep '"path":"/src/one"\|/src/one' | grep -c -- '-rw-------')" 1

step "--skip-if-unchanged, --dry-run"
count=$(snapshots)
backup 0 src --skip-if-unchanged
same "$snapshot" "" "snapshot of the unchanged"
same "$(snapshots)" "$count"
echo new >src/new
find repo -type f | sort >before
backup 0 src --dry-run
same "$(summary files_new)" 1
find repo -type f | sort | cmp - before || fail "a dry run wrote"
backup 0 src --skip-if-unchanged
[ -n "$snapshot" ] || fail "a changed tree was skipped"

step "--with-atime, --read-concurrency, --no-scan"
touch -a -d 2001-02-03T04:05:06Z src/one
backup 0 src --with-atime --read-concurrency 4 --no-scan
same "$(medsave ls --json latest | grep '/src/one"' | grep -c '"atime":"2001-02-03T04:05:06Z"')" 1

step "latest and the filters of snapshots"
same "$(snapshots --host surgery)" 4
same "$(snapshots --host surgery --host reception)" 9
same "$(snapshots --tag a,b)" 1
same "$(snapshots --tag a,t)" 0
same "$(snapshots --tag a --tag t)" 3
same "$(snapshots --path "$work/src" --host surgery)" 4
same "$(snapshots --path "$work/nowhere")" 0
same "$(snapshots --latest 1 --host surgery)" 1
same "$(snapshots latest)" 1
same "$(snapshots "${second:0:8}")" 1
mkdir other && echo o >other/o
backup 0 other --host reception
expect 0 medsave restore latest --host surgery --target out
[ -e out/src/one ] || fail "latest of a host"
expect 0 medsave restore latest --path "$work/src" --target out2
[ -e out2/src/one ] || fail "latest of a path"
expect 1 medsave restore latest --tag nobody --target out3
expect 0 medsave snapshots --group-by host
expect 0 medsave snapshots --compact
says "$(head -c 8 <<<"$second")"
expect 1 medsave ls abcdef0123

step "an ID that fits several snapshots, or none, is answered with candidates"
snapshot-history repo 300 1
expect 1 medsave ls "$(medsave snapshots --json | grep -o '"id":"[0-9a-f]' | sort | uniq -d | head -n 1 | cut -d '"' -f 4)"
says "ambiguous, it fits: [0-9a-f]{8} \(20"
expect 1 medsave ls nonsense
says "the newest are: [0-9a-f]{8} \(20"

step "a damaged snapshot file is named, and the others are shown"
count=$(snapshots)
damaged=$(find repo/snapshots -type f -print -quit)
chmod u+w "$damaged"
truncate -s -1 "$damaged"
expect 0 medsave snapshots
says "$(basename "$damaged" | cut -c 1-8)"
same "$(snapshots 2>/dev/null)" $((count - 1))

if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
  step "the source is counted for those who see the count, and for nobody else"
  mkdir -p counted/folder
  for i in $(seq 100); do echo "$i" >"counted/folder/$i"; done
  # Reading takes a second, so that there is time to count.
  slow_backup() {
    expect 0 strace -f -qq -o trace -e trace=openat,pread64 -e inject=pread64:delay_enter=20000 \
      "$MEDSAVE" backup counted --force "$@"
  }
  slow_backup -v
  says "scan finished in .*: 100 files,"
  same "$(grep -c 'openat(.*"folder"' trace)" 2 "times that the folder was opened"
  slow_backup
  same "$(grep -c 'openat(.*"folder"' trace)" 1 "times that the folder was opened"
  slow_backup -v --no-scan
  says_not "scan finished"
fi

step "a snapshot of a clock that was ahead is not the latest where there is another"
export RESTIC_REPOSITORY=$work/ahead
medsave -q init
backup 0 src --time '2099-01-01 00:00:00'
ahead=$snapshot
expect 0 medsave ls latest
says "snapshot ${ahead:0:8} is of 2099-01-01 .*in the future.*as there is no other"
backup 0 src
says "previous snapshot ${ahead:0:8} is of 2099-01-01 .*in the future"
same "$(summary files_new)" 0 "files read although there is a parent"
now=$snapshot
same "$(field "$now" parent)" "\"$ahead\""
backup 0 src
says "previous snapshot ${ahead:0:8} is of 2099-01-01 .*in the future"
same "$(field "$snapshot" parent)" "\"$now\""
now=$snapshot
for command in 'ls latest' 'restore latest --target out' 'dump latest /src/one' 'cat snapshot latest' 'tag --add x latest'; do
  # shellcheck disable=SC2086
  expect 0 medsave $command
  says "${ahead:0:8} is of 2099-01-01 .*The latest without it is"
done
same "$(field "$ahead" tags)" ""
expect 0 medsave --json ls latest
json --type snapshot /id >/dev/null

step "an empty --path, of a variable that is not set, means no folder"
cd src
for command in "forget --unsafe-allow-remove-all" snapshots "ls latest" "restore latest --target $work/out4"; do
  # shellcheck disable=SC2086
  expect 1 medsave $command --path ""
  says "--path is empty"
done
cd "$work"

# Nothing can be preloaded into a build with sanitizers.
if faketime -f "@2022-03-01 09:00:00" "$MEDSAVE" version >/dev/null 2>&1; then
  step "forget keeps what was saved with a clock that was years behind, compared or not"
  export RESTIC_REPOSITORY=$work/behind
  medsave -q init
  at() { FAKETIME_DONT_FAKE_MONOTONIC=1 faketime -f "@$1" "$MEDSAVE" -q "${@:2}"; }
  dump() { at "$1" backup --stdin --stdin-filename db.sql <<<"$2"; }
  for day in 1 2 3; do
    dump "2026-11-0$day 20:00:00" "day $day"
    at "2026-11-0$day 21:00:00" backup --force src --tag "$day"
  done
  dump "2020-01-01 00:10:00" "day 4"
  dump "2020-01-02 00:10:00" "day 5"
  mkdir -p more && echo m >more/m
  at "2020-01-02 01:10:00" backup src more --tag 4  # a source more: the first of its group
  at "2020-01-02 02:10:00" backup --force src --tag 5
  at "2020-01-03 02:10:00" backup --force src --tag 6
  at "2026-11-06 23:00:00" forget --keep-last 1
  same "$(medsave snapshots --json | grep -o '"time":"2020' | wc -l)" 5
  for id in $(medsave snapshots --json --path /db.sql | grep -oE '"short_id":"[0-9a-f]+"' | cut -d'"' -f4); do
    medsave dump "$id" /db.sql
  done >left
  same "$(paste -sd '|' left)" "day 4|day 5|day 3"
  export RESTIC_REPOSITORY=$work/ahead
fi

step "the paths of a snapshot are sorted, and a relative --path is one of this computer's"
mkdir -p two/b two/a && echo 1 >two/a/1 && echo 2 >two/b/2
backup 0 two/b two/a
same "$(field "$snapshot" paths | tr -d ' \n')" "[\"$work/two/a\",\"$work/two/b\"]"
cd two/a
expect 0 medsave ls latest --path ../b --path .
says '/b/2$'
cd "$work"

step "options that fit no snapshot, and a repository without any: said, and not only shown empty"
for command in snapshots stats "find a" "tag --add x" "forget --keep-last 1"; do
  for option in "--host nowhere" "--tag none" "--path /none"; do
    # shellcheck disable=SC2086
    expect 0 medsave $command $option
    says "none of the [0-9]+ snapshots fits --host, --tag or --path"
    # shellcheck disable=SC2086
    expect 0 medsave --as-restic $command $option
    says_not "none of the"
  done
done
expect 0 medsave --json snapshots --host nowhere
same "$(cat stdout)" "[]"
same "$(json-value --type warning /message <stderr | cut -d ' ' -f 1-3)" "none of the"
medsave -q -r none init
for command in snapshots stats "find a" "tag --add x" "forget --keep-last 1"; do
  # shellcheck disable=SC2086
  expect 0 medsave -r none $command
  says "the repository holds no snapshot"
done
