# The repository is the mount point itself, and the drive goes in the middle of a command, or another
# one takes its place: nothing is made on the disk below or on the other drive, and nothing counts as
# saved.
source "$(dirname "$0")/../support/lib.sh"
need_root
mkdir drive other mount
mount --bind drive mount 2>/dev/null || skip "cannot mount"
export RESTIC_REPOSITORY=$work/mount
practice-data old --scale 0.003
practice-data new --scale 0.04 --seed 5
medsave -q init
medsave -q backup --tag old old
cp -a drive sound
echo "the photos" >other/photos

# interrupted WAY COMMAND...: lets the drive go by WAY while the command is at work.
interrupted() {
  local way=$1 code=0 pid
  shift
  step "$way while \"$*\" runs"
  rm -rf drive/*
  cp -a sound/. drive
  "$MEDSAVE" --no-cache --pack-size 4 --limit-upload 10000 --limit-download 10000 "$@" \
    >stdout 2>stderr &
  pid=$!
  wait_for locked drive
  sleep 0.3
  kill -0 $pid || fail "ended too soon: $(cat stderr)"
  $way
  wait $pid || code=$?
  same $code 1 "exit status"
  says "connected"
  says_not "saved$"
  same "$(ls -A mount)" "$left" "in its place now"
  "back_from_$way"
  run medsave unlock
  expect 0 medsave check --read-data
  rm -rf out
  expect 0 medsave restore latest --tag old --target out
  identical old out/old
}
left=
pulled_out() { umount -l mount; }
back_from_pulled_out() { mount --bind drive mount; }
interrupted pulled_out backup new
interrupted pulled_out prune --max-unused 0 --repack-small --repack-uncompressed

left=photos
exchanged() { umount -l mount && mount --bind other mount; }
back_from_exchanged() { umount mount && mount --bind drive mount; }
interrupted exchanged backup new

step "another file system"
left=$(ls -A sound | sort)
exchanged_for_copy() { umount -l mount && mount -t tmpfs none mount && cp -a sound/. mount; }
back_from_exchanged_for_copy() {
  same "$(diff -rq sound mount)" "" "written to the copy"
  umount mount && mount --bind drive mount
}
interrupted exchanged_for_copy backup new

step "a drive that comes back in time does no harm"
rm -rf drive/*
cp -a sound/. drive
"$MEDSAVE" -q --no-cache --pack-size 4 --limit-upload 6000 backup new >stdout 2>stderr &
pid=$!
wait_for locked drive
umount -l mount
mount --bind drive mount
wait $pid || fail "exit status $?: $(cat stderr)"
expect 0 medsave check --read-data
