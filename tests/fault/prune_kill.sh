# kill -9 at random moments of `forget --prune`, MEDSAVE_KILLS times: after each the repository is
# sound and every snapshot that was to be kept can be restored.
source "$(dirname "$0")/../support/lib.sh"
kills=${MEDSAVE_KILLS:-50}
kept=3
forget=("$MEDSAVE" -q --pack-size 4 forget --keep-last $kept --prune --max-unused 0)
prune=("$MEDSAVE" -q --pack-size 4 prune --max-unused 0)

medsave -q init
for day in $(seq 0 9); do
  practice-data data --scale 0.01 --day "$day"
  medsave -q --pack-size 4 backup data --time "2026-10-$((day + 10)) 20:00:00"
  [ "$day" -lt $((10 - kept)) ] || cp -a data "day$day"
done
cp -a repo original

# How long it takes, so that kills fall anywhere into it.
start=$(date +%s%N)
"${forget[@]}"
end=$(date +%s%N)
milliseconds=$(((end - start) / 1000000))
echo "forget --prune takes $milliseconds ms"
[ "$(medsave snapshots --json | json-value --count "")" -eq $kept ] || fail "not $kept snapshots"
medsave check --read-data >/dev/null

# all_there PROGRAM: it restores the last $kept snapshots.
all_there() {
  local ids id day=$((10 - kept))
  ids=$(medsave snapshots --json | grep -o '"short_id":"[0-9a-f]*"' | cut -d '"' -f 4 |
    tail -n $kept)
  for id in $ids; do
    rm -rf out
    expect 0 "$1" restore "$id" --target out
    identical "day$day" out/data
    day=$((day + 1))
  done
  same "$day" 10
}

step "$kills kills"
finished=0
for n in $(seq "$kills"); do
  # Every third one goes on where the last one was killed.
  command=("${prune[@]}")
  if [ $((n % 3)) -ne 0 ]; then
    command=("${forget[@]}")
    chmod -R u+w repo
    rm -rf repo
    cp -a original repo
  fi
  "${command[@]}" >/dev/null 2>&1 &
  pid=$!
  wait_ms=$((RANDOM * milliseconds / 32767))
  sleep "$(printf '%d.%03d' $((wait_ms / 1000)) $((wait_ms % 1000)))"
  # The first run need not have been typical.
  if kill -9 $pid 2>/dev/null; then
    milliseconds=$((milliseconds * 21 / 20))
  else
    milliseconds=$((milliseconds * 4 / 5 + 5))
    finished=$((finished + 1))
  fi
  wait $pid 2>/dev/null || true
  expect 0 medsave check
  # A file that was being written has another name, and the next prune removes it.
  same "$(find repo/locks -type f ! -name '*-tmp-*' -printf '%f ')" "" "locks after check"
  if [ $((n % 5)) -eq 0 ]; then
    expect 0 medsave check --read-data
    all_there medsave
  fi
done
echo "$finished of $kills had finished before"

step "the next one finishes the work"
"${forget[@]}"
"${prune[@]}"
expect 0 medsave check --read-data
says_not hint
all_there medsave
expect 0 medsave prune --dry-run --max-unused 0
says 'total prune: +0 blobs'
if command -v "$RESTIC" >/dev/null; then
  expect 0 restic check --read-data
  all_there restic
fi
