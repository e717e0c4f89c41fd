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

step "what is done with each file stands in a column, in any language"
for language in en fr; do
  rm -rf out && medsave -q restore latest --target out
  find out -type f | head -n 1 | while read -r file; do echo changed >"$file"; done
  expect 0 medsave --lang $language restore latest --target out --dry-run -vv
  same "$(grep -E ' /' stdout | grep -vE '^(rest|Rest)' | sed 's| /.*||' | awk '{ print length($0) }' | sort -u | wc -l)" 1 \
    "widths of the first column"
done
rm -rf out

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
only --include '*.txt' --include nothing-like-this >/dev/null
says "nothing in the snapshot matches the pattern nothing-like-this"
says_not "nothing was restored"
only --include nothing-like-this --iinclude other >/dev/null
says "matches the pattern nothing-like-this"
says "matches the pattern other"
says "nothing was restored.*medsave find"
expect 0 medsave restore latest:/src --target out --exclude /src/docs --exclude nothing-like-this
says "nothing in the snapshot matches the pattern /src/docs"
says_not nothing-like-this

step "newer files are told of before they are overwritten, unless that was chosen"
fresh
echo new >out/src/docs/1.txt
expect 0 medsave restore latest --target out --dry-run
says "1 file of the target is newer than in the snapshot and would be replaced: out/src/docs/1\.txt\. To keep such"
expect 0 medsave --as-restic restore latest --target out/ --dry-run
says "would be replaced: out/src/docs/1\.txt\."
expect 0 medsave restore latest --target out --overwrite always
says_not newer
echo new >out/src/docs/1.txt
expect 0 medsave restore latest --target out
says "1 file of the target is newer than in the snapshot and is replaced: out/src/docs/1\.txt$"

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

step "a link in the place of a folder that only leads to what was saved"
mkdir -p elsewhere/practice && echo a >elsewhere/practice/a && ln -s elsewhere way
medsave -q backup "$work/way/practice"
way=$(medsave --json snapshots latest | json-value /0/id)
expect 1 medsave restore "$way:$work" --target "$work"
says "way is no folder here .* nothing was restored there"
same "$(readlink way)" elsewhere
rm elsewhere/practice/a
expect 0 medsave restore "$way:$work/way/practice" --target way/practice
same "$(cat elsewhere/practice/a)" a
medsave -q forget "$way"

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

step "what no pattern selects is not removed, not even for a folder on the way"
mkdir -p errand/letters && echo 1 >errand/letters/1 && echo 2 >errand/letters/2
export RESTIC_REPOSITORY=$work/errand-repo
medsave -q init
medsave -q backup errand
mkdir -p errand-out/errand && echo "mine" >errand-out/errand/letters
for options in "" "--dry-run"; do
  # shellcheck disable=SC2086
  expect 1 medsave restore latest --target errand-out --include letters/2 $options
  says "letters is no folder here and was not chosen"
  same "$(cat errand-out/errand/letters)" mine
done
expect 0 medsave restore latest --target errand-out --include letters
same "$(cat errand-out/errand/letters/2)" 2
export RESTIC_REPOSITORY=$work/repo

step "a target that cannot be written"
as_user true
mkdir -p closed && chmod 555 closed
if [ "$(id -u)" -ne 0 ]; then
  expect 1 medsave restore latest --target closed
fi
echo file >target-file
expect 1 medsave restore latest --target target-file

step "a folder that is restored as the target keeps its own metadata"
rm -rf out other src/docs/new
chmod 2750 src/docs && touch -d '2023-05-06 07:08:09' src/docs
medsave -q backup src
for target in out empty; do
  [ $target = out ] || mkdir $target
  expect 0 medsave restore latest:src/docs --target $target
  same "$(stat -c '%a %Y %u %g' $target)" "$(stat -c '%a %Y %u %g' src/docs)" "of the target"
done
mkdir other && echo mine >other/mine && chmod 700 other
expect 0 medsave restore latest:src/docs --target other
same "$(stat -c %a other)" 700 "of a folder with something in it"
rm -rf out && mkdir -m 1700 out && echo part >out/part  # as an interrupted restore leaves it
expect 0 medsave restore latest:src/docs --target out
same "$(stat -c '%a %Y' out)" "$(stat -c '%a %Y' src/docs)" "of a target that a second run completes"
rm -rf out && mkdir -m 755 out
expect 0 medsave restore latest:src/docs --target out --dry-run
same "$(stat -c %a out)" 755 "of a dry run"
rm -rf out && expect 0 medsave restore latest:src/docs --target out --include '1.txt'
same "$(stat -c %a out)" 700 "of a folder that is restored in part"

if [ "$(id -u)" -eq 0 ]; then
  step "setuid and setgid do not outlive their owner"
  echo program >src/program && chmod 6755 src/program
  medsave -q backup src
  chmod 755 "$work" && chmod -R a+rX repo && mkdir -m 777 theirs
  expect 0 as_user "$MEDSAVE" --no-lock --no-cache restore latest --target theirs/out --include src/program
  says "1 file lost its setuid and setgid bits"
  same "$(stat -c %a theirs/out/src/program)" 755
  rm -rf out && expect 0 medsave restore latest --target out
  same "$(stat -c %a out/src/program)" 6755

  step "somebody else's file is replaced, since it could not be marked while it is incomplete"
  rm -rf theirs && mkdir -m 777 theirs
  head -c 3000000 /dev/urandom >src/shared && echo same >src/as-is && chmod 666 src/shared src/as-is
  medsave -q backup src
  chmod -R a+rX repo
  mkdir -m 777 theirs/src && cp -p src/shared src/as-is theirs/src
  printf changed | dd of=theirs/src/shared conv=notrunc status=none
  before=$(stat -c %i theirs/src/as-is)
  run as_user "$MEDSAVE" --no-lock --no-cache restore latest --target theirs --include shared --include as-is
  cmp src/shared theirs/src/shared
  same "$(stat -c %u theirs/src/shared)" 65534 "whose the file is"
  same "$(stat -c '%i %u' theirs/src/as-is)" "$before 0" "a file that is right"

  step "a hard link over the border of a file system becomes a copy"
  rm -rf out && mkdir -p linked/a linked/b && head -c 3000000 /dev/urandom >linked/a/one
  ln linked/a/one linked/b/two && chmod 640 linked/a/one && chown 1234:1234 linked/a/one
  medsave -q backup linked
  mkdir -p out/linked/b
  if mount -t tmpfs none out/linked/b 2>/dev/null; then
    run medsave restore latest --target out --verify
    cmp linked/b/two out/linked/b/two && copied=$(stat -c '%a %u %Y' out/linked/b/two) || copied=
    umount out/linked/b
    same "$status" 0
    says "the target refused a hard link: 1 file was written as a copy"
    says "verified the content of 2 files"
    same "$copied" "$(stat -c '%a %u %Y' linked/b/two)"
  fi

  step "what one entry refuses is an error where the file system could"
  rm -rf out && expect 0 medsave restore latest --path "$work/src" --target out
  if chattr +i out/src/docs 2>/dev/null; then
    run medsave restore latest --path "$work/src" --target out
    chattr -i out/src/docs
    same "$status" 1
    says "error: out/src/docs: cannot set the [a-z]+ of docs: "
    says_not "the target cannot keep"
    same "$(find out -name '.medsave*')" "" "of the trial"
  fi
fi
