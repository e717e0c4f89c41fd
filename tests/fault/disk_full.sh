# A full disk: the backup fails with a plain message, what was there stays, and once there is room
# the next run succeeds.
source "$(dirname "$0")/../support/lib.sh"
need_root
mkdir mount
mount -t tmpfs -o size=40m none mount 2>/dev/null || skip "cannot mount a tmpfs"
export RESTIC_REPOSITORY=$work/mount/repo
practice-data old --scale 0.005
practice-data new --scale 0.05 --seed 5
medsave -q init
medsave -q backup old
mkdir large
head -c 60000000 /dev/urandom >large/file

for source in new large; do
  step "backup of $source fails cleanly"
  expect 1 medsave backup $source
  says "space|full"
  same "$(find mount -name '*tmp*' | wc -l)" 0 "temporary files left"
  same "$(files_in locks)" 0 "locks left"
  expect 0 medsave --json snapshots
  same "$(json --count "")" 1 "snapshots"
done

step "not one byte is free: reading still works, what was there is intact"
dd if=/dev/zero of=mount/filler bs=4k 2>/dev/null || true
expect 0 medsave --no-lock check --read-data
expect 0 medsave --no-lock restore latest --target out
identical old out/old
run medsave backup new
[ "$status" -ne 0 ] || fail "a backup without room succeeded"
says "space|full"

step "after room is made the next run succeeds"
rm mount/filler
mount -o remount,size=400m mount
expect 0 medsave backup new large
expect 0 medsave check --read-data
expect 0 medsave restore latest --target out
identical new out/new

step "a full disk while restoring"
umount mount
mount -t tmpfs -o size=10m none mount
export RESTIC_REPOSITORY=$work/elsewhere
medsave -q init
medsave -q backup large old
expect 1 medsave restore latest --target mount/out
says 'What was restored to mount/out is incomplete; the backups are not touched'
says "space|full"
