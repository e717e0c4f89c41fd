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

step "another repository in the place of one that was saved stays as it is"
# The drive was saved with a repository on it; meanwhile another drive is in its place.
mkdir -p usb/letters papers
echo p >papers/p
echo a >usb/letters/a
medsave -q -r usb/backup init --force
medsave -q -r usb/backup backup papers
medsave -q backup usb
cp -a usb saved-usb
expect 0 medsave restore latest:/usb --target usb   # the same repository: nothing in the way
expect 0 medsave -r usb/backup check
rm -rf usb/backup
medsave -q -r usb/backup init --force
echo b >usb/letters/a
medsave -q -r usb/backup backup papers
find usb/backup -type f -exec sha256sum {} + | LC_ALL=C sort >before
for options in "--overwrite always" "--overwrite if-changed --delete" "--dry-run"; do
  # shellcheck disable=SC2086
  expect 1 medsave restore latest:/usb --target usb $options
  says "/backup: in the target this folder holds a backup repository that is not the snapshot's"
  find usb/backup -type f -exec sha256sum {} + | LC_ALL=C sort | diff before - || fail "$options changed it"
done
same "$(cat usb/letters/a)" a "what lies beside it"
expect 0 medsave -r usb/backup check
expect 0 medsave restore latest:/usb --target usb --exclude /backup
expect 0 medsave restore latest:/usb --target out-usb
expect 0 medsave -r out-usb/backup check
# What an interrupted restore left of the repository goes on.
rm out-usb/backup/config
expect 0 medsave restore latest:/usb --target out-usb
identical saved-usb out-usb

step "a file that opens the repository is not replaced by an older one"
mkdir homedir
echo old-password >homedir/.medsave-password
echo letter >homedir/letter
medsave -q -r locked init --password-file homedir/.medsave-password --repository-version 2
unset_password() { env -u RESTIC_PASSWORD "$MEDSAVE" -r locked --password-file homedir/.medsave-password "$@"; }
unset_password -q backup homedir
echo new-password >new
unset_password -q key passwd --new-password-file new
mv new homedir/.medsave-password
echo changed >homedir/letter
for options in "" "--overwrite if-changed" "--delete" "--dry-run"; do
  # shellcheck disable=SC2086
  expect 1 unset_password restore latest:/homedir --target homedir $options
  says "/.medsave-password: it opens the repository .*was left as it is"
  same "$(cat homedir/.medsave-password)" new-password
done
same "$(cat homedir/letter)" letter
expect 0 unset_password restore latest:/homedir --target homedir --exclude /.medsave-password
expect 0 unset_password backup homedir
expect 0 unset_password restore latest:/homedir --target homedir

step "nor by a folder or a link, nor what leads to it"
secret() { env -u RESTIC_PASSWORD "$MEDSAVE" "${@:2}" --password-file "$1"; }
mkdir saved
for kind in folder link file-above link-above; do
  rm -rf there snap repo-kind elsewhere
  mkdir -p there/keys snap elsewhere
  echo other >elsewhere/other
  echo pw >there/keys/password
  secret there/keys/password -q -r repo-kind init --force
  mkdir -p snap/keys
  case $kind in
    folder) mkdir snap/keys/password && echo x >snap/keys/password/x ;;
    link) ln -s "$work/elsewhere/other" snap/keys/password ;;
    file-above) rmdir snap/keys && echo x >snap/keys ;;
    link-above) rmdir snap/keys && ln -s "$work/elsewhere" snap/keys ;;
  esac
  secret there/keys/password -q -r repo-kind backup snap
  for options in "" "--delete" "--overwrite if-changed --delete"; do
    # shellcheck disable=SC2086
    expect 1 secret there/keys/password -r repo-kind restore latest:/snap --target there $options
    same "$(cat there/keys/password)" pw "$kind $options"
    [ ! -L there/keys ] && [ ! -L there/keys/password ] || fail "$kind $options: replaced by a link"
  done
done
step "a link that leads to it stays, unless the snapshot has the same"
for kind in folder file link same; do
  rm -rf there snap repo-kind
  mkdir -p there snap
  echo pw >elsewhere/password
  ln -s "$work/elsewhere" there/way
  secret there/way/password -q -r repo-kind init --force
  case $kind in
    folder) mkdir snap/way && echo x >snap/way/x ;;
    file) echo x >snap/way ;;
    link) ln -s "$work/saved" snap/way ;;
    same) ln -s "$work/elsewhere" snap/way ;;
  esac
  secret there/way/password -q -r repo-kind backup snap
  code=1
  [ $kind != same ] || code=0
  for options in "" "--delete" "--dry-run"; do
    # shellcheck disable=SC2086
    expect $code secret there/way/password -r repo-kind restore latest:/snap --target there $options
    [ $code -eq 0 ] || says "/way: it opens the repository"
    same "$(readlink there/way)" "$work/elsewhere" "$kind $options"
  done
done

step "a repository that has lost its config gets no other's"
rm -rf usb && cp -a saved-usb usb
rm -rf usb/backup
medsave -q -r usb/backup init --force
medsave -q -r usb/backup backup papers
mv usb/backup/config lost-config
find usb/backup -type f -exec sha256sum {} + | LC_ALL=C sort >before
for options in "" "--delete" "--dry-run"; do
  # shellcheck disable=SC2086
  expect 1 medsave restore latest:/usb --target usb $options
  says "/backup: in the target this folder holds a backup repository that is not the snapshot's"
  find usb/backup -type f -exec sha256sum {} + | LC_ALL=C sort | diff before - || fail "$options changed it"
done
mv lost-config usb/backup/config
expect 0 medsave -r usb/backup check --read-data
# The same repository, which has another snapshot now.
rm -rf usb && cp -a saved-usb usb
medsave -q -r usb/backup backup papers
rm usb/backup/config
expect 0 medsave restore latest:/usb --target usb
expect 0 medsave -r usb/backup check --read-data

step "a program's folders config, data and index are no repository"
mkdir -p app/prog/config app/prog/data/patients app/prog/index app/prog/keys
echo c >app/prog/config/app.ini
echo p >app/prog/data/patients/1
echo i >app/prog/index/i
echo k >app/prog/keys/k
medsave -q backup app
cp -a app app-saved
changed() { echo changed >app/prog/data/patients/1; }
changed
expect 0 medsave restore latest:/app --target app
same "$(cat app/prog/data/patients/1)" p
changed
expect 0 medsave restore latest:/app/prog --target app/prog
changed
expect 0 medsave restore latest:/app/prog/data/patients --target app/prog/data/patients
same "$(cat app/prog/data/patients/1)" p
rm -r app/prog/config
touch app/prog/stray
expect 0 medsave restore latest:/app --target app --delete
says_not "repository; "
identical app-saved app
rm -r app/prog/index/i && expect 0 medsave restore latest:/app --target app
identical app-saved app

step "a repository without its config is one still"
rm usb/backup/config
expect 1 medsave restore latest:/app --target usb/backup/data
says "is or lies in a backup repository"
rm -r usb/backup/keys
expect 1 medsave restore latest:/app --target usb/backup/new
says "is or lies in a backup repository"
mkdir -p app/prog2 && mv usb/backup app/prog2/old
expect 0 medsave restore latest:/app --target app --delete
says "/prog2/old was kept: it is a backup repository"
[ -d app/prog2/old/data ] || fail "the repository went"
