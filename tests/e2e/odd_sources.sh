# Sources that do not behave: names that are listed and not there, files that end too early, files
# that a file server's client has to itself, and a repository or a cache among other files.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init
mkdir srv && echo a >srv/a && echo ghost >srv/ghost && echo z >srv/z

step "a name that the folder lists, though there is nothing of that name"
odd() { LD_PRELOAD="$SUPPORT/odd_files.so" "$MEDSAVE" "$@"; }
case $(LD_PRELOAD="$SUPPORT/odd_files.so" "$MEDSAVE" version 2>&1) in
  medsave*) ;;
  *) skip "nothing can be preloaded into this build" ;;
esac
expect 3 odd backup srv
says 'srv/ghost: its folder lists it, but it cannot be found there'
expect 0 medsave ls latest
says_not ghost
says '/z$'
rm srv/ghost

step "attributes that cannot be listed: everything else is saved"
mkdir -p med/unclean/below && echo letter >med/unclean/letter
echo scan >med/unclean/below/unclean && ln -s letter med/unclean/below/link
sleep 0.1
for options in '' '' --force; do
  expect 3 odd backup $options med
  says 'med/unclean: cannot list the extended attributes of an open file: Structure needs cleaning'
  says 'med/unclean/below/unclean: cannot list the extended attributes'
  rm -rf out
  expect 0 medsave restore latest:/med --target out
  expect 0 diff -r --no-dereference med out
done
if [ "$(id -u)" -eq 0 ] && unshare -m umount -l /proc 2>/dev/null; then
  step "a rescue system without /proc"
  ln -s letter srv/link
  without_proc() { unshare -m sh -c 'umount -l /proc; exec "$@"' - "$MEDSAVE" "$@"; }
  expect 0 without_proc backup srv/z srv/link
  expect 0 without_proc backup srv/z srv/link
  expect 0 without_proc restore latest:/srv --target rescued
  same "$(cat rescued/z) $(readlink rescued/link)" "z letter"
  rm srv/link
fi

step "a folder that lists less than it has, because its drive does not answer"
mkdir -p stick/letters && echo a >stick/letters/a && echo b >stick/letters/b
touch -d '1 hour ago' stick/letters stick
sleep 2.1
expect 0 medsave backup stick
for command in "backup stick" "backup -q stick" "backup stick"; do
  # shellcheck disable=SC2086
  expect 3 env ODD_FILES_WITHHELD=b LD_PRELOAD="$SUPPORT/odd_files.so" "$MEDSAVE" $command
  says 'stick/letters: it lists 1 name less than in the previous snapshot, although it was not removed'
  expect 0 medsave dump latest /stick/letters/b
  same "$(cat stdout)" b
  expect 0 medsave ls latest
  says '/stick/letters/a$'
done
expect 3 env ODD_FILES_WITHHELD=letters LD_PRELOAD="$SUPPORT/odd_files.so" "$MEDSAVE" backup stick
expect 0 medsave dump latest /stick/letters/b
expect 0 medsave check --read-data
expect 0 medsave backup stick
expect 0 medsave backup --exclude b stick
says_not 'name less'
expect 0 medsave backup stick

step "the same while somebody works in the folder, or has since the previous snapshot"
touch -d '1 hour ago' stick/letters
sleep 2.1
expect 0 medsave backup stick
expect 3 env ODD_FILES_WITHHELD=b ODD_FILES_TOUCHED=/letters LD_PRELOAD="$SUPPORT/odd_files.so" \
  "$MEDSAVE" backup stick
says 'stick/letters: it lists 1 name less'
expect 0 medsave dump latest /stick/letters/b
echo c >stick/letters/c
expect 3 env ODD_FILES_WITHHELD=b LD_PRELOAD="$SUPPORT/odd_files.so" "$MEDSAVE" backup stick
says 'stick/letters: it lists 1 name less'
for file in b c; do expect 0 medsave dump latest /stick/letters/$file; done
echo d >stick/letters/d
expect 3 env ODD_FILES_WITHHELD=b ODD_FILES_LOST=yes LD_PRELOAD="$SUPPORT/odd_files.so" \
  "$MEDSAVE" backup stick
says 'stick/letters: it lists 1 name less'
for file in b d; do expect 0 medsave dump latest /stick/letters/$file; done
rm stick/letters/d
expect 0 medsave backup stick
rm stick/letters/b stick/letters/c
expect 0 medsave backup stick
says_not 'name less'

step "a folder whose list ends with an error: nothing that it has goes from the snapshots"
echo b >stick/letters/b && mkdir stick/letters/sub && echo d >stick/letters/sub/d
echo x >stick/letters/x.tmp
expect 0 medsave backup stick
echo new >stick/letters/new && echo more >>stick/letters/a
# cut ARGUMENTS...: a backup while the list of letters ends early, without the entry $1.
cut() {
  expect 3 env ODD_FILES_CUT=/letters ODD_FILES_WITHHELD="$1" LD_PRELOAD="$SUPPORT/odd_files.so" \
    "$MEDSAVE" backup stick "${@:2}"
}
cut b
says 'stick/letters: cannot list folder: .*; saved is what it listed until then, and of 1 more name what'
expect 0 medsave dump latest /stick/letters/b
same "$(cat stdout)" b
expect 0 medsave dump latest /stick/letters/new
expect 0 medsave dump latest /stick/letters/a
same "$(wc -l <stdout)" 2 "what it lists is read"
cut sub
expect 0 medsave dump latest /stick/letters/sub/d
cut x.tmp --exclude '*.tmp'
says 'saved is what it listed until then. Look'
expect 0 medsave ls latest
says_not 'x.tmp'
expect 0 medsave check --read-data
expect 3 env ODD_FILES_CUT=/stick ODD_FILES_WITHHELD=letters LD_PRELOAD="$SUPPORT/odd_files.so" \
  "$MEDSAVE" backup stick
expect 0 medsave dump latest /stick/letters/sub/d
mkdir -p stick/other && echo only >stick/other/only
expect 3 env ODD_FILES_CUT=/other ODD_FILES_WITHHELD=only LD_PRELOAD="$SUPPORT/odd_files.so" \
  "$MEDSAVE" backup stick
says 'stick/other: cannot list folder'
expect 0 medsave ls latest
says_not 'stick/other'
expect 0 medsave backup stick
rm -r stick/other stick/letters/sub stick/letters/new stick/letters/x.tmp

step "a file that ends before its end"
for size in 2000 1500000; do
  head -c $size /dev/urandom >srv/short
  expect 3 odd backup srv
  says "srv/short: only 10 of its $size bytes can be read"
  expect 0 medsave backup srv
done
rm srv/short

step "a file that somebody has to himself is waited for"
hold-lease srv/a >held 2>/dev/null &
lease=$!
for _ in $(seq 100); do [ -s held ] || { kill -0 $lease 2>/dev/null && sleep 0.02; }; done
if [ -s held ]; then
  expect 0 medsave backup --force srv
  wait $lease || fail "the lease was not asked for"
fi

step "files of others in the folder of the repository or the cache are saved"
mkdir -p share/docs && echo doc >share/docs/1 && echo config >share/notes
medsave -q -r share init --force
expect 0 medsave -r share backup share
says 'lies inside .*share and is left out'
expect 0 medsave -r share ls latest
for file in share/docs/1 share/notes; do grep -q "/$file\$" stdout || fail "$file is missing"; done
for part in config data index keys locks snapshots medsave; do
  ! grep -q "/share/$part\$" stdout || fail "the repository's $part is in the snapshot"
done
mkdir -p anna/docs && echo doc >anna/docs/1
medsave -q --cache-dir anna snapshots
expect 0 medsave --cache-dir anna backup anna
says 'the cache in .*anna is left out of the snapshot, other files in that folder are not'
expect 0 medsave ls latest
says '/anna/docs/1$'
says_not 'repositories.json|CACHEDIR.TAG'

step "in the folder of the cache, only what is provably the cache's is left out"
hex=$(printf a%.0s {1..64})
rm -r anna && mkdir -p anna/configs anna/running anna/"$hex" anna/"${hex//a/b}"/data
for folder in configs running "$hex"; do echo mine >anna/$folder/letter; done
echo mine >anna/running/"${hex//a/c}.txt"
printf 1 >anna/"${hex//a/b}"/version
medsave -q --cache-dir anna snapshots
expect 0 medsave --cache-dir anna backup anna
expect 0 medsave ls latest
for file in configs/letter running/letter "running/${hex//a/c}.txt" "$hex/letter"; do
  says "/anna/$file\$"
done
says_not "repositories.json|/${hex//a/b}|CACHEDIR.TAG|/running/[0-9a-f]{64}\$"
[ ! -e anna/CACHEDIR.TAG ] || fail "a folder with files of others is marked as a cache"
touch -d '2 years ago' anna/"$hex"
expect 0 medsave --cache-dir anna --cleanup-cache snapshots
[ -e anna/"$hex/letter" ] || fail "a folder that is no cache was removed"
mkdir bert && echo '{"mine": 1}' >bert/repositories.json && echo mine >bert/CACHEDIR.TAG
expect 0 medsave --as-restic --no-cache --cache-dir bert backup bert
expect 0 medsave ls latest
says '/bert/repositories.json$'
says '/bert/CACHEDIR.TAG$'

step "a folder that is the cache and nothing else is left out whole"
mkdir home && echo doc >home/doc
for _ in 1 2; do expect 0 medsave --cache-dir home/cache backup home; done
expect 0 medsave --as-restic --cache-dir home/cache backup home
says_not 'left out'
expect 0 medsave ls latest
says '/home/doc$'
says_not '/home/cache'
expect 0 medsave check --read-data
