# Network and FUSE file systems report at close that data did not arrive or that a quota is
# exceeded. Each close of a file that a command stores fails once: the command says so, the file is
# neither there under its final name nor left behind, and the repository is sound.
source "$(dirname "$0")/../support/lib.sh"
command -v strace >/dev/null || skip "no strace"
strace -f -qq -o /dev/null -e inject=close:error=EIO:when=200 true 2>/dev/null ||
  skip "strace may not trace"
errors=(EIO EDQUOT ENOSPC)
count=0

# traced OPTION... COMMAND...: with the paths of what is closed in the file trace.
traced() { strace -f -qq -y -o trace -e trace=close "$@"; }
# fresh STATE: the repository as it was.
fresh() {
  rm -rf repo cache
  if [ -e "$1" ]; then cp -a "$1" repo; fi
}
# numbers FOLDER: which close of its thread each one of a file stored below FOLDER is.
numbers() {
  awk -v folder="<$work/$1/" '/ close\(/ {
    n[$1]++
    if (index($0, folder) && $0 ~ /-tmp-[0-9]*>/) print n[$1]
  }' trace | sort -nu
}
# failed FOLDER: final names of the files below it whose close failed.
failed() { grep INJECTED trace | grep -o "$work/$1/[^>]*-tmp-" | sed 's/-tmp-$//'; }
# fails STATE COMMAND...: with one close failing at a time.
fails() {
  local state=$1 n error found=0 name
  shift
  step "$*"
  fresh "$state"
  traced "$MEDSAVE" -q --no-cache "$@" >/dev/null 2>&1 || fail "fails without a fault"
  for n in $(numbers repo); do
    fresh "$state"
    error=${errors[count % 3]}
    run traced -e "inject=close:error=$error:when=$n" "$MEDSAVE" -q --no-cache "$@"
    failed repo >names || continue  # another thread was faster this time
    found=$((found + 1))
    count=$((count + 1))
    # A full medium is what prune comes for: with the space kept for it, it tries its lock again.
    if [ "$1 $status" != "prune 0" ] || [ $error = EIO ] || ! grep -q /locks/ names; then
      [ "$status" -eq 1 ] || fail "exit status $status when close $n failed with $error"
      says "cannot finish writing"
    fi
    while read -r name; do
      # The config is replaced; then the old one must be there.
      [ ! -e "$name" ] || cmp -s "$name" "$state/${name#"$work/repo/"}" ||
        fail "stored although its close failed: $name"
    done <names
    same "$(find repo -name '*-tmp-*')" "" "left behind"
    [ -e repo/config ] || continue
    rm -f repo/locks/*
    expect 0 medsave --no-cache check --read-data
  done
  echo "$found closes"
  [ "$found" -gt 0 ] || fail "no close of a stored file failed"
}

echo other >other
mkdir data
head -c 200000 /dev/urandom >data/file
for version in 1 2; do
  cheap-repository repo $version
  medsave -q --no-cache backup data
  mv repo version$version
done
head -c 200000 /dev/urandom >data/more
cp -a version2 repo
medsave -q --no-cache backup data
medsave -q --no-cache forget --keep-last 1
mv repo forgotten

fails nothing init
fails version2 backup data
fails version2 tag --add red
fails version2 key add --new-password-file "$work/other"
fails version1 migrate upgrade_repo_v2
fails forgotten prune --max-unused 0 --repack-small

step "what the cache cannot hold is not kept there, and does not matter"
fresh version2
traced "$MEDSAVE" -q backup data
kept=0
for n in $(numbers cache); do
  fresh version2
  run traced -e "inject=close:error=EIO:when=$n" "$MEDSAVE" -q backup data
  failed cache >names || continue
  [ "$status" -eq 0 ] || failed repo >/dev/null || fail "exit status $status"
  while read -r name; do
    [ ! -e "$name" ] || fail "kept although its close failed: $name"
    kept=$((kept + 1))
  done <names
done
[ "$kept" -gt 0 ] || fail "no close of a cached file failed"

step "what is dumped to a file or to standard output"
fresh version2
expect 0 traced "$MEDSAVE" -q --no-cache dump latest /data/file --target "$work/dumped"
n=$(awk -v name="<$work/.medsave-" '/ close\(/ { n[$1]++; if (index($0, name)) print n[$1] }' trace | tail -n 1)
for _ in 1 2 3 4 5; do
  echo before >dumped
  run traced -e "inject=close:error=EDQUOT:when=$n" \
    "$MEDSAVE" -q --no-cache dump latest /data/file --target "$work/dumped"
  ! grep INJECTED trace | grep -qF "<$work/.medsave-" || break  # else another thread was faster
done
same "$status" 1
says "cannot finish writing"
same "$(cat dumped*)" before
same "$(find . -maxdepth 1 -name '.medsave-*')" ""
code=0
strace -f -qq -y -P "$work/piped" -o trace -e trace=close -e inject=close:error=EDQUOT \
  "$MEDSAVE" -q --no-cache dump latest /data/file >piped 2>stderr || code=$?
same $code 1 "exit status"
says "cannot finish writing"
