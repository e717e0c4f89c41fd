# The drive with the repository is pulled out in the middle of a command: it fails with a plain
# message, and when the drive is back nothing that was there is lost.
source "$(dirname "$0")/../support/lib.sh"
need_root
mkdir drive mount
mount --bind drive mount 2>/dev/null || skip "cannot mount"
export RESTIC_REPOSITORY=$work/mount/repo
plug_in() { mount --bind drive mount; }
# Paths lead to the empty folder below at once; files that are open stay.
pull_out() { umount -l mount; }
practice-data old --scale 0.005
practice-data new --scale 0.05 --seed 5
medsave -q init
medsave -q backup --tag old old
cp -a drive/repo drive/sound

intact() {
  expect 0 medsave check --read-data
  rm -rf out
  expect 0 medsave restore latest --tag old --target out
  identical old out/old
}
# interrupted COMMAND...: pulls the drive out once the command has its lock.
interrupted() {
  local code=0 pid
  step "the drive goes while \"$*\" runs"
  rm -rf drive/repo
  cp -a drive/sound drive/repo
  "$MEDSAVE" --pack-size 4 --limit-upload 10000 --limit-download 10000 "$@" >stdout 2>stderr &
  pid=$!
  wait_for locked drive/repo
  sleep 0.3
  kill -0 $pid || fail "ended too soon: $(cat stderr)"
  pull_out
  wait $pid || code=$?
  [ $code -eq 1 ] || fail "exit status $code: $(cat stderr)"
  says connected
  expect 10 medsave snapshots
  says "connected"
  plug_in
  expect 0 medsave unlock
  intact
}
interrupted backup new
interrupted prune --max-unused 0 --repack-uncompressed
interrupted backup new
expect 0 medsave backup new
expect 0 medsave restore latest --path "$work/new" --target out
identical new out/new
