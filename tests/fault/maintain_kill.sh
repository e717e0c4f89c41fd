# maintain_kill.sh COMMAND: kills a command that changes a repository MEDSAVE_KILLS times (default
# 50), spread over all its changes of files. Each time every snapshot that is to stay can be
# restored by both programs, and the command can be run again and finishes its work.
room=$(df --output=avail -m /dev/shm 2>/dev/null | tail -n 1)
if [ "${room:-0}" -gt 1000 ]; then
  export TMPDIR=/dev/shm  # a kill is none of the disk's business
fi
source "$(dirname "$0")/../support/lib.sh"
source "$tests/support/damage.sh"
command=${1:?a command}
kills=${MEDSAVE_KILLS:-50}
workers=4  # since a lock takes 0.2 s of doing nothing
days=(1 2)
kept=("${days[@]}")
unset RESTIC_CACHE_DIR
export XDG_CACHE_HOME=$work  # `migrate` keeps the old config there
medsave() { "$MEDSAVE" --no-cache --no-lock "$@"; }
restic() { command "$RESTIC" --no-cache --no-lock "$@"; }
kill-at 0 true >/dev/null || skip "a process may not trace another"
has_restic=$(command -v "$RESTIC" || true)
[ -n "$has_restic" ] || echo "no restic: only medsave restores"

# A day's data: a file that grows, one that stays, one of that day.
make_day() {
  local file
  mkdir -p data/letters
  for file in "log" "letters/day$1" "letters/unwanted"; do
    head -c $((20000 + RANDOM)) /dev/urandom >>"data/$file"
  done
  [ -e data/scan ] || head -c 100000 /dev/urandom >data/scan
}
# Without what `rewrite` leaves out.
without_unwanted() {
  touch -r "$1/letters" folder-time
  rm -f "$1/letters/unwanted"
  touch -r folder-time "$1/letters"
}
biggest() { find "$@" -type f -printf '%s %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2; }
forget_one() { "$MEDSAVE" -q --no-cache forget "$(medsave snapshots --json --tag "$1" | json-value /0/id)"; }
# A bit of the large file, which is more than half of the largest pack.
damage_large() {
  pack=$(biggest repo/data)
  flip "$pack" $(($(size "$pack") / 2))
}

# The first backup has one large file that the others lack; commands that repair lose it.
[ "$command" != migrate ] && version=2 || version=1
cheap-repository repo "$version"
make_day 0
head -c 400000 /dev/urandom >data/large
"$MEDSAVE" -q --no-cache backup --tag day0 --time "2026-10-10 20:00:00" data
rm data/large
for day in "${days[@]}"; do
  make_day "$day"
  "$MEDSAVE" -q --no-cache backup --tag "day$day" --time "2026-10-1$day 20:00:00" data
  cp -a data "day$day"
  [ "$command" != rewrite ] || without_unwanted "day$day"
done

# For each command its arguments, the state it finds, and `finished`: that it has done its work.
# Where a new snapshot was stored and the old one not yet deleted, the next run makes another.
# sound: when nothing is wrong with any snapshot, and `check` of both programs has to agree.
sound=always
case $command in
  forget)
    kept=(2)
    arguments=(forget --keep-last 1 --prune --max-unused 0)
    finished() { same "$(snapshots)" 1; }
    ;;
  prune)
    kept=(2)
    "$MEDSAVE" -q --no-cache forget --keep-last 1
    arguments=(prune --max-unused 0 --repack-small)
    finished() {
      expect 0 medsave prune --dry-run --max-unused 0
      says '^total prune: +0 blobs|^there is nothing to free$'
    }
    ;;
  tag)
    arguments=(tag --add red --remove nothing)
    finished() {
      same "$(snapshots --tag red)" "$(snapshots)"
    }
    ;;
  rewrite)
    arguments=(rewrite --forget --exclude unwanted)
    finished() {
      same "$(medsave -q find unwanted)" ""
    }
    ;;
  repair_index)
    # Of backups that nobody needs any more, a pack is missing and an index file.
    for tag in no-pack no-index; do
      find repo -type f | sort >before
      make_day 0
      "$MEDSAVE" -q --no-cache backup --tag $tag data
      find repo -type f | sort | comm -13 before - >$tag
      forget_one $tag
    done
    rm -f "$(grep repo/data/ no-pack | sed -n 1p)" "$(grep repo/index/ no-index)"
    sound=afterwards
    arguments=(repair index --read-all-packs)
    finished() {
      expect 0 medsave repair index --dry-run
      says "nothing was changed"
    }
    ;;
  repair_packs)
    damage_large
    sound=never
    arguments=(repair packs "$(basename "$pack")")
    finished() { [ ! -e "$pack" ] || fail "the damaged pack is still there"; }
    ;;
  repair_snapshots)
    damage_large
    "$MEDSAVE" -q --no-cache repair packs "$(basename "$pack")" 2>/dev/null
    sound=afterwards
    arguments=(repair snapshots --forget)
    finished() {
      expect 0 medsave check
    }
    ;;
  recover)
    forget_one day0
    arguments=(recover)
    finished() { same "$(snapshots --path /recover)" 1; }
    ;;
  copy)
    mv repo other
    cheap-repository repo 2
    export RESTIC_FROM_PASSWORD=$RESTIC_PASSWORD
    arguments=(copy --from-repo "$work/other")
    finished() { same "$(snapshots)" 3; }
    ;;
  migrate)
    arguments=(migrate upgrade_repo_v2)
    finished() { same "$(medsave cat config | tr -d '\n' | json-value /version)" 2; }
    ;;
  key_remove)
    cheap-repository --add-key repo 2
    key=$(medsave key list --json | tr '}' '\n' | grep '"current":false' | grep -o '[0-9a-f]\{64\}')
    arguments=(key remove "$key")
    finished() { same "$(files_in keys)" 1; }
    ;;
  key_passwd)
    kept=()  # a new key takes its time: `check` is enough
    echo other >other-password
    old_key=$(find repo/keys -type f)
    arguments=(key passwd --new-password-file "$work/other-password")
    finished() { [ ! -e "$old_key" ] || fail "the old key is still there"; }
    ;;
  *) fail "unknown: $command" ;;
esac

# Each worker has a folder and a repository of its own.
scene=$work
fresh() {
  rm -rf repo pack-*
  cp -al "$scene/repo" repo  # files are never changed in place
  export RESTIC_PASSWORD=$password
}
password=$RESTIC_PASSWORD
# Runs the command, below another one where that is given.
run_command() {
  run "$@" "$MEDSAVE" -q --no-cache "${arguments[@]}"
  if [ "$command" = key_passwd ] && [ ! -e "$old_key" ]; then export RESTIC_PASSWORD=other; fi
}
restorable() {
  local day
  for day in "${kept[@]}"; do
    # Copies arrive one after the other.
    if [ "$command" = copy ] && [ "$(snapshots --tag "day$day")" -eq 0 ]; then continue; fi
    rm -rf out
    expect 0 "$1" restore latest --tag "day$day" --target out
    [ "$command" != rewrite ] || without_unwanted out/data
    identical "$scene/day$day" out/data >/dev/null
  done
}
# survives WHEN N: what is to stay is there, WHEN the command was killed for the N-th time or has
# finished after that. `check --read-data` of either program follows each snapshot to its last blob
# and reads every pack, as a restore would. Restoring as well takes longer: after each kill medsave
# does, else each fifth time.
survives() {
  local when=$1 fifth=$(($2 % 5))
  case "$sound $when" in
    always* | "afterwards finished")
      expect 0 medsave check --read-data
      if [ "$when" = finished ] && [ $fifth -ne 0 ]; then return; fi
      restorable medsave
      [ -n "$has_restic" ] || return 0
      expect 0 restic check --read-data
      [ $fifth -ne 0 ] || restorable restic
      ;;
    *)
      restorable medsave
      [ -z "$has_restic" ] || restorable restic
      ;;
  esac
}
finish() {
  run_command
  case $status:$command in
    0:*) ;;
    1:key_remove | 1:repair_packs) ;;  # what was to go is gone already
    *) fail "ends with $status: $(cat stderr)" ;;
  esac
  finished
  if [ "$command" = forget ]; then  # which prunes only where it has forgotten
    expect 0 "$MEDSAVE" -q --no-cache prune --max-unused 0
    expect 0 medsave prune --dry-run --max-unused 0
    says '^total prune: +0 blobs|^there is nothing to free$'
  fi
}

step "$command runs to its end"
mkdir whole
(
  work=$scene/whole
  export RESTIC_REPOSITORY=$work/repo
  cd "$work" || exit
  fresh
  run_command kill-at 0
  [ "$status" -eq 0 ] || fail "ends with $status: $(cat stderr)"
  tail -n 1 stdout >"$scene/changes"
  fresh
  finish
  survives finished 0
)
changes=$(cat changes)
[ "$changes" -ge 5 ] || fail "only $changes changes"

# work_through FIRST: each worker makes every $workers-th kill. Each fifth time the next run is
# killed as well.
work_through() {
  local n
  work=$scene/worker-$1
  mkdir "$work"
  cd "$work" || exit
  export RESTIC_REPOSITORY=$work/repo
  for n in $(seq "$1" $workers "$kills"); do
    fresh
    run_command kill-at $(((n - 1) * changes / kills + 1 + RANDOM % (changes / kills + 1)))
    [ "$status" -ne 137 ] || echo "$n" >>killed
    survives killed "$n"
    if [ $((n % 5)) -eq 0 ]; then
      run_command kill-at $((1 + RANDOM % changes))
      survives killed "$n"
    fi
    finish
    survives finished "$n"
  done
}
step "$kills kills among $changes changes"
pids=()
for worker in $(seq $workers); do
  work_through "$worker" &
  pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
killed=$(cat worker-*/killed | wc -l)
echo "$killed of $kills were killed at work"
[ "$killed" -ge $((kills / 2)) ] || fail "too few were killed at work"
