# A drive that is not connected, and passwords that others can see.
source "$(dirname "$0")/../support/lib.sh"
mkdir drive
export RESTIC_REPOSITORY=$work/drive/repo
expect 0 medsave init
says_not 'there was a repository'
expect 0 medsave snapshots

step "the drive is not there"
mv drive elsewhere
expect 10 medsave snapshots
says "the repository that was at $work/drive/repo on [0-9-]+ is not there now"
says 'Connect its drive'
says_not 'medsave init'
mkdir drive  # as a mount point stays
expect 10 medsave backup "$work/elsewhere"
says 'is not there now'
same "$(ls drive)" "" "files on the system's disk"
expect 10 medsave --no-cache snapshots
says 'repository does not exist'
expect 10 medsave --as-restic snapshots
says 'Is there a repository at the following location'
for name in drive/repo drive/repo/ ./drive//repo/; do
  expect 1 medsave -r "$name" init
  says "there was a repository at .*drive/+repo/* on [0-9-]+"
done
touch drive/other  # what lies there does not matter
(umask 077 && echo correct-horse >right)
for option in "--password-file $work/right" "--password-command cat $work/right"; do
  expect 1 env -u RESTIC_PASSWORD "$MEDSAVE" "${option%% *}" "${option#* }" init
  says "there was a repository at $work/drive/repo on [0-9-]+, so none was made\. Your backups are probably on a drive"
  says 'medsave init --force'
done
same "$(ls drive)" other "files on the system's disk"
expect 0 medsave init --force
rm -r drive
mv elsewhere drive
expect 0 medsave snapshots

step "by whatever name it is called"
mv drive elsewhere
(cd /tmp && expect 10 medsave -r "$work/./drive/../drive/repo" snapshots && says 'is not there now')
expect 10 medsave -r drive/repo snapshots
says 'is not there now'
mkdir below
(cd below && expect 10 medsave -r drive/repo snapshots && says 'repository does not exist')
ln -s "$work/drive/repo" monday && ln -s drive usb
for name in monday usb/repo; do
  expect 1 medsave -r "$name" init
  says "there was a repository at .* on [0-9-]+"
done
rm monday usb
mv elsewhere drive

step "one that was only made is remembered"
mkdir -p elsewhere/drive
expect 0 medsave -r elsewhere/drive/repo init
rm -r elsewhere
expect 10 medsave -r elsewhere/drive/repo snapshots
says 'is not there now'

step "what commands remember at the same time is all kept"
for n in 1 2 3 4 5 6 7 8; do medsave -q -r "many/$n" init; done
rm cache/repositories.json
for n in 1 2 3 4 5 6 7 8; do medsave -q -r "many/$n" snapshots & done
wait
for n in 1 2 3 4 5 6 7 8; do
  grep -q "many/$n\"" cache/repositories.json || fail "many/$n is not remembered"
done
rm -r many

step "where it never was"
expect 10 medsave -r "$work/other" snapshots
says 'repository does not exist'

step "what is remembered may be damaged or missing"
for content in '' '[]' '{"x":1}' '{' "{\"$work/other\":{\"id\":1}}"; do
  printf '%s' "$content" >cache/repositories.json
  expect 10 medsave -r "$work/other" snapshots
  says 'repository does not exist'
  expect 0 medsave snapshots
done
chmod 500 cache
expect 0 medsave snapshots
chmod 700 cache

step "passwords that others can see or guess"
echo 'a long password of words' >password
unset RESTIC_PASSWORD
chmod 644 password
expect 0 medsave -r "$work/second" -p password init
says "password file password can be read by other users"
says_not 'is weak'
chmod 600 password
expect 0 medsave -r "$work/second" -p password snapshots
says_not 'other users'
for weak in secret 123456789012345; do
  expect 0 env MEDSAVE_PASSWORD=$weak "$MEDSAVE" -r "$work/of-$weak" init
  says 'the new password is weak'
  expect 0 env MEDSAVE_PASSWORD=$weak "$MEDSAVE" -r "$work/of-$weak" snapshots
  says_not weak
done
run timeout -s INT 3 "$MEDSAVE" -p password -r rest:http://me:word@127.0.0.1:1/ snapshots
says 'password stands on the command line'
says_not 'me:word'
run env MEDSAVE_REPOSITORY=rest:http://me:word@127.0.0.1:1/ timeout -s INT 3 "$MEDSAVE" -p password snapshots
says_not 'command line'
