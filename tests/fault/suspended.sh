# A computer that sleeps in the middle of a command, for longer than a lock lives. What others did
# meanwhile must not be undone, or relied on, by the one that wakes up.
source "$(dirname "$0")/../support/lib.sh"
library=$(find /usr/lib -name libfaketimeMT.so.1 2>/dev/null | head -n 1)
[ -n "$library" ] || skip "no faketime"
practice-data old --scale 0.002
practice-data new --scale 0.008 --seed 5
medsave -q init
medsave -q backup --tag old old
echo gone >forgotten
medsave -q backup --tag forgotten forgotten
cp -a repo sound

# For the sleeper only the wall clock goes on; the time of day is what the file says.
echo "+0" >clock
sleeper() {
  exec env LD_PRELOAD="$library" FAKETIME_TIMESTAMP_FILE="$work/clock" FAKETIME_NO_CACHE=1 \
    DONT_FAKE_MONOTONIC=1 FAKETIME_DONT_FAKE_MONOTONIC=1 "$MEDSAVE" --no-cache --pack-size 4 "$@"
}
# Another computer, three quarters of an hour later. It has a name of its own where one may have.
elsewhere() {
  local away=()
  ! unshare --uts true 2>/dev/null || away=(unshare --uts sh -c 'hostname elsewhere; exec "$@"' sh)
  LD_PRELOAD="$library" FAKETIME="+45m" DONT_FAKE_MONOTONIC=1 \
    FAKETIME_DONT_FAKE_MONOTONIC=1 "${away[@]}" "$MEDSAVE" --no-cache "$@"
}
# falls_asleep READY COMMAND...: the command is stopped once READY is true; its process is $pid.
falls_asleep() {
  local ready=$1
  shift
  rm -rf repo
  cp -a sound repo
  echo "+0" >clock
  (sleeper "$@") >sleeper.out 2>&1 &
  pid=$!
  wait_for eval "$ready"
  kill -STOP $pid
  kill -0 $pid || fail "too late: $(cat sleeper.out)"
}
# wakes_up CODE: three quarters of an hour later.
wakes_up() {
  local code=0
  echo "+45m" >clock
  kill -CONT $pid
  wait $pid || code=$?
  [ $code -eq "$1" ] || fail "exit status $code instead of $1: $(tail -n 5 sleeper.out)"
}
some_packs() { [ "$(find repo/data -type f ! -name '*-tmp-*' | wc -l)" -gt "$1" ]; }
packs=$(find repo/data -type f | wc -l)
sound_again() {
  expect 0 medsave --no-cache check --read-data
  expect 0 medsave --no-cache backup --tag again new
  rm -rf out
  expect 0 medsave --no-cache restore latest --tag again --target out
  identical new out/new
  rm -rf out
  expect 0 medsave --no-cache restore latest --tag old --target out
  identical old out/old
  if command -v "$RESTIC" >/dev/null; then expect 0 restic --no-cache check --read-data; fi
}

step "stopped while another computer unlocks and prunes: nothing is published"
falls_asleep "some_packs $((packs + 1))" --limit-upload 4000 backup --tag sleeper new
expect 0 elsewhere unlock
same "$(files_in locks)" 0
expect 0 elsewhere forget --tag forgotten --unsafe-allow-remove-all --prune --max-unused 0
indexes=$(files_in index)
wakes_up 11
same "$(files_in index)" "$indexes" "index files"
same "$(medsave snapshots --json --tag sleeper | json-value --count "")" 0 "snapshots of the sleeper"
sound_again

step "prune is stopped while another computer unlocks and backs up: nothing more is deleted"
falls_asleep "locked" --limit-download 1000 --limit-upload 1000 prune --max-unused 0 --repack-small
expect 0 elsewhere unlock
expect 0 elsewhere backup --tag other new
wakes_up 11
rm -rf out
expect 0 medsave --no-cache restore latest --tag other --target out
identical new out/new
sound_again

step "stopped for long, but nobody took the lock: the backup is saved"
falls_asleep "some_packs $((packs + 1))" --limit-upload 4000 backup --tag sleeper new
wakes_up 0
rm -rf out
expect 0 medsave --no-cache restore latest --tag sleeper --target out
identical new out/new
sound_again
