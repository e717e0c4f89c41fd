# Restoring over what is there: what is written, kept, deleted, and only that.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init
mkdir -p src/docs src/pictures
for i in 1 2 3; do echo "letter $i" >"src/docs/$i.txt"; head -c 100000 /dev/urandom >"src/pictures/$i.jpg"; done
head -c 6000000 /dev/urandom >src/large
find src -exec touch -h -d '2024-03-01 10:00:00' {} +
medsave -q backup src
fresh() { rm -rf out; medsave -q restore latest --target out; }
inode() { stat -c %i:%y "out/src/$1"; }

step "--overwrite always, the default: everything as it was"
fresh
echo changed >out/src/docs/1.txt
touch -d '2024-03-01 10:00:00' out/src/docs/1.txt
printf X | dd of=out/src/large bs=1 seek=3000000 conv=notrunc status=none
rm out/src/docs/2.txt
ln -s /etc/passwd out/src/docs/2.txt
rm -r out/src/pictures && echo file >out/src/pictures
expect 0 medsave restore latest --target out
identical src out/src
expect 1 medsave restore latest --target out --overwrite sometimes

step "if-changed trusts size and time"
fresh
printf 'letter X\n' >out/src/docs/1.txt
touch -d '2024-03-01 10:00:00' out/src/docs/1.txt
echo longer than before >out/src/docs/2.txt
touch -d '2024-03-01 10:00:00' out/src/docs/2.txt
expect 0 medsave restore latest --target out --overwrite if-changed
same "$(cat out/src/docs/1.txt)" "letter X" "kept: same size and time"
same "$(cat out/src/docs/2.txt)" "letter 2" "restored: other size"

step "if-newer and never"
fresh
echo newer >out/src/docs/1.txt
echo older >out/src/docs/2.txt && touch -d 2020-01-01 out/src/docs/2.txt
expect 0 medsave restore latest --target out --overwrite if-newer
same "$(cat out/src/docs/1.txt)" newer
same "$(cat out/src/docs/2.txt)" "letter 2"
echo mine >out/src/docs/2.txt && rm out/src/docs/3.txt
expect 0 medsave restore latest --target out --overwrite never
same "$(cat out/src/docs/2.txt)" mine
same "$(cat out/src/docs/3.txt)" "letter 3"

step "only what differs is written"
# Only root sees into medsave, which keeps secrets in its memory.
if [ "$(id -u)" -eq 0 ] && command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
  fresh
  printf X | dd of=out/src/large bs=1 seek=3000000 conv=notrunc status=none
  rm -f trace.*
  # A file for each thread, in which a call stands in one line.
  strace -ff -e trace=pwrite64,write,pwritev,pwritev2,writev -y -o trace \
    "$MEDSAVE" -q restore latest --target out
  cat trace.* >trace
  # The chunks of a large file are 8 MiB at most; the unchanged ones must not be written.
  written=$(grep -E 'src/large' trace | sed -n 's/.*= \([0-9]*\)$/\1/p' | awk '{ sum += $1 } END { print sum + 0 }')
  [ "$written" -gt 0 ] || fail "the change was not written"
  same "$(grep -c 'pictures' trace || true)" 0 "writes to unchanged files"
  identical src out/src
fi

step "--delete removes what the snapshot lacks, and nothing else"
fresh
mkdir out/src/extra && echo e >out/src/extra/e && echo stray >out/src/docs/stray
expect 0 medsave restore latest --target out
[ -e out/src/docs/stray ] || fail "deleted without being asked"
expect 0 medsave restore latest --target out --delete --dry-run
[ -e out/src/docs/stray ] || fail "a dry run deleted"
expect 0 medsave restore latest --target out --delete
identical src out/src
echo stray >out/src/docs/stray.txt && echo stray >out/src/pictures/stray.jpg
expect 0 medsave restore latest --target out --delete --include 'src/docs'
[ ! -e out/src/docs/stray.txt ] && [ -e out/src/pictures/stray.jpg ] ||
  fail "--delete with --include: $(find out)"

step "--dry-run writes nothing"
rm -rf out
expect 0 medsave restore latest --target out --dry-run
[ ! -e out/src ] || fail "a dry run wrote"

step "--include, --exclude and their files"
names() { (cd out && find . -type f | LC_ALL=C sort | tr '\n' ' '); }
only() { rm -rf out; expect 0 medsave restore latest --target out "$@"; names; }
same "$(only --include '*.txt')" "./src/docs/1.txt ./src/docs/2.txt ./src/docs/3.txt "
same "$(only --include src/docs/1.txt)" "./src/docs/1.txt "
same "$(only --iinclude '1.JPG')" "./src/pictures/1.jpg "
same "$(only --exclude pictures --exclude large)" "./src/docs/1.txt ./src/docs/2.txt ./src/docs/3.txt "
same "$(only --iexclude '*.TXT' --iexclude LARGE --exclude '[12].jpg')" "./src/pictures/3.jpg "
printf '*.txt\n# no\n' >patterns
same "$(only --include-file patterns)" "./src/docs/1.txt ./src/docs/2.txt ./src/docs/3.txt "
same "$(only --exclude-file patterns --exclude large)" \
  "./src/pictures/1.jpg ./src/pictures/2.jpg ./src/pictures/3.jpg "
expect 1 medsave restore latest --target out --include a --exclude b

step "--verify"
same "$(only --verify)" "$(cd "$work" && find ./src -type f | LC_ALL=C sort | tr '\n' ' ')"
fresh
expect 0 medsave restore latest --target out --verify --overwrite never
identical src out/src

step "symbolic links in the target do not lead outside"
rm -rf out outside && mkdir -p out/src outside
ln -s "$work/outside" out/src/docs
expect 0 medsave restore latest --target out
same "$(find outside -type f | wc -l)" 0 "files outside"
identical src out/src

step "owners by name"
if [ "$(id -u)" -eq 0 ]; then
  fresh
  expect 0 medsave restore latest --target out --ownership-by-name
  identical src out/src
fi

step "extended attributes by pattern"
if setfattr -n user.a -v 1 src/large 2>/dev/null && setfattr -n user.b -v 2 src/large; then
  medsave -q backup src
  only --include-xattr user.a >/dev/null
  same "$(getfattr -m - --absolute-names out/src/large | grep -c '^user')" 1
  only --exclude-xattr 'user.*' >/dev/null
  same "$(getfattr -m - --absolute-names out/src/large | grep -c '^user' || true)" 0
fi

step "a target that cannot be written"
as_user true
mkdir -p closed && chmod 555 closed
if [ "$(id -u)" -ne 0 ]; then
  expect 1 medsave restore latest --target closed
fi
echo file >target-file
expect 1 medsave restore latest --target target-file
