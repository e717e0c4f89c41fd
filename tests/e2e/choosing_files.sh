# Which files a backup takes: excludes in all forms, lists of files, roots.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init
mkdir -p src/keep/sub src/cache src/nested/.git src/photos src/tagged
for name in keep/a.txt keep/b.TXT keep/c.tmp keep/sub/deep.tmp keep/sub/d.txt cache/x nested/.git/y \
            nested/z photos/p.JPG 'keep/[odd]*.txt' tagged/in-tagged; do
  echo "$name" >"src/$name"
done
head -c 300000 /dev/zero >src/large
printf 'Signature: 8a477f597d28d172789f06886806bc55\nrest' >src/cache/CACHEDIR.TAG
echo marker >src/tagged/.nobackup

# saved ARGUMENTS: the paths below src that a backup with them has.
saved() {
  expect 0 medsave -q backup "$@"
  medsave ls -q latest | sed -n 's|^/src/||p' | LC_ALL=C sort | tr '\n' ' '
}
everything="cache cache/CACHEDIR.TAG cache/x keep keep/[odd]*.txt keep/a.txt keep/b.TXT keep/c.tmp keep/sub keep/sub/d.txt keep/sub/deep.tmp large nested nested/.git nested/.git/y nested/z photos photos/p.JPG tagged tagged/.nobackup tagged/in-tagged "
# without PATTERN: everything but the lines that match.
without() { tr ' ' '\n' <<<"$everything" | grep -Ev "^(.*/)?($1)\$" | grep . | tr '\n' ' '; }

step "without excludes"
same "$(saved src)" "$everything"

step "--exclude: names, paths, **, negation, character classes"
same "$(saved src --exclude '*.tmp')" "$(without '.*\.tmp')"
same "$(saved src -e 'keep/sub')" "$(without 'keep/sub|keep/sub/.*')"
same "$(saved src -e "$work/src/keep/*.txt")" "$(without 'keep/a.txt|keep/\[odd\]\*.txt')"
same "$(saved src -e 'src/**/*.tmp')" "$(without '.*\.tmp')"
same "$(saved src -e '*.tmp' -e '!deep.tmp')" "$(without 'keep/c.tmp')"
same "$(saved src -e '\[odd\]*')" "$(without 'keep/\[odd\]\*.txt')"
same "$(saved src -e '[ab].*')" "$(without 'keep/[ab]\.[txTX]+')"
expect 1 medsave backup src --exclude '[a'

step "--iexclude, --exclude-file, --iexclude-file"
same "$(saved src --iexclude '*.TXT')" "$(without '.*\.(txt|TXT)')"
printf '# comment\n\n*.tmp\n  nested  \n$HOME_OF_TEST/photos\n' >excludes
export HOME_OF_TEST=$work/src
same "$(saved src --exclude-file excludes)" "$(without '.*\.tmp|nested|nested/.*|photos|photos/.*')"
printf '*.jpg\n' >iexcludes
same "$(saved src --iexclude-file iexcludes)" "$(without 'photos/p.JPG')"
expect 1 medsave backup src --exclude-file no-such-file

step "--exclude-caches, --exclude-if-present, --exclude-larger-than"
same "$(saved src --exclude-caches)" "$(without 'cache/x')"
same "$(saved src --exclude-if-present .nobackup)" "$(without 'tagged/in-tagged')"
same "$(saved src --exclude-if-present '.nobackup:mark')" "$(without 'tagged/in-tagged')"
same "$(saved src --exclude-if-present '.nobackup:other')" "$everything"
same "$(saved src --exclude-larger-than 200k)" "$(without 'large')"
same "$(saved src --exclude-larger-than 1M)" "$everything"

step "a target is never excluded by a pattern, what is in it may be"
expect 3 medsave -q backup src --exclude src
says 'src: nothing of this source is saved, because the pattern .*src.* excludes it'
same "$(paths_of latest)" /src
expect 3 medsave -q backup src/keep --exclude src
same "$(paths_of latest | tr '\n' ' ')" "/src /src/keep "
(cd src && medsave -q backup . --exclude keep)
same "$(paths_of latest | grep -c keep || true)" 0

step "--files-from: patterns, comments, several roots"
printf '# comment\n%s/src/keep/*.txt\n\n%s/src/photos\n' "$work" "$work" >list
expect 0 medsave -q backup --files-from list
same "$(paths_of latest | grep -c '\.txt$\|JPG$')" 3 "files"
step "--files-from-verbatim"
printf '%s\n' "$work/src/keep/[odd]*.txt" '# none' >verbatim
echo 'named # none' >'# none'
expect 0 medsave -q backup --files-from-verbatim verbatim
same "$(paths_of latest | grep -cF -e '[odd]*.txt' -e '# none')" 2
step "--files-from-raw, also from standard input"
printf '%s\0' "$work/src/keep/a.txt" "$work/src/large" >raw
expect 0 medsave -q backup --files-from-raw raw
same "$(paths_of latest | grep -c 'a.txt$\|large$')" 2
medsave -q backup --files-from-raw - <raw
same "$(snapshots)" "$(files_in snapshots)"
: >empty
expect 1 medsave backup --files-from empty
expect 1 medsave backup --files-from no-such-list
expect 1 medsave backup

step "roots: merged, with .., missing"
mkdir -p other/src
echo other >other/src/o
expect 0 medsave -q backup src other/../other/src/o src/keep
paths_of latest >listed
grep -qx /other/src/o listed && grep -qx /src/large listed || fail "$(cat listed)"
(cd src && medsave -q backup ../other/src "$work/src/keep")
paths_of latest | found -x /other/src/o || fail "$(paths_of latest)"
backup 3 src no-such-folder
[ -n "$snapshot" ] || fail "no snapshot of what is there"
expect 1 medsave backup no-such-folder
says "no-such-folder"

step "-x stays on one file system"
if [ "$(id -u)" -eq 0 ] && mkdir mounted mount && mount -t tmpfs none mount 2>/dev/null; then
  echo inside >mount/inside
  mkdir mount/below
  mv mounted src/ && mount --bind mount src/mounted
  same "$(saved -x src)" "$(without nothing | sed 's|nested/z |&|; s|large |&mounted |')"
  same "$(saved src | grep -c mounted/inside)" 1
  cd src
  backup 0 -x .
  expect 0 medsave ls "$snapshot"
  says "^/mounted$"
  says_not "inside"
  backup 0 --exclude-larger-than 100 .
  expect 0 medsave ls "$snapshot"
  says_not "^/large$"
  cd ..
  umount src/mounted
fi

step "-x saves the files of an overlay, whatever layer they are in"
if [ "$(id -u)" -eq 0 ] && mkdir -p lower upper && mount -t tmpfs tmpfs lower && mount -t tmpfs tmpfs upper; then
  mkdir lower/d upper/u upper/w merged
  echo l >lower/d/below
  if mount -t overlay overlay -o lowerdir=lower,upperdir=upper/u,workdir=upper/w merged 2>/dev/null; then
    echo u >merged/d/above
    backup 0 -x "$work/merged"
    same "$(paths_of "$snapshot" | grep -cE '/d/(below|above)$')" 2
    umount merged
  fi
  umount lower upper
fi
