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
