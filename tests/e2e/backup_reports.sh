# What a backup leaves for those who do not watch it: a summary in a file, a log; and that nobody
# does the same work twice at once.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init
mkdir -p srv/letters && echo a >srv/letters/a

step "the summary names computer, repository and sources"
expect 0 medsave backup srv --host reception
says "^Backup of $work/srv on reception to $work/repo, 20"
says "^snapshot [0-9a-f]{8} saved"
expect 0 medsave --as-restic backup srv
says_not "Backup of"

step "--summary-file has it, --quiet or not, instead of what was there"
echo "medsave: old" >summary
for quiet in "" --quiet; do
  # shellcheck disable=SC2086
  expect 0 medsave $quiet backup srv --summary-file summary
  grep -q "^medsave: Backup of $work/srv on $(hostname) to $work/repo, 20" summary || fail "$(cat summary)"
  grep -q "^snapshot [0-9a-f]* saved$" summary || fail "$(cat summary)"
  ! grep -q old summary || fail "the old summary is still there"
done
same "$(cat stdout stderr)" ""
same "$(stat -c %a summary)" 600
expect 0 medsave --json --quiet backup srv --summary-file summary
same "$(json-value /snapshot_id <summary)" "$(summary snapshot_id)"
expect 0 medsave --quiet backup --dry-run srv --summary-file summary
grep -q "^medsave: Trial of a backup of" summary || fail "$(cat summary)"

step "and why there is no backup, or not the whole one"
expect 1 medsave -q -r rest:http://anna:secret@127.0.0.1:1/ backup srv --summary-file summary -o rest.nonsense=1
grep -q "^medsave: FAILED: Backup of $work/srv on $(hostname) to rest:…, 20" summary || fail "$(cat summary)"
! grep -q secret summary || fail "a password in the summary"
same "$(wc -l <summary)" 2
expect 3 medsave -q backup srv nowhere --summary-file summary
grep -Eq "^Warning: [0-9]+ items? (is|are) missing from the snapshot" summary || fail "$(cat summary)"
grep -q "^snapshot [0-9a-f]* saved$" summary || fail "$(cat summary)"
expect 1 medsave -q backup srv --summary-file no/such/folder
says "no/such/folder"
says "snapshot [0-9a-f]+ was saved"

expect 12 env RESTIC_PASSWORD=wrong medsave -q backup srv --summary-file no/such/folder
says "wrong password"
mkdir $'red\e[31m' && echo a >$'red\e[31m/a'
expect 0 medsave -q backup $'red\e[31m' --summary-file summary
! grep -q $'\e' summary || fail "a control character in the summary"

step "no file of somebody's is replaced or written to by mistake, and no device"
echo "1;2;3" >accounts.csv
expect 1 medsave backup srv --summary-file accounts.csv
says "accounts.csv holds something other than the summary of a backup and was not replaced; nothing was saved"
expect 1 medsave backup srv --log accounts.csv
says "accounts.csv is no log of medsave"
same "$(cat accounts.csv)" "1;2;3"
expect 1 medsave backup srv --log no/such/log
says "without the log that --log asks for nothing was done"
mkfifo pipe
cat pipe >piped &
expect 0 medsave -q backup srv --summary-file pipe
wait $!
[ -p pipe ] || fail "the pipe was replaced"
grep -q "^medsave: Backup of" piped || fail "$(cat piped)"
ln -s summary summary-link
expect 0 medsave -q backup srv --summary-file summary-link
[ -L summary-link ] || fail "the link was replaced"

step "a run that is killed, or not even begun, leaves no summary of the last one"
expect 1 medsave -q backup --stdin srv --summary-file summary
grep -q "^medsave: FAILED: Backup to $work/repo" summary || fail "$(cat summary)"
mkfifo list
exec 9<>list
"$MEDSAVE" -q backup --stdin --summary-file summary <list & pid=$!
wait_for grep -q "^medsave: NOT FINISHED: Backup of" summary
kill_hard $pid
exec 9>&-
grep -q "^medsave: NOT FINISHED: Backup of" summary || fail "$(cat summary)"
medsave -q unlock --remove-all

step "--log appends what was said, with time and computer, and how it ended"
expect 0 medsave -q --log log backup srv
expect 3 medsave --log log backup srv nowhere
expect 12 env RESTIC_PASSWORD=wrong medsave --log log snapshots
same "$(stat -c %a log)" 600
stamp="^[0-9-]{10} [0-9:]{8} $(hostname) medsave\[[0-9]+\]: "
same "$(grep -vcE "$stamp" log)" 0
for line in "medsave backup begins" "snapshot [0-9a-f]{8} saved" "nowhere is left out" "Warning: 1 item is missing" \
            "ended with exit status 0" "ended with exit status 3" "Fatal: wrong password" "ended with exit status 12"; do
  grep -qE "$stamp$line" log || fail "no \"$line\": $(cat log)"
done
: >$'srv/letters/red\e[31m'
expect 0 medsave -vv --log log backup srv
! grep -q $'\e' log || fail "a control character in the log"
expect 1 medsave --log no/such/folder snapshots
if [ -e /dev/full ]; then
  expect 0 medsave --log /dev/full backup srv
  says "the log is incomplete"
fi

step "the same backup does not run twice at once on this computer"
slow() {
  head -c 1000000 /dev/urandom >srv/large
  "$MEDSAVE" -q --limit-upload 80 backup srv &
  slow=$!
  for _ in $(seq 500); do
    [ -z "$(find "$RESTIC_CACHE_DIR/running" -type f -size +0)" ] || return 0
    sleep 0.02
  done
  fail "the backup does not say that it runs"
}
slow
expect 11 medsave backup srv
says "a backup of the same sources to this repository is running on this computer already .$(id -un), process $slow, since 20.*did nothing"
expect 0 medsave --as-restic backup srv
expect 0 medsave -q backup srv/letters
expect 0 medsave -q backup srv --host other
expect 0 medsave backup srv --retry-lock 1m
says "waiting for its end"
wait "$slow" || fail "the first backup"
same "$(find "$RESTIC_CACHE_DIR/running" -type f)" "" "notes left"

step "one that was killed is in nobody's way"
slow
kill -KILL "$slow"
wait "$slow" || true
expect 0 medsave backup srv
expect 0 medsave check --read-data
