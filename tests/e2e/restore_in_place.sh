# Restoring to where the files were: what is there, and was not chosen or not saved, stays as it is,
# and what cannot be had again is said.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init

# leftover NAME: under which name a restore makes an entry first.
leftover() { echo ".medsave-$(printf %s "$1" | sha256sum | head -c 32).tmp"; }
# look FILE...: mode and time of each.
look() { stat -c '%n %a %Y' "$@"; }

step "folders that are only on the way to what is restored keep mode, owner and time"
mkdir -p srv/letters/2026 && echo 1 >srv/letters/2026/1 && echo 2 >srv/letters/2026/2
touch -d '2001-02-03' srv/letters/2026 srv/letters srv
medsave -q backup "$work/srv"
chmod 2751 srv && chmod 770 srv/letters && chmod 500 srv/letters/2026
rm -f srv/letters/2026/1
touch -d '2020-02-02' srv/letters/2026 srv/letters srv
before=$(look srv srv/letters)
for options in --dry-run "" ""; do
  # shellcheck disable=SC2086
  expect 0 medsave restore latest --target / --include "$work/srv/letters/2026/1" $options
  same "$(look srv srv/letters)" "$before" "of folders on the way"
  same "$(stat -c %a srv/letters/2026)" 500 "of the folder of the file"
done
says_not "folder"
same "$(cat srv/letters/2026/1)" 1
expect 0 medsave restore latest --target new --include "$work/srv/letters/2026/1"
says "Restored 1 file and [0-9]+ folders"
same "$(stat -c '%a %Y' "new$work/srv/letters")" "755 $(date -d '2001-02-03' +%s)" "of a folder made on the way"
expect 0 medsave restore latest --target / --include "$work/srv/letters"
same "$(stat -c '%a %Y' srv/letters)" "755 $(date -d '2001-02-03' +%s)" "of a folder that was chosen"
same "$(stat -c %a srv)" 2751 "of the one above it"
chmod 755 srv

step "a source behind a link is not restored in the place of the link"
mkdir -p drive/pictures && echo p >drive/pictures/p && ln -s drive link
medsave -q backup "$work/link/" "$work/srv"
rm drive/pictures/p
for options in --dry-run "" --delete; do
  # shellcheck disable=SC2086
  expect 1 medsave restore "latest:$work" --target "$work" $options
  says "link is a symbolic link here; it was kept, and nothing was restored there"
  same "$(readlink link)" drive
done
expect 0 medsave restore "latest:$work/link" --target "$work/link"
same "$(cat drive/pictures/p)" p
same "$(readlink link)" drive
rm link
expect 0 medsave restore latest --target /
same "$(cat link/pictures/p)" p "where there is no link any more"
rm -r link

step "--delete leaves the caches of all users, not only one's own"
mkdir -p home/anna/letters && echo a >home/anna/letters/a
medsave -q backup "$work/home"
for name in medsave restic; do
  mkdir -p home/anna/.cache/$name
  RESTIC_CACHE_DIR=$work/home/anna/.cache/$name medsave -q --cleanup-cache snapshots >/dev/null
done
id=$(printf '%064d' 7)
mkdir -p home/anna/.cache/restic/"$id"/{data,index,snapshots} home/anna/.cache/other
printf 1 >home/anna/.cache/restic/"$id"/version
printf 'Signature: 8a477f597d28d172789f06886806bc55\n' >home/anna/.cache/restic/CACHEDIR.TAG
cp home/anna/.cache/restic/CACHEDIR.TAG home/anna/.cache/medsave
mkdir -p home/anna/.cache/medsave/configs && echo kept >home/anna/.cache/medsave/configs/"$id"
echo other >home/anna/.cache/other/file
expect 0 medsave restore "latest:$work" --target "$work" --delete
says "entries of the target were kept although the snapshot does not have them"
[ -e home/anna/.cache/restic/"$id"/version ] || fail "restic's cache is gone"
same "$(cat home/anna/.cache/medsave/configs/"$id")" kept
[ ! -e home/anna/.cache/other ] || fail "another folder stays"
medsave -q backup "$work/home"
echo newer >home/anna/.cache/medsave/configs/"${id//7/8}"
expect 0 medsave restore "latest:$work" --target "$work" --delete
same "$(cat home/anna/.cache/medsave/configs/"${id//7/8}")" newer

step "an entry that is called as a restore calls what is unfinished is restored as any other"
mkdir -p odd && ln -s one odd/zlink && ln -s two "odd/$(leftover zlink)"
mkfifo odd/pipe && mkfifo "odd/$(leftover pipe)"
medsave -q backup "$work/odd"
for round in 1 2; do
  expect 0 medsave restore latest --target odd-out --delete
  identical odd "odd-out$work/odd"
done

step "times that the target cannot hold are told"
if [ -d /dev/shm ] && ! touch -d @20000000000 probe || [ "$(stat -c %Y probe)" = 20000000000 ]; then
  echo "this file system holds all times"
else
  far=$(mktemp -d /dev/shm/medsave-test.XXXXXX)
  trap 'rm -rf "$far"; clean_up' EXIT
  echo x >"$far/x" && echo y >"$far/y" && touch -d @20000000000 "$far/x"
  medsave -q backup "$far"
  expect 0 medsave restore "latest:$far" --target far-out
  says "the target cannot keep times: 1 entry has another one than in the snapshot"
  rm -rf far-out
  expect 0 medsave restore "latest:$far" --target far-out --include y
  says_not "cannot keep times"
fi

step "what a snapshot may have lost after its backup is told before --delete"
mkdir gone && echo 1 >gone/1 && echo 2 >gone/2
medsave -q backup "$work/gone"
medsave -q rewrite --forget --exclude gone/2 latest
for options in --dry-run ""; do
  # shellcheck disable=SC2086
  expect 0 medsave restore "latest:$work" --target "$work" --delete $options
  says "the snapshot is not the backup's own but one made of it"
done
[ ! -e gone/2 ] || fail "not deleted"
expect 0 medsave restore "latest:$work" --target "$work" --delete
says_not "made of it"

if [ "$(id -u)" -eq 0 ]; then
  step "a user who replaces a colleague's file is told that it is his own then"
  chmod 755 "$work" && chmod -R a+rwX repo
  mkdir -m 777 shared && echo saved >shared/plan && ln -s a shared/way && echo mine >shared/own
  chown 1234 shared/plan && chown -h 1234 shared/way && chown 65534 shared/own
  medsave -q backup "$work/shared"
  chmod -R a+rwX repo
  echo changed >shared/plan && echo changed >shared/own
  expect 0 as_user "$MEDSAVE" restore --no-lock --no-cache "latest:$work/shared" --target shared
  says "2 files of the target belong to somebody else and make way for files that belong to you"
  says "the first: shared/(plan|way)"
  same "$(cat shared/plan) $(stat -c %u shared/plan)" "saved 65534"
  expect 0 as_user "$MEDSAVE" restore --no-lock --no-cache "latest:$work/shared" --target shared
  says_not "somebody else"
fi
