# A full medium: the reserve that init made is real space, no program minds it, and once it is given
# up a lock can be stored.
source "$(dirname "$0")/../support/lib.sh"
need_root
mkdir mount
made=0
# on NAME MOUNT...: the test on one file system.
on() {
  local name=$1
  shift
  step "$name"
  "$@" mount 2>/dev/null || {
    echo "cannot mount"
    return 0
  }
  made=$((made + 1))
  export RESTIC_REPOSITORY=$work/mount/repo
  cheap-repository mount/repo 2
  same "$(stat -c '%s %a' mount/repo/medsave/reserve)" "1048576 600"
  [ "$(du -k mount/repo/medsave/reserve | cut -f 1)" -ge 1024 ] || fail "the reserve takes no space"
  medsave -q --no-cache backup "$MEDSAVE"
  if command -v "$RESTIC" >/dev/null; then
    expect 0 restic --no-cache check --read-data
    says_not "unknown|unexpected|reserve"
  fi
  dd if=/dev/zero of=mount/filler bs=64k 2>/dev/null || true
  dd if=/dev/zero of=mount/crumbs bs=1 2>/dev/null || true
  ! cp "$MEDSAVE" mount/another 2>/dev/null || fail "the medium is not full"
  rm -f mount/another
  use-reserve mount/repo
  [ ! -e mount/repo/medsave/reserve ] || fail "the reserve is still there"
  rm -f mount/filler mount/crumbs
  expect 0 medsave --no-cache --no-lock check --read-data
  umount mount
}
loop_mount() {
  truncate -s 32m image && "mkfs.$1" $2 image >/dev/null 2>&1 && mount -o loop image "$3"
}
on tmpfs mount -t tmpfs -o size=24m none
on ext4 loop_mount ext4 -q
on exfat loop_mount exfat ""
[ $made -gt 0 ] || skip "cannot mount anything"

step "no reserve where it does not fit"
if mount -t tmpfs -o size=6m none mount 2>/dev/null; then
  cheap-repository mount/repo 2
  [ ! -e mount/repo/medsave/reserve ] || fail "a reserve that takes up what little there is"
  umount mount
fi
