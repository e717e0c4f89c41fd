# Signals that come in pairs (timeout, service managers), signals again and again, and a Ctrl-C by
# somebody who does not want to wait: neither lock nor mount stays behind.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init
practice-data data --scale 0.02

# The mount first: what is killed leaves a folder that cannot even be looked at.
unmount_and_clean_up() {
  local code=$1
  set +e
  kill -CONT $(jobs -rp) 2>/dev/null
  for place in mount around/mount; do
    umount -l "$work/$place" 2>/dev/null || fusermount3 -u -z "$work/$place" 2>/dev/null
  done
  (exit "$code")
  clean_up
}
trap 'unmount_and_clean_up $?' EXIT

step "timeout signals a backup and its group"
for i in $(seq 6); do
  run timeout -s TERM "0.$((10 + 10 * i))" "$MEDSAVE" --limit-upload 300 backup --stdin </dev/urandom
  same "$status" 124 "status of run $i"
  same "$(files_in locks)" 0 "locks after run $i"
done
step "two signals while the lock is held"
for i in $(seq 6); do
  "$MEDSAVE" --limit-upload 300 backup --stdin </dev/urandom >stdout 2>stderr &
  pid=$!
  wait_for locked
  kill -TERM "$pid"
  [ $((i % 3)) -eq 0 ] || sleep "0.00$((i % 3))"
  kill -TERM "$pid" 2>/dev/null || true  # it may have ended
  status=0
  wait "$pid" || status=$?
  same "$status" 130 "status of run $i"
  same "$(files_in locks)" 0 "locks after run $i"
done
expect 0 medsave check

step "a hang-up of the terminal"
"$MEDSAVE" --limit-upload 300 backup --stdin </dev/urandom >stdout 2>stderr &
pid=$!
wait_for locked
kill -HUP "$pid"  # from the shell that started it
status=0
wait "$pid" || status=$?
same "$status" 130 "exit status"
same "$(files_in locks)" 0 locks

[ -c /dev/fuse ] && { : <>/dev/fuse; } 2>/dev/null || skip "no /dev/fuse that can be opened"
[ "$(id -u)" -eq 0 ] || command -v fusermount3 >/dev/null || skip "no fusermount3"
mkdir mount
ln -s mount link
medsave -q backup data
start() {
  rm -f mount.out
  "$MEDSAVE" mount "$@" >mount.out 2>mount.err &
  mounted=$!
  wait_for grep -q 'Now serving' mount.out
}

step "a mount gets two signals"
for i in $(seq 6); do
  start mount
  kill -TERM "$mounted"
  [ $((i % 3)) -eq 0 ] || sleep "0.00$((i % 3))"
  kill -TERM "$mounted" 2>/dev/null || true  # it may have ended
  status=0
  wait "$mounted" || status=$?
  same "$status" 0 "status of mount $i"
  ! mountpoint -q mount || fail "mount $i is still there"
  same "$(files_in locks)" 0 "locks after mount $i"
done

step "ways to write a mountpoint"
for place in mount/. mount/ ./mount data/../mount link "$work/link/."; do
  start "$place"
  test -d mount/ids || fail "nothing at $place"
  kill -TERM "$mounted"
  status=0
  wait "$mounted" || status=$?
  same "$status" 0 "status at $place"
  ! mountpoint -q mount || fail "still mounted at $place"
done

step "a process that does not come to an end gives up lock and mount before it is ended"
medsave -q init --repo other
mkdir -p around/mount
start around/mount
kill -STOP "$mounted"
"$MEDSAVE" -r other backup around >stdout 2>stderr &  # waits for the one that stands still
pid=$!
wait_for locked other
kill -TERM "$pid"
sleep 3.2
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
same "$status" 130 "exit status"
same "$(find other/locks -type f | wc -l)" 0 "locks"
kill -CONT "$mounted"
kill -TERM "$mounted"
wait "$mounted"
