# Two backups at once into one repository, and a check while one is running.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init
practice-data a --scale 0.03 --seed 1
practice-data b --scale 0.03 --seed 2
cp -a a both
cp -a b/dossiers both/dossiers-b

step "three backups that share data"
pids=()
for source in a b both; do
  medsave -q --pack-size 4 backup "$source" &
  pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
same "$(files_in locks)" 0 "locks left"
same "$(snapshots)" 3 "snapshots"
expect 0 medsave check --read-data
for source in a b both; do
  expect 0 medsave restore latest --path "$work/$source" --target "out-$source"
  identical "$source" "out-$source/$source"
done
if command -v "$RESTIC" >/dev/null; then expect 0 restic check --read-data; fi

step "two restores at once, while a backup runs"
practice-data a --scale 0.03 --seed 1 --day 1
medsave -q backup a &
pids=($!)
for n in 1 2; do
  medsave -q restore latest --path "$work/b" --target "again-$n" &
  pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
identical b again-1/b
identical b again-2/b
expect 0 medsave check --read-data

step "prune does not run beside a backup"
mkfifo pipe
"$MEDSAVE" -q backup --stdin <pipe &
holder=$!
exec 9>pipe
wait_for locked
expect 11 medsave prune
says "\\b$holder\\b"
expect 11 medsave forget --keep-last 1 --prune
echo data >&9
exec 9>&-
wait "$holder"

step "two prunes at once: never both at work, and nothing is lost"
medsave -q forget --unsafe-allow-remove-all --path "$work/both"
# prunes PROGRAM PROGRAM: both at once; their exit statuses are in the file codes.
prunes() {
  local program
  rm -f codes
  for program in "$@"; do
    {
      code=0
      $program prune --max-unused 0 >/dev/null 2>&1 || code=$?
      echo "$code" >>codes
    } &
  done
  wait
}
prunes medsave medsave
same "$(grep -vxc '0\|11' codes || true)" 0 "other exit statuses than 0 and 11"
prunes "medsave --retry-lock 1m" "medsave --retry-lock 1m"
same "$(sort -u codes)" 0 "exit statuses with patience"
if command -v "$RESTIC" >/dev/null; then
  medsave -q backup both
  medsave -q forget --unsafe-allow-remove-all --path "$work/both"
  prunes medsave restic
  expect 0 restic check --read-data
fi
expect 0 medsave prune --max-unused 0
expect 0 medsave check --read-data
expect 0 medsave restore latest --path "$work/b" --target once-more
identical b once-more/b
