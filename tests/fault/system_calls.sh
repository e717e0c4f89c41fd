# The operating system refuses: fsync, write, rename, open. The backup fails, says why, and leaves
# what was there intact.
source "$(dirname "$0")/../support/lib.sh"
command -v strace >/dev/null || skip "no strace"
strace -o /dev/null -e inject=fsync:error=EIO true 2>/dev/null || skip "strace may not trace here"
medsave -q init
practice-data old --scale 0.003
practice-data new --scale 0.01 --seed 3
medsave -q backup old
cp -a repo sound

# refuse CALLS ERROR WHEN: a backup during which the kernel refuses.
refuse() {
  rm -rf repo
  cp -a sound repo
  step "$1 fails with $2 ($3)"
  run timeout 120 strace -f -qq -o trace -e trace="$1" -e inject="$1:error=$2:when=$3" \
    -P "$work/repo" "$MEDSAVE" -q backup new
  # -P narrows the injection to the repository; a call that was never made proves nothing.
  if ! grep -q INJECTED trace; then
    echo "no such call"
    return
  fi
  injected=$((injected + 1))
  if [ "$status" -eq 0 ]; then
    # Only what does not matter may be ignored: then everything is there.
    expect 0 medsave check --read-data
  else
    [ -s stderr ] || fail "no message"
    expect 0 medsave check --read-data
    expect 0 medsave restore latest --path "$work/old" --target out
    identical old out/old
    rm -rf out
  fi
  expect 0 medsave backup new
  expect 0 medsave check
}
injected=0
