# Interrupted: ends soon with 130, leaves no lock, and what was stored is not stored again.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init
practice-data data --scale 0.06

for signal in INT TERM; do
  step "SIG$signal during a backup"
  "$MEDSAVE" --limit-upload 15000 backup --json data >stdout 2>stderr &
  pid=$!
  wait_for sh -c '[ "$(find repo/data -type f | wc -l)" -ge 3 ] && ls repo/locks | grep -q .'
  kill -$signal "$pid"
  start=$(date +%s%N)
  status=0
  wait "$pid" || status=$?
  took=$((($(date +%s%N) - start) / 1000000))
  same "$status" 130 "exit status"
  [ "$took" -lt 5000 ] || fail "took $took ms to stop"
  same "$(files_in locks)" 0 "locks left"
  same "$(files_in snapshots)" 0 "snapshots"
  same "$(find repo -name '*tmp*' | wc -l)" 0 "temporary files left"
done
stored=$(find repo/data -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }')
[ "$stored" -gt 0 ] || fail "nothing was stored"

step "the next run finds what is there"
expect 0 medsave check
backup 0 data
added=$(summary data_added_packed)
whole=$(find repo/data -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
[ $((added + stored * 9 / 10)) -le "$whole" ] ||
  fail "$stored bytes were there, $added added, $whole in all: stored twice"
expect 0 medsave check --read-data
expect 0 medsave restore latest --target out
identical data out/data

step "during a restore and a check"
for command in "restore latest --target out2" "check --read-data"; do
  # shellcheck disable=SC2086
  "$MEDSAVE" --limit-download 15000 $command >stdout 2>stderr &
  pid=$!
  sleep 1.5
  kill -INT "$pid"
  status=0
  wait "$pid" || status=$?
  same "$status" 130 "exit status of $command"
  same "$(files_in locks)" 0 "locks left"
  if [ "${command%% *}" = restore ]; then
    grep -q 'what was restored to out2 is incomplete; the same command goes on' stderr ||
      fail "does not say what there is now: $(cat stderr)"
  fi
  same "$(grep -nE '^(interrupted|this command only reads|Fatal: interrupted)' stderr | cut -d: -f2 | cut -d, -f1 | paste -sd '|')" \
    "interrupted|this command only reads|Fatal" "what $command says"
done
expect 0 medsave restore latest --target out2 --overwrite if-changed
identical data out2/data
