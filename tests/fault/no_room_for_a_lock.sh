# Media to which not even a lock can be written: full to the last byte, write-protected.
source "$(dirname "$0")/../support/lib.sh"
[ "$(id -u)" -eq 0 ] || skip "not root: nothing can be mounted"
mkdir mount
mount -t tmpfs -o size=96m,mode=0777 tmpfs mount || skip "no tmpfs can be mounted"
RESTIC_REPOSITORY=$work/mount/repo
practice-data source --scale 0.01 --seed 1
expect 0 medsave init
expect 0 medsave backup source
head -c 8M /dev/urandom >source/more
expect 0 medsave backup source
# Whatever keeps room for deletions counts as used here, so that nothing is left at all.
fill() {
  rm -rf "$RESTIC_REPOSITORY/medsave"
  cat /dev/zero >mount/filler 2>/dev/null || true
  same "$(stat -f -c %a mount)" 0 "free blocks"
}
readers() {
  local command
  for command in snapshots "ls latest" "find more" "stats" "diff $(medsave --no-lock --json snapshots | json-value /0/id) latest" "check --read-data" \
    "list snapshots" "cat config" "key list" "forget --keep-last 1 --prune --dry-run"; do
    expect 0 medsave $command
    says "without" || fail "$command does not say that there is no lock"
  done
  rm -rf out
  expect 0 medsave restore latest --target out
  says "without"
  identical source out/source
}

step "every command that only reads works on a medium without a free byte"
fill
readers
same "$(files_in locks)" 0
step "a backup says that the medium is full, and saves nothing"
expect 1 medsave backup source/more --tag full
says "full"
same "$(snapshots)" 2
step "snapshots can be removed there, and prune makes room"
expect 0 medsave forget --keep-last 1
says "full to the last byte"
same "$(snapshots)" 1
rm mount/filler
expect 0 medsave backup source
expect 0 medsave check --read-data

step "the space that is kept for deletions goes first: prune needs nothing else, and keeps it again"
expect 0 medsave -r mount/second init
expect 0 medsave -r mount/second backup source
head -c 4M /dev/urandom >source/more
expect 0 medsave -r mount/second backup source
reserve=mount/second/medsave/reserve
[ -s "$reserve" ] || fail "init kept no space"
cat /dev/zero >mount/filler 2>/dev/null || true
same "$(stat -f -c %a mount)" 0 "free blocks"
expect 0 medsave -r mount/second forget --keep-last 1 --prune --max-repack-size 0
says_not "without"
rm mount/filler
expect 0 medsave -r mount/second check --read-data
rm -rf mount/second

step "not while somebody else has a lock"
expect 0 medsave backup source
put-lock "$RESTIC_REPOSITORY" elsewhere 60
fill
expect 11 medsave forget --keep-last 1
says "elsewhere"
expect 11 medsave restore latest --target out-locked
rm mount/filler
medsave -q unlock --remove-all

step "every command that only reads works on a write-protected medium"
mount -o remount,ro mount
readers
for command in "backup source" "forget --keep-last 1" prune "tag --add x" "key add --new-password-file /dev/null"; do
  expect 1 medsave $command
  says "is write-protected, so that nothing more could be written.* Nothing was done\.$"
done
same "$(files_in locks)" 0
mount -o remount,rw mount
expect 0 medsave check --read-data
if command -v "$RESTIC" >/dev/null; then expect 0 restic check --read-data; fi
