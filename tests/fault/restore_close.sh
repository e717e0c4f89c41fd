# Restore says success only when the data is safe: a close that fails, a file system that cannot be
# synced. And --verify reads what the medium has.
source "$(dirname "$0")/../support/lib.sh"
command -v strace >/dev/null || skip "no strace"
strace -f -qq -o /dev/null -e inject=fsync:error=EIO true 2>/dev/null || skip "strace may not trace"
medsave -q init
mkdir src
for i in 1 2 3 4 5 6; do echo "letter $i" >src/$i.txt; done
: >src/empty
head -c 20000000 /dev/urandom >src/large
medsave -q backup "$work/src"
from=latest:$work/src

# traced OPTIONS... -- RESTORE OPTIONS...: a file for each thread, in which a call stands in one line.
traced() {
  local options=()
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  rm -rf out trace.*
  run timeout 120 strace -ff -qq -y -o trace "${options[@]}" "$MEDSAVE" restore "$from" --target out "$@"
}

for error in EDQUOT EIO ENOSPC; do
  for name in 3.txt empty large; do
    for verify in '' --verify; do
      step "close of $name fails with $error $verify"
      rm -f trace.*
      run timeout 120 strace -ff -qq -y -o trace -P "$work/out/$name" -e trace=close \
        -e "inject=close:error=$error" "$MEDSAVE" restore "$from" --target out $verify
      grep -qs INJECTED trace.* || fail "no such close"
      same "$status" 1
      says "/$name: "
      says "There was 1 error"
      for i in 1 2 4 5 6; do same "$(cat out/$i.txt)" "letter $i"; done
      rm -rf out
    done
  done
done

step "the close of a file that is corrected in place"
medsave -q restore "$from" --target out
printf X | dd of=out/large bs=1 seek=10000000 conv=notrunc status=none
rm -f trace.*
run timeout 120 strace -ff -qq -y -o trace -P "$work/out/large" -e trace=close \
  -e inject=close:error=EIO "$MEDSAVE" restore "$from" --target out
same "$status" 1
says "/large: "

step "the file system cannot be made durable"
traced -e trace=syncfs -e inject=syncfs:error=EIO -- 
grep -q INJECTED trace.* || fail "a restore that never syncs"
same "$status" 1
says "not everything that was restored is safe"
diff -r src out
same "$(stat -c %a out/1.txt)" 1600 "what may be lost is not taken for complete"
expect 0 medsave restore "$from" --target out --overwrite if-changed
identical src out

step "a power cut before the content is safe, and --overwrite if-changed"
for options in '' --verify; do
  rm -rf out trace.*
  # shellcheck disable=SC2086
  run strace -f -qq -o trace -e trace=syncfs -e inject=syncfs:signal=SIGKILL:when=1 \
    "$MEDSAVE" restore "$from" --target out $options
  same "$status" 137
  # Names, sizes and times have survived, the content has not.
  for file in out/[1-6].txt out/large; do
    touch -r $file time
    size=$(stat -c %s $file)
    truncate -s 0 $file && truncate -s "$size" $file
    touch -r time $file
  done
  for overwrite in never if-newer if-changed; do
    rm -rf again && cp -a out again
    expect 0 medsave restore "$from" --target again --overwrite $overwrite
    chmod --reference=src again && touch -r src again  # of a target that was there
    identical src again
  done
done

step "--no-sync leaves it out"
traced -e trace=syncfs,fsync,fdatasync -- --no-sync
same "$status" 0
if cat trace.* | grep -E "sync.*$work/out"; then fail "synced"; fi
identical src out

step "--verify reads from the medium: everything is synced, dropped from memory, then read"
traced -r -e trace=syncfs,fadvise64,pread64 -- --verify
same "$status" 0
[ "$(cat trace.* | grep -c syncfs)" -ge 1 ] || fail "not synced before"
for name in 1.txt 6.txt empty large; do
  # The thread that read the file back dropped it first.
  file=$(grep -lE "fadvise64\(.*$work/out/$name>.*POSIX_FADV_DONTNEED" trace.*) || fail "not dropped: $name"
  last=$(grep -nE "fadvise64\(.*out/$name>" $file | tail -n 1 | cut -d: -f1)
  read=$(grep -nE "pread64\(.*out/$name>" $file | tail -n 1 | cut -d: -f1 || true)
  [ "$name" = empty ] || [ "$read" -gt "$last" ] || fail "$name was read before it was dropped"
done
step "--verify with --no-sync makes each file durable itself"
traced -e trace=fdatasync,fsync,syncfs -- --verify --no-sync
same "$status" 0
for name in 1.txt 6.txt large; do
  grep -qE "sync\(.*out/$name>" trace.* || fail "$name was read from memory"
done
