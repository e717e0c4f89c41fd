# mount: what it shows is what was backed up; new snapshots appear; how it ends.
source "$(dirname "$0")/../support/lib.sh"
[ -c /dev/fuse ] && { : <>/dev/fuse; } 2>/dev/null || skip "no /dev/fuse that can be opened"
[ "$(id -u)" -eq 0 ] || command -v fusermount3 >/dev/null || skip "no fusermount3"

# The mount first: what is killed leaves a folder that cannot even be looked at.
unmount_and_clean_up() {
  local code=$1
  set +e
  umount -l "$work/mount" 2>/dev/null || fusermount3 -u -z "$work/mount" 2>/dev/null
  (exit "$code")
  clean_up
}
trap 'unmount_and_clean_up $?' EXIT

mkdir mount
special-tree source --portable
for i in $(seq 300); do
  head -c $((i * 37)) /dev/urandom >"source/many-$i"
done
head -c 20000000 /dev/urandom >source/large
medsave -q init
backup 0 --host praxis --tag daily source
first=$snapshot

# start ARGUMENTS...: mounts, $mounted is the process.
start() {
  rm -f mount.out  # the last mount's says that it is served
  "$MEDSAVE" mount "$@" mount >mount.out 2>mount.err &
  mounted=$!
  wait_for grep -q 'Now serving' mount.out
}
# end SIGNAL: the program ends with status 0, without a mount and without a lock.
end() {
  kill -"$1" "$mounted"
  status=0
  wait "$mounted" || status=$?
  same "$status" 0 "exit status after SIG$1"
  mountpoint -q mount && fail "still mounted after SIG$1"
  same "$(files_in locks)" 0 "locks after SIG$1"
  same "$(tail -n 1 mount.out)" "mount is unmounted, and this command no longer uses the repository"
}

step "snapshots stand where restic puts them"
start
same "$(ls mount | paste -sd' ')" "hosts ids snapshots tags"
same "$(ls mount/ids)" "${first:0:8}"
same "$(ls mount/hosts)" praxis
same "$(ls mount/tags)" daily
same "$(readlink mount/snapshots/latest)" "$(ls mount/snapshots | head -n 1)"
same "$(files_in locks)" 1
grep -q "^To end it, press Ctrl-C here, or type elsewhere: \"umount mount\"\. Close what you" mount.out ||
  fail "$(cat mount.out)"

step "a snapshot is what was backed up"
shown=mount/ids/${first:0:8}/source
identical source "$shown"
cmp source/large mount/tags/daily/latest/source/large
step "the same copied out, with everything"
cp -a "$shown" copy
identical source copy
step "any part of a file"
same "$(tail -c +19000000 "$shown/large" | sha256sum)" "$(tail -c +19000000 source/large | sha256sum)"
step "numbers stay the same"
same "$(stat -c %i "$shown/large")" "$(stat -c %i "$shown/large")"
numbers=$(find "$shown" -printf '%i %P\n' | sort -k2 | sha256sum)
step "nothing can be written"
! touch "$shown/new" 2>/dev/null || fail "wrote"
! rm "$shown/large" 2>/dev/null || fail "removed"

step "a new snapshot appears, a removed one goes"
echo new >source/new
backup 0 --host other source
second=$snapshot
wait_for test -d "mount/ids/${second:0:8}"
same "$(cat "mount/hosts/other/latest/source/new")" new
same "$(cat "mount/snapshots/latest/source/new")" new
rm "repo/snapshots/$second"
wait_for sh -c "! test -e mount/ids/${second:0:8}"
test -d "mount/ids/${first:0:8}"

step "SIGTERM ends it"
end TERM
step "numbers are the same at the next mount; SIGINT ends it, although somebody is in there"
start
same "$(find "$shown" -printf '%i %P\n' | sort -k2 | sha256sum)" "$numbers" "inode numbers"
(cd "$shown" && exec sleep 60) &
sitter=$!
sleep 0.2
end INT
kill_hard "$sitter"
step "so does unmounting"
start
umount mount 2>/dev/null || fusermount3 -u mount
wait "$mounted"
same "$(files_in locks)" 0
grep -q '^mount is unmounted' mount.out || fail "$(cat mount.out)"
step "in French too; as restic it ends without a word"
MEDSAVE_LANG=fr "$MEDSAVE" mount mount >mount.out 2>mount.err &
mounted=$!
wait_for grep -q 'tapez ailleurs.*umount mount' mount.out
kill -INT "$mounted"
wait "$mounted"
grep -q "^mount est démonté, et cette commande n'utilise plus le dépôt" mount.out || fail "$(cat mount.out)"
start --as-restic
kill -INT "$mounted"
wait "$mounted"
same "$(tail -n 1 mount.out)" "When finished, quit with Ctrl-c here or umount the mountpoint."

step "own names, owner and filter"
backup 0 --host other source
start --path-template 'at/%T' --path-template '%h-%i' --time-template 2006/01 --owner-root \
  --host praxis
same "$(ls mount | paste -sd' ')" "at praxis-${first:0:8}"
same "$(readlink mount/at/latest)" "$(date +%Y/%m)"
same "$(stat -c %u:%g "mount/praxis-${first:0:8}/source/large")" 0:0
same "$(stat -c %u:%g mount)" 0:0
end TERM

step "--no-lock leaves no lock"
start --no-lock
same "$(files_in locks)" 0
end TERM

step "damage shows as an error, and is told once"
medsave -q init --repo broken
medsave -q -r broken backup source/large
find broken/data -type f -size +1000k -exec sh -c '
  for pack; do chmod u+w "$pack"; printf X | dd of="$pack" bs=1 seek=5000 conv=notrunc status=none; done' sh {} +
start -r broken
large=mount/snapshots/latest/source/large
! cat "$large" >/dev/null 2>&1 || fail "no error"
! cat "$large" >/dev/null 2>&1 || fail "no error"
same "$(grep -c source/large mount.err)" 1 "messages"
kill -TERM "$mounted"
wait "$mounted"

step "wrong mountpoints are refused"
for place in repo repo/data "$work" /; do
  expect 1 medsave mount "$place"
  says overlap
done
expect 1 medsave mount none
says 'mountpoint none does not exist; make it \("mkdir none"\)'
expect 1 medsave mount source/large
says 'not a folder'
expect 1 medsave mount
says 'wrong number of parameters'
expect 1 medsave mount --time-template '' mount
says 'cannot be empty'
expect 10 medsave -r nowhere mount mount
