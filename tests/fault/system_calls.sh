# The operating system refuses a call: sync, write, rename, open. The backup fails and leaves what
# was there intact, or the call did not matter and everything is there.
source "$(dirname "$0")/../support/lib.sh"
command -v strace >/dev/null || skip "no strace"
strace -f -qq -o /dev/null -e inject=fsync:error=EIO true 2>/dev/null || skip "strace may not trace"
medsave -q init
practice-data old --scale 0.003
practice-data new --scale 0.008 --seed 3
medsave -q backup old
cp -a repo sound

injected=0
# refuse CALL ERROR WHEN: a backup in which the kernel refuses one call of each thread.
refuse() {
  rm -rf repo
  cp -a sound repo
  step "$1 fails with $2, $3"
  run timeout 120 strace -f -qq -o trace -e "trace=$1" -e "inject=$1:error=$2:when=$3" \
    "$MEDSAVE" -q backup new
  if ! grep -q INJECTED trace; then
    echo "no such call"
    return
  fi
  local code=$status
  injected=$((injected + 1))
  if [ "$code" -ne 0 ] && [ "$1" != write ]; then
    [ -s stderr ] || fail "fails without a message"
  fi
  expect 0 medsave check --read-data
  if [ "$code" -eq 0 ]; then
    expect 0 medsave restore latest --path "$work/new" --target out
    identical new out/new
  else
    expect 0 medsave restore latest --path "$work/old" --target out
    identical old out/old
  fi
  rm -rf out
  expect 0 medsave backup new
}

for call in fsync fdatasync syncfs; do
  refuse $call EIO 1
  refuse $call EIO 2
done
[ "$injected" -gt 0 ] || fail "a backup that never syncs"
before=$injected
for call in write pwrite64; do
  refuse $call ENOSPC 1
  refuse $call EIO 4
done
[ "$injected" -gt "$before" ] || fail "a backup that never writes"
before=$injected
for call in rename renameat renameat2; do
  refuse $call EACCES 1
  refuse $call EIO 2
done
[ "$injected" -gt "$before" ] || fail "a backup that never renames"

for error in EOPNOTSUPP EIO ENOMEM; do
  step "restore: writing past the page cache fails with $error, so it goes through it"
  rm -rf out
  expect 0 strace -f -qq -o trace -e trace=pwritev2 -e "inject=pwritev2:error=$error" \
    "$MEDSAVE" -q restore latest --path "$work/new" --target out
  grep -q INJECTED trace || fail "a restore that never does that"
  identical new out/new
done

step "restore: a medium that keeps the writers waiting is written through the page cache"
rm -rf out
pieces=$(grep -c INJECTED trace)
[ "$pieces" -ge 10 ] || fail "too few large pieces: $pieces"
expect 0 strace -f -qq -o trace -e trace=pwritev2 -e inject=pwritev2:delay_exit=300000 \
  "$MEDSAVE" -q restore latest --path "$work/new" --target out
direct=$(grep -c DELAYED trace)
echo "$direct of $pieces"
[ "$direct" -lt $((pieces / 2)) ] || fail "$direct of $pieces large pieces waited for the medium"
identical new out/new

for error in EACCES EPERM EOPNOTSUPP EINVAL ENOSYS; do
  step "a medium that answers $error to modes is as good as another"
  rm -rf repo out
  expect 0 strace -f -qq -o trace -e trace=fchmod,fchmodat \
    -e "inject=fchmod,fchmodat:error=$error" "$MEDSAVE" -q init --force
  grep -q "fchmodat.*INJECTED" trace || fail "no folder gets a mode"
  expect 0 strace -f -qq -o trace -e trace=fchmod -e "inject=fchmod:error=$error" \
    "$MEDSAVE" -q backup old
  [ "$(grep -c INJECTED trace)" -ge 4 ] || fail "no files get a mode"
  expect 0 medsave check --read-data
done

# told ERROR TEXT...: what the message about a failed write says.
told() {
  step "a write that fails with $1 is told in words"
  expect 1 strace -f -qq -o trace -e trace=renameat -e "inject=renameat:error=$1" \
    "$MEDSAVE" -q backup new
  says "$2"
  says "$work/repo"
  expect 0 medsave check
}
told EIO "drive may be failing"
told ENOSPC "is full"
told EDQUOT "is full"
told EROFS "write-protected"
