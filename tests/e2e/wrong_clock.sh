# A clock that falls back, as with an empty battery, to a date when backups were made already.
source "$(dirname "$0")/../support/lib.sh"
faketime -f "@2022-03-01 09:00:00" "$MEDSAVE" version >/dev/null 2>&1 ||
  skip "no faketime, or nothing can be preloaded into this build"
at() { FAKETIME_DONT_FAKE_MONOTONIC=1 faketime -f "@$1" "$MEDSAVE" "${@:2}"; }
save() { echo "$2" >src/state; expect 0 at "$1" backup "${@:3}" src; }
restored() { rm -rf out; at "$1" -q restore "$2" --target out --path "$work/src" && cat out/src/state; }
ids_of() { medsave snapshots --json --path "$work/src" | grep -oE '"time":"[^"]*"|"short_id":"[0-9a-f]+"' | cut -d'"' -f4 | paste -sd ' \n' | sort; }
mkdir src
medsave -q init

step "the backup says so each time, and compares with what was made last"
for day in 2022-03-01 2024-05-01 2026-11-02; do save "$day 09:00:00" "$day"; done
says_not "future"
newest=$(ids_of | tail -n 1 | cut -d ' ' -f 2)
save "2024-06-01 09:00:00" "day 1"
says "previous snapshot $newest is of 2026-11-02 09:00:00, which is in the future.*it says 2024-06-01 09:00:"
says "using parent snapshot $newest"
first=$(ids_of | grep 2024-06-01 | cut -d ' ' -f 2)
save "2024-06-01 08:00:00" "day 2"  # the next day: it begins at the same date
says "$newest is of 2026-11-02 .*in the future"
says "using parent snapshot $first"
second=$(ids_of | grep 2024-06-01T08 | cut -d ' ' -f 2)
save "2024-06-01 08:30:00" "day 3" --parent "$first"
says "$newest is of 2026-11-02 .*in the future"

step "other sources, and --time, have nothing to do with it"
mkdir other
echo o >other/o
expect 0 at "2024-06-02 09:00:00" backup other
says_not "future"
expect 0 at "2024-06-02 09:00:00" backup --time "2024-06-02 09:00:00" src --tag given
says_not "future"
medsave -q forget latest --tag given || true

step "where the clock is right, latest says which snapshot was made last"
expect 0 at "2026-11-20 10:00:00" ls latest --path "$work/src"
says "was made after $newest"
same "$(restored "2026-11-20 10:00:00" "$second" 2>/dev/null)" "day 2"

step "forget keeps what was made last"
expect 0 at "2026-11-20 10:00:00" forget --keep-last 1 --path "$work/src" --group-by host
says "made when the clock was wrong"
for day in "day 1" "day 2" "day 3"; do
  found "^$day\$" < <(for id in $(ids_of | cut -d ' ' -f 2); do restored "2026-11-20 10:00:00" "$id"; done) ||
    fail "$day is lost"
done
