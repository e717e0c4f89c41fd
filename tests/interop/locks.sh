# Each program respects the other's locks and can clear the other's dead ones.
source "$(dirname "$0")/../support/lib.sh"
need_restic
expect 0 medsave init
echo x >file
expect 0 medsave backup file
# hold PROGRAM: a backup that holds a shared lock until release; its process is $holder.
hold() {
  rm -f pipe
  mkfifo pipe
  command "$1" -q backup --stdin --stdin-filename held <pipe >held.out 2>&1 &
  holder=$!
  exec 9>pipe
  wait_for locked
}
release() {
  echo data >&9
  exec 9>&-
  wait "$holder"
}

step "medsave respects restic's lock"
hold "$RESTIC"
expect 0 medsave backup file
expect 11 medsave check
says "\\b$holder\\b"
release
expect 0 medsave check

step "restic respects medsave's lock"
hold "$MEDSAVE"
expect 0 restic backup file
run restic prune
[ "$status" -ne 0 ] || fail "restic pruned under medsave's lock"
says lock
step "restic's unlock leaves the lock of a living medsave, and medsave lives"
expect 0 restic unlock
same "$(files_in locks)" 1
sleep 0.3
kill -0 "$holder" || fail "medsave died of restic's question whether it lives"
release

step "a lock of restic is nobody's but restic's: it may live in a container of this name"
hold "$RESTIC"
kill_hard "$holder"
exec 9>&-
for command in check prune "forget --keep-last 1 --prune"; do
  expect 11 medsave $command
  says "container"
done
expect 0 medsave backup file
same "$(files_in locks)" 1
step "unlock of either clears the other's dead locks"
expect 0 medsave unlock
same "$(files_in locks)" 0
hold "$MEDSAVE"
kill_hard "$holder"
exec 9>&-
expect 0 restic unlock
same "$(files_in locks)" 0

step "both write at once"
practice-data a --scale 0.02 --seed 1
practice-data b --scale 0.02 --seed 2
medsave -q backup a &
first=$!
restic -q backup b &
second=$!
wait $first
wait $second
expect 0 restic check --read-data
expect 0 medsave check --read-data
expect 0 medsave restore latest --path "$work/b" --target out
identical b out/b
restic -q restore latest --path "$work/a" --target out
identical a out/a
