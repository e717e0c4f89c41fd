# Sourced by lib.sh and tests/bench/remote: what the scripts that start servers call.
fail() {
  echo "$*" >&2
  exit 1
}
skip() {
  echo "skipped: $*"
  exit 77
}
need_root() { [ "$(id -u)" -eq 0 ] || skip "needs root"; }
# Waits until a command succeeds, 20 seconds at most.
wait_for() {
  local end=$((SECONDS + 21))
  while [ $SECONDS -lt $end ]; do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  fail "waited in vain for: $*"
}
# Whether the standard input matches: found [GREP OPTIONS] PATTERN. It is read to its end; grep -q
# ends at the first match, and the program that still writes with a signal, which counts as failed.
found() { [ -n "$(grep "$@")" ]; }
# kill -9, without the shell's remark.
kill_hard() {
  { kill -9 "$1" && wait "$1"; } 2>/dev/null || true
}
