# What was said is not what was meant: nothing is lost by it, and nothing passes for done.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init
mkdir -p src/letters
echo a >src/letters/a
echo b >src/b
medsave -q backup "$work/src" --host one
medsave -q backup "$work/src" --host two

step "a filter that fits nothing is no success"
for command in "check" "check --read-data" "copy --from-repo repo -r second" "rewrite --exclude b" "repair snapshots"; do
  [ -e second ] || medsave -q -r second init
  export RESTIC_FROM_PASSWORD=$RESTIC_PASSWORD
  # shellcheck disable=SC2086
  expect 1 medsave $command --host three
  says "none of the 2 snapshots fits --host, --tag or --path"
  # shellcheck disable=SC2086
  MEDSAVE_HOST=three expect 1 medsave $command
  says "only snapshots of host three, as the variable MEDSAVE_HOST or RESTIC_HOST says"
done
expect 0 medsave check --host one
says "checked 1 of 2 snapshots"
expect 0 medsave check --read-data-subset 255/256
says "read [0-9]+ packs?, "
expect 0 medsave --as-restic check --host three
says_not "checked"

step "rewrite does not empty a snapshot"
for pattern in '/*' '*'; do
  expect 1 medsave rewrite --forget --exclude "$pattern"
  says "no file of snapshot [0-9a-f]{8} would be left, so nothing was changed in any"
done
same "$(snapshots)" 2
expect 0 medsave rewrite --forget --exclude b
same "$(snapshots)" 2

step "a policy together with names"
id=$(medsave --json snapshots | json-value /0/id)
expect 1 medsave forget --keep-last 10 "$id"
says "nothing was removed"
same "$(snapshots)" 2

step "a variable of an exclude file that is not set"
unset NOT_SET
# shellcheck disable=SC2016
printf '$NOT_SET/*\n$RECYCLE.BIN\n' >excludes
mkdir -p "src/\$RECYCLE.BIN" && echo x >"src/\$RECYCLE.BIN/x"
backup 0 "$work/src" --exclude-file excludes
paths_of "$snapshot" | found letters/a || fail "everything was left out"
if paths_of "$snapshot" | found RECYCLE; then fail "the bin was saved"; fi

step "init where a repository was, or where other things are"
mkdir drive
medsave -q -r drive/first init
medsave -q -r drive/first snapshots
mv drive/first elsewhere
expect 1 medsave -r drive/first init
says "there was a repository at drive/first on 20.*so none was made"
[ ! -e drive/first/config ] || fail "made"
expect 0 medsave -r drive/first init --force
mkdir -p practice/data && echo a >practice/data/patients.db
expect 1 medsave -r practice init
says "practice/data holds files that are no repository's; nothing was made"
[ ! -e practice/config ] || fail "made"
mv practice/data/patients.db practice/2024 && rmdir practice/data && mkdir practice/data
mv practice/2024 practice/data/2024
expect 1 medsave -r practice init
says "practice/data holds files that are no repository's"

mkdir -p documents/letters && echo a >documents/letter.odt
expect 1 medsave -r documents init
says "the folder documents holds other files already \(letter.odt, for example\); nothing was made there"
says 'a folder of its own, like documents/medsave'
same "$(find documents | sort | paste -sd' ')" "documents documents/letter.odt documents/letters"
expect 1 medsave --lang fr -r documents init
says "le dossier «.documents.» contient déjà d'autres fichiers.*comme «.documents/medsave.»"
medsave -q -r documents/medsave init
mkdir -p stick/lost+found 'stick/System Volume Information' stick/.Trash-1000
medsave -q -r stick init
mkdir -p shelf && echo a >shelf/a
medsave -q -r shelf init --force
mkdir -p box && echo a >box/a
medsave --as-restic -q -r box init

step "a restore into another repository"
medsave -q -r other init
before=$(find other | sort)
for target in other other/snapshots other/new/folder; do
  expect 1 medsave restore latest --target $target --delete
  says "$target is or lies in a backup repository"
done
same "$(find other | sort)" "$before"

step "dump --target keeps what was there until it has all of the new"
head -c 3000000 /dev/urandom >src/scan
backup 0 "$work/src"
pack=$(find repo/data -type f -size +1000k)
echo annotated >scan
chmod 640 scan
chmod 600 "$pack"
printf X | dd of="$pack" bs=1 seek=2000000 conv=notrunc status=none
mkdir archive
ln -s ../scan archive/newest
for target in scan archive/newest; do
  expect 1 medsave dump latest "$work/src/scan" --target $target
  same "$(cat scan)" annotated "what was there, by way of $target"
  same "$(ls -A scan* archive | tr '\n' ' ')" "scan  archive: newest "
done
expect 0 medsave dump latest "$work/src/b" --target scan
same "$(cat scan) $(stat -c %a scan)" "b 640"
if [ "$(id -u)" -eq 0 ] && chown 65534:65534 scan && setfattr -n user.of -v practice scan; then
  expect 0 medsave dump latest "$work/src/b" --target scan
  same "$(stat -c %u:%g:%a scan) $(getfattr --only-values -n user.of scan)" "65534:65534:640 practice"
  chown 0:0 scan
fi
long=$(printf 'x%.0s' {1..255})
expect 0 medsave dump latest "$work/src/b" --target "$long"
same "$(cat "$long")" b
rm "$long"
ln -s scan to-scan
expect 0 medsave dump latest "$work/src/letters/a" --target to-scan
same "$(readlink to-scan) $(cat scan)" "scan a"
ln -s new-scan to-new
expect 0 medsave dump latest "$work/src/letters/a" --target to-new
same "$(readlink to-new) $(cat new-scan)" "new-scan a"
expect 0 medsave dump latest "$work/src/letters/a" --target /dev/fd/3 3>"$work/descriptor"
same "$(cat descriptor)" a
mkfifo pipe
cat pipe >piped &
expect 0 medsave dump latest "$work/src/letters/a" --target pipe
wait $!
same "$(cat piped)" a

step "a folder of packs under another name"
folder=$(dirname "$pack")
rm -rf repo && mkdir -p src && rm src/scan
medsave -q init --force
medsave -q backup "$work/src"
pack=$(find repo/data -type f -printf '%s %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)
folder=$(dirname "$pack")
cp -r "$folder" "$folder (copy)"
expect 0 medsave check
: >"$folder (copy)/$(basename "$pack")"
expect 0 medsave check --read-data
mv "$folder" "$folder.old"
expect 1 medsave check
says "pack $(basename "$pack") is missing"
mv "$folder.old" "$folder"
expect 0 medsave check --read-data

step "a --keep-tag that no snapshot has is told"
medsave -q -r tags init
medsave -q -r tags backup --tag clôture-2025,year src
medsave -q -r tags backup src
expect 0 medsave -r tags forget --keep-last 2 --keep-tag cloture-2025
says "--keep-tag cloture-2025 keeps nothing, as no snapshot has this tag"
expect 0 medsave -r tags forget --keep-last 2 --keep-tag clôture-2025,month --keep-tag ""
says "--keep-tag clôture-2025,month keeps nothing, as no snapshot has all these tags"
expect 0 medsave -r tags forget --keep-last 2 --keep-tag clôture-2025,year --keep-tag year
says_not "keeps nothing"
expect 0 medsave -r tags --as-restic forget --keep-last 2 --keep-tag cloture-2025
says_not "keeps nothing"

step "snapshots and index files lost"
rm repo/snapshots/* repo/index/*
expect 0 medsave check
says "The repository holds data, but no snapshots"
says_not "This is no damage"
expect 0 medsave recover
expect 0 medsave check --read-data
