# Restoring to a file system that can hold less than the snapshot: exFAT, as on most USB sticks, has
# no hard links, owners and modes, and takes upper and lower case for the same.
source "$(dirname "$0")/../support/lib.sh"
[ "$(id -u)" -eq 0 ] && [ -e /dev/fuse ] || skip "needs root and FUSE"
command -v mkfs.exfat >/dev/null && command -v mount.exfat-fuse >/dev/null || skip "no exfat-fuse"
truncate -s 64M image
mkfs.exfat image >/dev/null
device=$(losetup --find --show "$work/image") || skip "no loop devices"
trap 'umount "$work/mount" 2>/dev/null; losetup -d "$device"; clean_up' EXIT
mkdir mount
mount.exfat-fuse "$device" mount >/dev/null 2>&1 || skip "cannot mount exFAT"

medsave -q init
mkdir -p src/letters src/Letters src/plain
echo upper >src/A.txt
echo lower >src/a.txt
echo one >src/letters/same
echo two >src/Letters/same
: >src/plain/EMPTY
: >src/plain/empty
head -c 300000 /dev/urandom >src/plain/linked
ln src/plain/linked src/plain/other
ln src/plain/linked src/letters/third
chmod 600 src/plain/linked
chown -R 1234:1234 src
medsave -q backup "$work/src"
from=latest:$work/src

same_case() { find "$1" -printf '%P\n' | LC_ALL=C sort -f; }

for round in "first" "second" "third, with --delete"; do
  step "names that differ in their case only, $round time"
  delete=; [ "${round%%,*}" != third ] || delete=--delete
  expect 1 medsave restore "$from" --target mount/all $delete
  says "cannot tell A.txt and a.txt apart"
  says "cannot tell Letters and letters apart"
  says "cannot tell EMPTY and empty apart"
  says "There were [34] errors"
  # Which of two is made first is open; there, the second time, is the first one of the snapshot.
  case $round:$(ls mount/all | grep -ix 'a.txt'):$(cat mount/all/A.txt) in
    first:A.txt:upper | first:a.txt:lower | [st]*:upper) ;;
    *) fail "A.txt and a.txt: $(ls mount/all; cat mount/all/A.txt)" ;;
  esac
  same "$(cat mount/all/Letters/same)" two
done

step "hard links become copies, modes and owners a note each"
for verify in '' --verify; do
  rm -rf mount/links
  expect 0 medsave restore "$from" --target mount/links --include plain/linked --include plain/other $verify
  says "the target refused a hard link: 1 file was written as a copy"
  says "the target cannot keep owners: 3 entries"
  cmp src/plain/linked mount/links/plain/linked
  cmp src/plain/linked mount/links/plain/other
done
says "verified the content of 2 files"
expect 0 medsave restore "$from" --target mount/links --include plain/linked --include plain/other
cmp src/plain/linked mount/links/plain/other

step "--delete knows a file again whose name the target spells otherwise"
mkdir -p mount/spelled/PLAIN mount/spelled/letters
cp src/plain/linked mount/spelled/PLAIN/LINKED
touch mount/spelled/PLAIN/extra
expect 0 medsave restore "latest:$work/src" --target mount/spelled --delete --exclude a.txt \
  --exclude /Letters --exclude empty --exclude third
cmp src/plain/linked mount/spelled/plain/linked
[ ! -e mount/spelled/plain/extra ] || fail "the extra file stays: $(cat stdout stderr; ls mount/spelled/*)"

step "where modes are not kept, what an interrupted restore left cannot be told: no mode trusts it"
rm -rf mount/marks
expect 0 medsave restore "$from" --target mount/marks --include plain/linked --overwrite never
for mode in never if-newer; do
  expect 1 medsave restore "$from" --target mount/marks --include plain/linked --overwrite $mode
  says "keeps no modes"
done
head -c 300000 /dev/zero >mount/marks/plain/linked
expect 0 medsave restore "$from" --target mount/marks --include plain/linked --overwrite if-changed
cmp src/plain/linked mount/marks/plain/linked

step "files left incomplete are not trusted on a file system below the target that keeps no modes"
mkdir -p src/mount && echo whole >src/mount/file
medsave -q backup "$work/src"
for overwrite in never if-newer; do
  expect 1 medsave restore "$from" --target . --include mount --overwrite $overwrite
  says 'keeps no modes, so that files which an interrupted restore left incomplete cannot be told'
done
expect 0 medsave restore "$from" --target . --include mount --overwrite if-changed
same "$(cat mount/file)" whole
