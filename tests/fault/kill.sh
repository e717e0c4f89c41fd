# kill -9 at random moments of a backup, MEDSAVE_KILLS times: the repository stays sound, the next
# run goes on where the last one was, and in the end everything is there.
source "$(dirname "$0")/../support/lib.sh"
kills=${MEDSAVE_KILLS:-50}
medsave -q init
practice-data data --scale 0.02
medsave -q backup --tag first data
cp -a repo beginning

# How long a whole backup of new data takes, so that kills fall anywhere into one.
practice-data new --scale 0.05 --seed 7
practice-data other --scale 0.05 --seed 8
start=$(date +%s%N)
medsave -q -r "$work/timing" init
middle=$(date +%s%N)
medsave -q -r "$work/timing" --pack-size 4 backup other
end=$(date +%s%N)
rm -rf timing
milliseconds=$(((end - middle) / 1000000))
echo "a backup takes $milliseconds ms ($(((middle - start) / 1000000)) ms for init)"

# sound: everything that was saved is there, whatever was killed.
sound() {
  expect 0 medsave check --read-data
  expect 0 medsave backup new
  rm -rf out
  expect 0 medsave restore latest --target out --path "$work/new"
  identical new out/new
  expect 0 medsave restore latest --target out --tag first
  identical data out/data
  expect 0 medsave check --read-data
}

step "$kills kills"
finished=0
for n in $(seq "$kills"); do
  "$MEDSAVE" -q --pack-size 4 backup new >/dev/null 2>&1 &
  pid=$!
  wait_ms=$((RANDOM * milliseconds / 32767))
  sleep "$(printf '%d.%03d' $((wait_ms / 1000)) $((wait_ms % 1000)))"
  kill_hard $pid
  if [ "$(files_in snapshots)" -gt 1 ]; then  # too late: it was done; begin again
    finished=$((finished + 1))
    if [ $((finished % 5)) -eq 1 ]; then sound; fi
    rm -rf repo
    cp -a beginning repo
  elif [ $((n % 5)) -eq 0 ]; then
    expect 0 medsave check
    # Not counting one whose writing the kill cut short: that is no lock yet, and prune removes it.
    same "$(find repo/locks -type f ! -name '*-tmp-*' -printf x | wc -c)" 0 "locks after check"
  fi
done
echo "$finished of $kills had finished before"

step "sound, complete, nothing lost"
sound
if command -v "$RESTIC" >/dev/null; then
  expect 0 restic check --read-data
  step "restic tidies up what the kills left"
  expect 0 restic prune
  expect 0 medsave check --read-data
fi

step "packs stored before a kill are not stored again"
export RESTIC_REPOSITORY=$work/second
stored() { find second/data -type f ! -name '*tmp*' -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }'; }
medsave -q init
"$MEDSAVE" -q --pack-size 4 --limit-upload 8000 backup other >/dev/null 2>&1 &
pid=$!
wait_for sh -c '[ "$(find second/data -type f | wc -l)" -ge 3 ]'
kill_hard $pid
before=$(stored)
backup 0 --pack-size 4 other
echo "$before bytes stored before, $(summary data_added_packed) after, $(stored) in all"
[ $((before + $(summary data_added_packed))) -le $(($(stored) * 21 / 20)) ] ||
  fail "stored again"
expect 0 medsave check --read-data
expect 0 medsave restore latest --target out2
identical other out2/other

step "but those are whose lock unlock has removed: their owner may be suspended and go on later"
export RESTIC_REPOSITORY=$work/third
medsave -q init
"$MEDSAVE" -q --pack-size 4 --limit-upload 8000 backup other >/dev/null 2>&1 &
pid=$!
wait_for sh -c '[ "$(find third/data -type f | wc -l)" -ge 3 ]'
kill_hard $pid
expect 0 medsave unlock
found=$(find third/data -type f)
expect 0 medsave backup --pack-size 4 other
says_not "interrupted run"
echo "$found" | xargs rm
expect 0 medsave check --read-data
