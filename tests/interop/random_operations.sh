# Random sequences of operations, each by medsave or by restic as chance will have it, on one
# repository: after each the other program finds it sound, and every snapshot that is left restores
# to the state it was made of. MEDSAVE_SEED repeats a sequence, MEDSAVE_OPERATIONS sets its length.
seed=${MEDSAVE_SEED:-$(($(date +%s) % 32768))} operations=${MEDSAVE_OPERATIONS:-30}
source "$(dirname "$0")/../support/lib.sh"
need_restic
echo "MEDSAVE_SEED=$seed"
RANDOM=$seed
programs=(medsave restic)
mkdir states
practice-data data --scale 0.003
state=0

# chance N: a number below N in $chosen
chance() { chosen=$((RANDOM % $1)); }
pick_program() { chance 2; program=${programs[$chosen]}; other=${programs[$((1 - chosen))]}; }

change_data() {
  state=$((state + 1))
  chance 20
  practice-data data --scale 0.003 --day $((chosen + 1))
  chance 3
  if [ "$chosen" -eq 0 ]; then head -c $((RANDOM * 40)) /dev/urandom >"data/random-$state"; fi
  cp -a data "states/$state"
}
do_backup() {
  change_data
  expect 0 "$program" backup data --tag "state-$state"
}
do_forget() {
  chance 4
  expect 0 "$program" forget --keep-last $((chosen + 3)) --group-by ''
}
do_prune() {
  local limits=(0 5% unlimited)
  chance 3
  expect 0 "$program" prune --max-unused "${limits[$chosen]}"
}
do_tag() { expect 0 "$program" tag --add "extra-$RANDOM" latest; }
do_rewrite() { expect 0 medsave rewrite --forget --exclude '*.nowhere'; }
do_index() {
  if [ "$program" = medsave ]; then
    expect 0 medsave repair index
  else
    expect 0 restic rebuild-index
  fi
}
# A backup or a prune of ours that is killed; the next one cleans up after it.
do_kill() {
  change_data
  local victim=(backup data --tag "state-$state")
  chance 2
  [ "$chosen" -eq 0 ] || victim=(prune --max-unused 0)
  "$MEDSAVE" -q "${victim[@]}" >/dev/null 2>&1 &
  sleep "0.$((RANDOM % 9))"
  kill_hard $!
  expect 0 medsave unlock
}

# Every snapshot holds the state its tag names.
all_restore() {
  local id tag
  expect 0 medsave --json snapshots
  grep -oE '"tags":\[[^]]*\]|"short_id":"[0-9a-f]+"' <"$work/stdout" | paste - - |
    sed -E 's/.*"state-([0-9]+)".*"short_id":"([0-9a-f]+)".*/\2 \1/' >snapshots.list
  while read -r id tag; do
    rm -rf out
    expect 0 "$1" restore "$id" --target out
    identical "states/$tag" out/data
  done <snapshots.list
}

chance 2
expect 0 medsave init --repository-version $((chosen + 1))
program=medsave
do_backup
actions=(backup backup backup backup forget prune tag rewrite index kill)
for n in $(seq "$operations"); do
  pick_program
  chance ${#actions[@]}
  step "$n: $program ${actions[$chosen]}"
  "do_${actions[$chosen]}"
  expect 0 "$other" check
  if [ $((n % 10)) -eq 0 ]; then
    all_restore "$other"
    expect 0 medsave check --read-data
  fi
done
step "in the end"
all_restore medsave
all_restore restic
expect 0 restic check --read-data
