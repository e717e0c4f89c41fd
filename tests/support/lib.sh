# Sourced by the test scripts of tests/e2e, tests/interop and tests/fault. CTest gives the programs
# by MEDSAVE and SUPPORT (the folder of treediff, special-tree, ...); RESTIC names the peer. By
# hand: MEDSAVE=build/release/bin/medsave tests/e2e/keys.sh
set -euo pipefail

MEDSAVE=$(realpath "${MEDSAVE:?the program to test}")
SUPPORT=$(realpath "${SUPPORT:-$(dirname "$MEDSAVE")}")
RESTIC=${RESTIC:-restic}
tests=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
source "$tests/support/processes.sh"
for variable in $(compgen -e MEDSAVE_) $(compgen -e RESTIC_); do
  case $variable in
    MEDSAVE_KILLS | MEDSAVE_CEPH | MEDSAVE_SWIFT | MEDSAVE_SEED | MEDSAVE_OPERATIONS | MEDSAVE_CLIENTS) ;;
    *) unset "$variable" ;;
  esac
done
export PATH="$SUPPORT:$PATH" TZ=UTC LC_ALL=C.UTF-8
unset LANGUAGE LANG

work=$(mktemp -d "${TMPDIR:-/tmp}/medsave-test.XXXXXX")
clean_up() {
  local code=$? pids
  pids=$(jobs -rp)  # only those that run: the number of one that has ended may be another's now
  [ -z "$pids" ] || kill -9 $pids 2>/dev/null || true
  wait
  if [ -e "$work/mount" ]; then umount "$work/mount" 2>/dev/null || true; fi
  cd /
  chmod -R u+rwX "$work" 2>/dev/null || true
  rm -rf "$work"
  [ $code -eq 0 ] || [ $code -eq 77 ] || echo "FAILED: $0, step \"$step\"" >&2
}
trap clean_up EXIT
trap 'echo "line ${BASH_LINENO[0]}: $BASH_COMMAND" >&2' ERR
cd "$work"

# The environment both programs read.
export RESTIC_PASSWORD=correct-horse RESTIC_REPOSITORY=$work/repo RESTIC_CACHE_DIR=$work/cache

medsave() { "$MEDSAVE" "$@"; }
restic() { command "$RESTIC" "$@"; }

# Says what is tested now; a failure names it.
step=start
step() {
  step=$1
  echo "== $1"
}
need_restic() { command -v "$RESTIC" >/dev/null || skip "no restic"; }

# run COMMAND...: runs it with its output in the files stdout and stderr and its exit status in $status.
run() {
  status=0
  "$@" >"$work/stdout" 2>"$work/stderr" || status=$?
}
# expect CODE COMMAND...
expect() {
  local wanted=$1
  shift
  run "$@"
  if [ "$status" -ne "$wanted" ]; then
    tail -n 40 "$work/stdout" "$work/stderr" >&2
    fail "exit status $status instead of $wanted: $*"
  fi
}
# What the last command wrote, to either stream, must (not) match an extended regular expression.
says() {
  grep -Eqie "$1" "$work/stdout" "$work/stderr" || {
    tail -n 40 "$work/stdout" "$work/stderr" >&2
    fail "does not say: $1"
  }
}
says_not() {
  if grep -Eie "$1" "$work/stdout" "$work/stderr" >&2; then fail "says: $1"; fi
}
same() { [ "$1" = "$2" ] || fail "${3:-different}: \"$1\" is not \"$2\""; }

# Values from the JSON lines the last command wrote: json [--type T] [--count] POINTER
json() { json-value "$@" <"$work/stdout" || fail "no $* in the output: $(tail -n 3 "$work/stdout")"; }
summary() { json --type summary "/$1"; }
# backup CODE ARGUMENTS...: a backup with --json; the snapshot's id is in $snapshot afterwards.
backup() {
  local wanted=$1
  shift
  expect "$wanted" medsave --json backup "$@"
  snapshot=$(json-value --type summary /snapshot_id <"$work/stdout" || true)
}
snapshots() { medsave --json snapshots "$@" | json-value --count ""; }
files_in() { find "$RESTIC_REPOSITORY/$1" -type f | wc -l; }
# Whether there is a lock; what is still being written has a longer name, in either program.
locked() { find "${1:-$RESTIC_REPOSITORY}/locks" -type f -regextype egrep -regex '.*/[0-9a-f]{64}' | found .; }
identical() { treediff --no-sockets "$@" || fail "the trees differ: $*"; }
# How the paths of a snapshot look, one line each, sorted.
paths_of() { medsave ls -q "$@" | grep '^/' | LC_ALL=C sort; }
# The program to test where everybody may run it: it may have been built where only root may look.
program_for_all() {
  [ -x "$work/program" ] || install -m 755 "$MEDSAVE" "$work/program"
  echo "$work/program"
}
# As somebody who is not root and whose permissions therefore count. The caller opens "$work" to
# everybody.
as_user() {
  if [ "$(id -u)" -ne 0 ]; then
    "$@"
    return
  fi
  if [ "$1" = "$MEDSAVE" ]; then set -- "$(program_for_all)" "${@:2}"; fi
  setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$work" "$@"
}
