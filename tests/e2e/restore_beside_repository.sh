# The repository lies in the folder that is restored: a backup leaves it out, and so no restore may
# take it for something that the snapshot does not have.
source "$(dirname "$0")/../support/lib.sh"
mkdir -p home/docs
echo letter >home/docs/letter
export RESTIC_REPOSITORY=$work/home/backups/repo
mkdir home/backups
medsave -q init
backup 0 home
echo extra >home/docs/extra

still_there() {
  [ -e "$RESTIC_REPOSITORY/config" ] || fail "the repository is gone"
  expect 0 medsave check --read-data
}

step "restore --delete over the folder that holds the repository"
run medsave restore latest:/home --target home --delete
still_there
same "$(cat home/docs/letter)" letter

step "the same by a symbolic link, and by a relative path"
ln -s home way
echo extra >home/docs/extra
run medsave restore latest:/home --target way --delete
still_there
run sh -c "cd home/docs && '$MEDSAVE' -r ../backups/repo restore latest:/home --target .. --delete"
still_there

step "the snapshot has something else in the repository's place"
mkdir -p other/home
echo file >other/home/backups
(cd other && medsave -q backup home)
run medsave restore latest:/home --target home --delete
still_there

step "into the repository"
find "$RESTIC_REPOSITORY" | LC_ALL=C sort >before
ln -s home/backups/repo/data link
refused() {
  expect 1 medsave restore latest:/home --target "$1"
  says "lies in the repository that is restored from"
}
for target in "$RESTIC_REPOSITORY" home/backups/repo/ home/backups/repo/new/folder \
  home/backups/repo/snapshots link link/new home/docs/../backups/repo/x; do
  refused "$target"
done
(cd home/backups/repo && refused . && refused new)
mkdir mount
if [ "$(id -u)" -eq 0 ] && mount --bind home/backups mount 2>/dev/null; then
  refused mount/repo/new
  umount mount
  mount --bind home/backups/repo/data mount
  refused mount/new
  umount mount
fi
find "$RESTIC_REPOSITORY" | LC_ALL=C sort | diff before - || fail "written into the repository"
expect 0 medsave restore latest:/home --target home/backups/repository
still_there
