# What restore --delete may remove: what the snapshot lacks, at or below what was saved. Never more
# because an option was empty, a folder is only the way to what was saved, or "/" is called otherwise.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init
mkdir -p srv/practice/letters srv/photos
echo letter >srv/practice/letters/a
echo photo >srv/photos/p
medsave -q backup "$work/srv/practice"

# stays COMMAND...: a usage error that leaves everything as it is.
stays() {
  expect 1 "$@"
  says "$wanted"
  [ -e target/stray ] && [ "$(find target -type f | wc -l)" -eq 1 ] || fail "touched: $(find target)"
}

step "include options without a pattern are refused"
mkdir target && echo stray >target/stray
: >empty
printf '# only\n\n   # comments\n' >comments
printf '${NOT_SET_ANYWHERE}\n' >variable
wanted="--include holds no pattern"
stays medsave restore latest --target target --delete --include ''
stays medsave restore latest --target target --delete --iinclude ''
for file in empty comments; do
  stays medsave restore latest --target target --delete --include-file $file
  stays medsave restore latest --target target --iinclude-file $file
done
stays medsave restore latest --target target --include '' --include-file comments
expect 0 medsave restore latest --target target --delete --include-file variable
says "nothing in the snapshot matches the pattern .{NOT_SET_ANYWHERE}"
[ -e target/stray ] || fail "deleted what no pattern includes"
expect 1 medsave rewrite --forget --include ''
says "$wanted"
expect 1 medsave rewrite --include-file comments
same "$(snapshots)" 1
wanted="--include-xattr holds no pattern"
stays medsave restore latest --target target --include-xattr ''
expect 0 medsave restore latest --target target --include '' --include letters/a
[ -e "target$work/srv/practice/letters/a" ] || fail "one pattern is enough"
expect 0 medsave restore latest --target target --exclude-file comments
rm -rf target

step "a folder above what was saved keeps its other entries"
echo stray >srv/practice/stray
expect 0 medsave restore "latest:$work/srv" --target srv --delete --dry-run
[ -e srv/practice/stray ] || fail "a dry run deleted"
expect 0 medsave restore "latest:$work/srv" --target srv --delete
says "1 entry of the target was kept"
same "$(cat srv/photos/p)" photo
[ ! -e srv/practice/stray ] || fail "what lies in the saved folder stays"
mkdir -p "all$work" && cp -a srv "all$work"
echo stray >"all$work/srv/practice/letters/stray" && echo beside >all/beside
expect 0 medsave restore latest --target all --delete
[ -e "all$work/srv/photos/p" ] && [ -e all/beside ] || fail "lost: $(find all)"
[ ! -e "all$work/srv/practice/letters/stray" ] || fail "not deleted"
echo stray >srv/practice/letters/stray
expect 0 medsave restore "latest:$work/srv/practice/letters" --target srv/practice/letters --delete
[ ! -e srv/practice/letters/stray ] || fail "not deleted in a folder of the source"

step "several sources, relative ones, and the current folder"
mkdir -p a b/c
echo 1 >a/1 && echo 2 >b/c/2
medsave -q backup a b/c
mkdir -p out/b/c out/a out/d && touch out/a/x out/b/c/x out/b/x out/d/x out/x
expect 0 medsave restore latest --target out --delete
same "$(cd out && find . -type f | LC_ALL=C sort | tr '\n' ' ')" "./a/1 ./b/c/2 ./b/x ./d/x ./x "
(cd b && medsave -q backup .)
rm -rf out && mkdir -p out/c out/d && touch out/c/x out/d/x
expect 0 medsave restore latest --target out --delete
same "$(cd out && find . -type f | tr '\n' ' ')" "./c/2 "

step "what rewrite took out is not taken for a source"
medsave -q backup "$work/srv/practice" "$work/a"
medsave -q rewrite --forget latest --exclude "$work/srv/practice"
rm -rf out && mkdir -p "out$work/srv/practice" "out$work/a" && touch "out$work/srv/practice/x" "out$work/a/x"
expect 0 medsave restore latest --target out --delete
[ -e "out$work/srv/practice/x" ] && [ ! -e "out$work/a/x" ] || fail "wrong: $(find out -type f)"
medsave -q backup "$work/srv/practice"
made=$(medsave --json rewrite latest --exclude "$work/srv/practice" | json-value --type changed /new_snapshot_id)
expect 0 medsave restore "$made" --target out --delete
medsave -q forget "$made"
[ -e "out$work/srv/practice/x" ] || fail "deleted what the snapshot knows nothing of"

step "--include with --delete stays within both"
medsave -q backup "$work/srv/practice"
touch srv/letters srv/practice/letters/stray srv/practice/stray
expect 0 medsave restore "latest:$work/srv" --target srv --delete --include letters
[ -e srv/letters ] && [ -e srv/practice/stray ] && [ ! -e srv/practice/letters/stray ] ||
  fail "wrong: $(find srv)"

step "the root of the system under any name"
ln -s / root-link
for root in / // /. /../ /usr/.. "$work/root-link" "$work/root-link/"; do
  expect 1 medsave restore latest --target "$root" --delete --dry-run
  says "must be combined with an include filter"
  expect 1 medsave restore latest --target "$root" --delete --dry-run --exclude nothing
  says "must be combined with an include filter"
done
mkdir mount
if [ "$(id -u)" -eq 0 ] && mount --bind / mount 2>/dev/null; then
  run medsave restore latest --target mount --delete --dry-run
  umount mount
  same "$status" 1 "a bind mount of /"
  says "must be combined with an include filter"
fi
expect 0 medsave restore latest --target / --delete --dry-run --include "$work/srv/practice"

step "a file system that is mounted where the snapshot has an empty folder"
mkdir -p disk/mounted && echo kept >disk/file
medsave -q backup "$work/disk"
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs none disk/mounted 2>/dev/null; then
  touch disk/mounted/backup disk/extra
  run medsave restore "latest:$work/disk" --target disk --delete
  ls disk/mounted >inside
  umount disk/mounted
  same "$status" 0
  same "$(cat inside)" backup "in the mounted file system"
  [ ! -e disk/extra ] || fail "not deleted beside it"
fi

step "a folder of the same file system that is mounted in the target"
mkdir -p elsewhere/letters source/empty
echo precious >elsewhere/letters/a
echo file >source/file
medsave -q backup "$work/source"
if [ "$(id -u)" -eq 0 ] && mount --bind elsewhere source/empty 2>/dev/null; then
  mkdir -p source/extra/deep
  mount --bind elsewhere source/extra/deep
  touch source/extra/stray source/stray
  for options in '' '--exclude nothing'; do
    # shellcheck disable=SC2086
    run medsave restore "latest:$work/source" --target source --delete $options
    cat elsewhere/letters/a >inside || true
    same "$status" 0
    same "$(cat inside)" precious "in the mounted folder"
    says "/extra/deep was kept: something is mounted there"
  done
  umount source/empty source/extra/deep
  [ ! -e source/extra/stray ] && [ ! -e source/stray ] || fail "not deleted beside it"
  same "$(cat elsewhere/letters/a)" precious
else
  echo "(not tested: needs root)"
fi

step "what the backup had excluded"
mkdir -p mine/scans/old
echo a >mine/scans/1.raw && echo a >mine/scans/old/2.raw && echo a >mine/scans/letter
medsave -q backup --exclude '*.raw' --exclude "$work/mine/scans/films" "$work/mine"
mkdir mine/scans/films && echo a >mine/scans/films/1 && echo a >mine/scans/stray
expect 0 medsave restore "latest:$work/mine" --target mine --delete
says "3 entries of the target were kept"
[ -e mine/scans/1.raw ] && [ -e mine/scans/old/2.raw ] && [ -e mine/scans/films/1 ] ||
  fail "deleted: $(find mine)"
[ ! -e mine/scans/stray ] || fail "not deleted"

step "another repository"
medsave -q -r mine/backups/other init
touch mine/backups/stray
expect 0 medsave restore "latest:$work/mine" --target mine --delete
says "/backups/other was kept: it is a backup repository"
expect 0 medsave -r mine/backups/other check
[ ! -e mine/backups/stray ] || fail "not deleted"

step "parts of the repository that lie in the target by way of links"
rm -rf linked && mkdir linked
echo a >linked/a
medsave -q -r linked-repo init
medsave -q -r linked-repo backup "$work/linked"
mv linked-repo/data linked/packs
ln -s "$work/linked/packs" linked-repo/data
run medsave -r linked-repo restore "latest:$work/linked" --target linked --delete
[ -n "$(find linked/packs -type f)" ] || fail "the packs are gone: $(cat stdout stderr)"
expect 0 medsave -r linked-repo check --read-data

step "another repository of which a part is missing"
for part in config keys data snapshots; do
  rm -rf near && mkdir near
  echo a >near/a
  medsave -q -r near-repo-$part init
  medsave -q -r near/old init --force
  medsave -q -r near/old backup "$work/near/a"
  medsave -q -r near-repo-$part backup "$work/near/a"
  rm -rf near/old/$part
  [ $part != data ] || ln -s /nowhere/data near/old/data
  before=$(find near | sort)
  expect 0 medsave -r near-repo-$part restore "latest:$work/near" --target near --delete
  same "$(find near | sort)" "$before" "what is in the target"
done

step "a newer file where the snapshot has a folder"
rm -rf newer && mkdir -p newer/letters
echo a >newer/letters/a
touch -d 2025-01-01 newer/letters/a newer/letters
medsave -q backup "$work/newer"
rm -rf target && mkdir target
echo today >target/letters
expect 1 medsave restore "latest:$work/newer" --target target --overwrite if-newer
same "$(cat target/letters)" today

step "what opens the repository stays"
rm -rf home && mkdir -p home/docs home/keys
echo a >home/docs/a
medsave -q backup "$work/home/docs"
medsave -q backup "$work/home"
rmdir home/keys
medsave -q backup "$work/home"
mkdir home/keys
echo "$RESTIC_PASSWORD" >home/keys/password
ln -s keys/password home/link
for file in home/link home/keys/password; do
  expect 1 env -u RESTIC_PASSWORD medsave -p $file restore "latest:$work/home" --target home --delete
  says "not removed: it is or holds the repository that is restored from, or what opens it"
  same "$(cat home/keys/password)" "$RESTIC_PASSWORD"
done

echo "$RESTIC_REPOSITORY" >home/keys/where
printf '#!/bin/sh\necho %s\n' "$RESTIC_PASSWORD" >home/keys/answer && chmod +x home/keys/answer
expect 1 env -u RESTIC_PASSWORD -u RESTIC_REPOSITORY medsave --repository-file home/keys/where \
  --password-command "$work/home/keys/answer now" restore "latest:$work/home" --target home --delete
[ -e home/keys/where ] && [ -x home/keys/answer ] || fail "what opens the repository was removed"
[ ! -e home/link ] || fail "an extra stayed"

step "with --verify, what --overwrite leaves alone is told"
expect 0 medsave restore "latest:$work/home/docs" --target home/docs --overwrite never --verify
says "verified the content of 0 files"
says "1 file was there already; as --overwrite asks, it was neither restored nor compared"

step "an empty folder of the snapshot does not empty the target"
rm -rf stick && mkdir stick
medsave -q backup "$work/stick"  # its drive is not connected
mkdir stick/patients && echo a >stick/patients/a
expect 0 medsave restore "latest:$work/stick" --target stick --delete
says "what is in the target was kept: the snapshot has an empty folder in its place"
same "$(cat stick/patients/a)" a

step "nor does one of several sources that was empty then"
rm -rf standby && mkdir -p src2 stick2/patients && echo c >src2/c && echo a >stick2/patients/a
medsave -q backup "$work/stick2" "$work/src2"
medsave -q restore latest --target standby
mv stick2 away && mkdir stick2
medsave -q backup "$work/stick2" "$work/src2"
expect 0 medsave restore latest --target standby --delete
same "$(cat "standby$work/stick2/patients/a")" a

step "a folder of a source that only leads to another one keeps its other entries"
mkdir -p root/etc root/mnt/data/practice root/mnt/data/photos
echo c >root/etc/c
echo p >root/mnt/data/practice/p
echo only copy >root/mnt/data/photos/family
touch root/mnt/data/.nobackup
medsave -q backup "$work/root" "$work/root/mnt/data/practice" --exclude-if-present .nobackup
for from in root root/mnt/data; do
  expect 0 medsave restore "latest:$work/$from" --target "$from" --delete
  same "$(cat root/mnt/data/photos/family)" "only copy"
done

step "a file in the place of a folder is told of before it goes"
mkdir -p place/notes && echo n >place/notes/n
medsave -q backup "$work/place"
rm -r place/notes && echo "three years of notes" >place/notes
expect 0 medsave restore "latest:$work/place" --target place --dry-run -vv
says "1 file or link of the target makes way for a folder of the snapshot: place/notes"
says "deleted +/notes"
same "$(cat place/notes)" "three years of notes"
expect 0 medsave restore "latest:$work/place" --target place
says "makes way for a folder"
same "$(cat place/notes/n)" n

step "an include that meets nothing in the snapshot deletes nothing in the target"
mkdir -p incl/jones && echo j >incl/jones/1
medsave -q backup "$work/incl"
mkdir incl/smith && echo "saved nowhere" >incl/smith/1
for pattern in smith /smith 'smi*'; do
  expect 0 medsave restore "latest:$work/incl" --target incl --include "$pattern" --delete
  says "Nothing was restored"
  says_not "deleted"
  same "$(cat incl/smith/1)" "saved nowhere"
done
expect 0 medsave restore "latest:$work/incl" --target incl --include jones --include smith --delete
[ ! -e incl/smith ] || fail "not deleted beside what was restored"

step "a full folder in the place of a file or link is told of, and counted"
rm -rf full && mkdir full full-disk
echo a >full/a && ln full/a full/b
ln -s "$work/full-disk" full/data
echo f >full/file && : >full/empty && mkfifo full/pipe
medsave -q backup "$work/full"
fill() {
  rm -rf full/b full/data full/file full/empty full/pipe
  mkdir full/b full/data full/file full/empty full/pipe
  for name in b data file empty pipe; do echo only >full/$name/1; done
}
fill
expect 1 medsave restore "latest:$work/full" --target full
same "$(cat full/*/1 | wc -l)" 5 "without --delete"
says "a folder with content is in the place of data; remove it, or restore with --delete"
told() {
  says "5 folders of the target make way, with all that is in them, for files or links of the snapshot"
  for name in b data file empty pipe; do says "deleted +/$name"; done
  says "$1 10 files and folders"
  says_not "newer than in the snapshot"
}
expect 0 medsave restore "latest:$work/full" --target full --delete --dry-run -vv
told "would delete"
same "$(cat full/*/1 | wc -l)" 5 "after a dry run"
expect 0 medsave restore "latest:$work/full" --target full --delete -vv
told deleted
expect 0 medsave restore latest --target full-again
touch -r "full-again$work/full" full
identical "full-again$work/full" full
fill
expect 0 medsave --json restore "latest:$work/full" --target full --delete
same "$(summary files_deleted)" 10
fill
run medsave restore "latest:$work/full" --target full --delete --overwrite never
same "$(cat full/*/1 | wc -l)" 5 "with --overwrite never"

step "nothing goes while something cannot be restored: its only copy may be there"
export RESTIC_REPOSITORY=$work/damaged
medsave -q init
rm -rf moved && mkdir -p moved/a moved/b moved/c
head -c 3000000 /dev/urandom >moved/a/xray
ln -s a moved/link && echo small >moved/c/file
medsave -q backup "$work/moved"
mv moved/a/xray moved/b/copy
rm moved/link && mkdir moved/link && echo later >moved/link/1
rm moved/c/file && mkdir moved/c/file && echo later >moved/c/file/1
cp -a damaged intact
for pack in $(find damaged/data -type f -size +100k); do
  chmod u+w "$pack"
  printf 'XXXXXXXX' | dd of="$pack" bs=1 seek=5000 conv=notrunc 2>/dev/null
done
expect 1 medsave restore "latest:$work/moved" --target moved --delete
says "because not everything could be restored, 1 file or folder that the snapshot does not have was left; the same command removes it once all is well"
says "/link: a folder with content is in the place of link; it was kept, because not everything could be restored"
says_not "deleted"
same "$(stat -c %s moved/b/copy) $(cat moved/link/1 moved/c/file/1 | wc -l)" "3000000 2"
# The file that is damaged itself.
rm -f moved/a/xray && mkdir moved/a/xray && echo later >moved/a/xray/1
expect 1 medsave restore "latest:$work/moved" --target moved --delete
says "/a/xray: .*; the folder in its place was kept"
same "$(cd moved && find . -type f | LC_ALL=C sort | tr '\n' ' ')" "./a/xray/1 ./b/copy ./c/file/1 ./link/1 "
expect 0 medsave -r intact restore "latest:$work/moved" --target moved --delete
same "$(cd moved && find . ! -type d | LC_ALL=C sort | tr '\n' ' ')" "./a/xray ./c/file ./link "

step "newer files that are replaced by a link, a pipe or another name of a file are counted too"
export RESTIC_REPOSITORY=$work/intact
rm -rf newer && mkdir newer
echo v1 >newer/a && ln newer/a newer/b
ln -s a newer/l && mkfifo newer/p
echo v1 >newer/c && : >newer/e
touch -hd 2025-01-01 newer/*
medsave -q backup "$work/newer"
for name in b l p c e; do rm newer/$name && echo "newer work" >newer/$name; done
expect 0 medsave restore "latest:$work/newer" --target newer --dry-run -vv
says "5 files of the target are newer than in the snapshot and would be replaced"
says "to be updated +/b"
expect 0 medsave restore "latest:$work/newer" --target newer
says "5 files of the target are newer than in the snapshot and are replaced"
rm newer/l && ln -s elsewhere newer/l
expect 0 medsave restore "latest:$work/newer" --target newer
says_not "newer than in the snapshot"

step "what no backup saves stays: sockets, what a check of the file system rescued, the cache"
mkdir -p live/lost+found live/cache && echo a >live/a
medsave -q backup "$work/live"
echo rescued >live/lost+found/#1234
mkdir live/run
make_socket() { python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('$1')"; }
if command -v python3 >/dev/null; then make_socket live/socket && make_socket live/run/socket; fi
[ -S live/socket ] && has_socket=yes || has_socket=
echo extra >live/extra
expect 0 medsave --cache-dir live/cache/medsave restore "latest:$work/live" --target live --delete
[ -z "$has_socket" ] || says "2 sockets of the target were kept, since no backup saves sockets"
says "/lost.found was kept: a check of the file system"
same "$(cat live/lost+found/#1234)" rescued
[ -z "$has_socket" ] || { [ -S live/socket ] && [ -S live/run/socket ]; } || fail "a socket was deleted"
[ -e live/cache/medsave ] || fail "deleted: $(find live)"
[ ! -e live/extra ] || fail "not deleted"
rm -rf elsewhere && mkdir -p elsewhere/lost+found && echo rescued >elsewhere/lost+found/#1
medsave -q backup "$work/srv"
expect 0 medsave restore "latest:$work/srv" --target elsewhere --delete
[ -e elsewhere/lost+found/#1 ] || fail "lost+found of another file system was deleted"
