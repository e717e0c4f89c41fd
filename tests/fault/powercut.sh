# The power goes: all that a command, or a killed one and the next, have not made durable may be
# lost, name by name. Whatever of it survives, check finds nothing wrong, and what was said to be
# saved is restored. CHAINS: only these. POWERCUT_KILLS: how often to kill each first command, spread
# over its changes (0 = at each of them; by default wherever it is about to sync a folder after that
# of its lock). POWERCUT_STATES: how many states to look at after each. scripts/check-powercut does
# more.
room=$(df --output=avail -m /dev/shm 2>/dev/null | tail -n 1)
if [ "${room:-0}" -gt 1000 ]; then
  export TMPDIR=/dev/shm
fi
source "$(dirname "$0")/../support/lib.sh"
kills=${POWERCUT_KILLS:-}
states=${POWERCUT_STATES:-2}
RANDOM=${SEED:-1}
unset RESTIC_CACHE_DIR
export XDG_CACHE_HOME=$work  # `migrate` keeps the old config there
export RESTIC_REPOSITORY=$work/disk/repo RESTIC_FROM_PASSWORD=$RESTIC_PASSWORD
powercut . nowhere 1 0 0 true >/dev/null || skip "a process may not trace another"
has_restic=$(command -v "$RESTIC" || true)

# Three days of a small folder.
make_day() {
  head -c $((60000 + RANDOM)) /dev/urandom >>data/log
  head -c 30000 /dev/urandom >"data/letters/day$1"
  cp -a data "day$1"
}
mkdir -p data/letters
head -c 200000 /dev/urandom >data/scan
for day in 1 2 3; do make_day $day; done

# make_base VERSION: the repository that each chain begins with, in the folder base.
make_base() {
  rm -rf base disk
  mkdir disk
  cheap-repository disk/repo "$1"
  for day in 1 2; do
    rm -rf data
    cp -a "day$day" data
    medsave -q backup --tag "day$day" --host host data
  done
  rm -rf data
  cp -a day3 data
}

# good STATE SNAPSHOT...: SNAPSHOT is TAG:FOLDER, or TAG: for one that may have changed.
good() {
  local state=$1 snapshot
  local -x RESTIC_REPOSITORY=$work/out/$1/repo
  expect 0 medsave --no-cache --no-lock check --read-data
  for snapshot in "${@:2}"; do
    rm -rf restored
    expect 0 medsave --no-cache --no-lock restore latest --tag "${snapshot%%:*}" --target restored
    [ -z "${snapshot#*:}" ] || identical "${snapshot#*:}" restored/data >/dev/null
  done
  if [ $((seen % 5)) -eq 0 ]; then  # a sample
    if [ -n "$has_restic" ]; then expect 0 restic --no-cache --no-lock check --read-data; fi
    # The next backup relies on nothing that is gone.
    expect 0 medsave --no-cache backup --tag next data
    expect 0 medsave --no-cache --no-lock check --read-data
    rm -rf restored
    expect 0 medsave --no-cache --no-lock restore latest --tag next --target restored
    identical day3 restored/data >/dev/null
  fi
}

# cuts LIMIT COMMAND [COMMAND]: one cut after another behind them. Wants in the arrays always,
# after_one and after_two: what is there in any case, once the first has ended well, the second too.
seen=0
cuts() {
  local limit=$1 number ended how moment codes wanted
  shift
  rm -rf disk out
  cp -a base disk
  mkdir out
  if [ $# -eq 1 ]; then
    powercut disk out $RANDOM "$states" "$limit" "$1" >codes
  else
    powercut disk out $RANDOM "$states" "$limit" "$1" 0 "$2" >codes
  fi
  read -r changes syncs _ <codes
  mapfile -t codes < <(cut -d ' ' -f 3 codes)
  for ((number = 0; number < states; ++number)); do
    read -r ended how moment <out/$number.about
    wanted=("${always[@]}")
    if [ "$ended" -ge 1 ] && [ "${codes[0]}" -eq 0 ]; then wanted+=("${after_one[@]}"); fi
    if [ "$ended" -ge 2 ] && [ "${codes[1]}" -eq 0 ]; then wanted+=("${after_two[@]}"); fi
    # Named by a failure.
    step="$name, killed at $limit, cut at $moment after $ended commands (${codes[*]}): $how"
    verify $number "${wanted[@]}" || fail "not as it should be"
    seen=$((seen + 1))
  done
}
verify() { good "$@"; }

# chain NAME FIRST [SECOND]: FIRST ends well; then it is killed here and there, and SECOND runs.
chain() {
  local name=$1 limit total
  shift
  [ -z "${CHAINS:-}" ] || [[ " $CHAINS " == *" $name "* ]] || return 0
  step "$name"
  cuts 0 "$1"
  [ $# -eq 2 ] || return 0
  cuts 0 "$@"
  if [ -z "$kills" ]; then
    for limit in $(seq -f 's%g' 2 "$syncs"); do cuts "$limit" "$@"; done
    return 0
  fi
  total=$changes
  for limit in $(seq "$total"); do
    # Of each share of the changes its last one.
    [ "$kills" -eq 0 ] || [ $((limit * kills / total)) -gt $(((limit - 1) * kills / total)) ] || continue
    cuts "$limit" "$@"
  done
}
program="$MEDSAVE -q --no-cache -r $work/disk/repo"

make_base 2
cp -a disk base
always=(day1:day1 day2:day2) after_one=(day3:day3) after_two=(again:day3)
chain backup-backup "$program backup --tag day3 data" "$program backup --tag again data"

after_two=(day3:day3)
chain backup-skip "$program backup --tag day3 data" "$program backup --skip-if-unchanged --tag day3 data"

first=$(medsave snapshots --json --tag day1 | json-value /0/id)
always=(day2:day2) after_one=() after_two=()
chain forget-prune "$program forget $first" "$program prune --max-unused 0"
always=(day1: day2:)
chain rewrite-prune "$program rewrite --forget --exclude day1" "$program prune --max-unused 0 --repack-small"
always=(day1: day2:) after_one=(red:) after_two=(blue:)
chain tag-tag "$program tag --add red" "$program tag --add blue"

cp -a base elsewhere
medsave -q -r elsewhere/repo backup --tag day3 --host host data
always=(day1:day1 day2:day2) after_one=(day3:day3) after_two=(day3:day3)
chain copy-copy "$program copy --from-repo $work/elsewhere/repo" "$program copy --from-repo $work/elsewhere/repo"

rm -rf disk
cp -a base disk
medsave -q --no-cache forget "$first"
rm -rf base
cp -a disk base
always=(day2:day2) after_one=() after_two=()
chain prune-prune "$program prune --max-unused 0 --repack-small" "$program prune --max-unused 0"

make_base 1
cp -a disk base
always=(day1:day1 day2:day2) after_one=() after_two=(again:day3)
chain migrate-backup "$program migrate upgrade_repo_v2" "$program backup --tag again data"

# Once init has said that there is a repository, there is one; before, it can be made.
verify() {
  local -x RESTIC_REPOSITORY=$work/out/$1/repo
  if [ $# -eq 1 ]; then
    run medsave --no-cache --no-lock snapshots
    if [ "$status" -eq 10 ]; then expect 0 medsave init; fi
  fi
  expect 0 medsave --no-cache --no-lock check
}
rm -rf base
mkdir base
always=() after_one=(made) after_two=(made)
chain init-init "$program init" "$program init"

# What restore has said to be there is there.
verify() {
  if [ $# -eq 1 ]; then return; fi
  diff -r "$2" "out/$1/out/data"
}
rm -rf base
mkdir base
always=() after_one=(day2) after_two=()
chain restore "$MEDSAVE -q --no-cache -r $work/elsewhere/repo restore latest --tag day2 --target $work/disk/out"
echo "$seen states"
