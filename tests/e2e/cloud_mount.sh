# A cloud "as a drive" as the repository's folder: such a mount answers from memory and uploads later.
source "$(dirname "$0")/../support/lib.sh"
command -v rclone >/dev/null || skip "no rclone"
[ -c /dev/fuse ] && { : <>/dev/fuse; } 2>/dev/null || skip "no /dev/fuse that can be opened"
command -v fusermount3 >/dev/null || skip "no fusermount3"

# The mount first: it would be deleted through.
unmount_and_clean_up() {
  local code=$1
  set +e
  fusermount3 -u -z "$work/mount" 2>/dev/null || umount -l "$work/mount" 2>/dev/null
  (exit "$code")
  clean_up
}
trap 'unmount_and_clean_up $?' EXIT
mkdir store mount src
echo a >src/a
: >rclone.conf
rclone mount --daemon --vfs-cache-mode writes --cache-dir "$work/kept" --config "$work/rclone.conf" \
  "$work/store" "$work/mount" || skip "rclone cannot mount here"
export RESTIC_REPOSITORY=$work/mount/repo
expect 0 medsave init
says "mount/repo is on a mount \(fuse.rclone\).*uploads only later"

step "commands that write say so once, others do not"
for command in "backup src" "forget --keep-last 1" prune; do
  # shellcheck disable=SC2086
  expect 0 medsave $command
  same "$(grep -c 'uploads only later' stderr)" 1 "warnings of $command"
done
expect 0 medsave snapshots
says_not "uploads only later"
expect 0 medsave --as-restic backup src
says_not "uploads only later"

step "a folder of this computer is none"
expect 0 medsave -r "$work/local" init
says_not "uploads only later"
