# Sourced by the tests of every backend: the life of one repository, by all commands that work on
# it.

# every_command PROGRAM PEER: functions or programs that call medsave and restic with all that
# they need to reach $RESTIC_REPOSITORY, where nothing is yet.
every_command() {
  local program=$1 peer=$2 first copy=$work/every/copy
  command -v "$RESTIC" >/dev/null || peer=
  export RESTIC_FROM_PASSWORD=$RESTIC_PASSWORD
  mkdir every
  special-tree every/tree
  echo another-horse >every/password

  step "every command: a repository is made, filled, checked and restored"
  expect 0 "$program" init
  expect 0 "$program" --json backup --tag one every/tree
  first=$(summary snapshot_id)
  echo "a letter" >every/tree/letter
  expect 0 "$program" backup --tag two every/tree
  expect 0 "$program" --json backup --dry-run every/tree
  same "$(summary files_new)" 0 "new files"
  expect 0 "$program" check --read-data
  expect 0 "$program" restore latest --verify --target every/out
  identical every/tree every/out/every/tree

  step "every command: looking into it"
  expect 0 "$program" --json snapshots
  same "$(json --count '')" 2 snapshots
  expect 0 "$program" ls latest
  says '^/every/tree/letter$'
  expect 0 "$program" find letter
  says 'every/tree/letter'
  expect 0 "$program" diff "$first" latest
  says '^\+ +/every/tree/letter$'
  expect 0 "$program" stats
  expect 0 "$program" dump latest /every/tree/letter
  same "$(cat stdout)" "a letter"
  expect 0 "$program" cat config
  expect 0 "$program" list packs
  if [ -c /dev/fuse ]; then look_by_mount "$program"; fi

  step "every command: copied to a folder and back"
  expect 0 "$program" -r "$copy" init --from-repo "$RESTIC_REPOSITORY" --copy-chunker-params
  expect 0 "$program" -r "$copy" copy --from-repo "$RESTIC_REPOSITORY"
  expect 0 medsave -r "$copy" check --read-data
  expect 0 "$program" forget --unsafe-allow-remove-all --tag two
  expect 0 "$program" copy --from-repo "$copy"
  rm -rf every/out
  expect 0 "$program" restore latest --tag two --target every/out
  identical every/tree every/out/every/tree

  step "every command: snapshots, keys and repairs"
  expect 0 "$program" tag --add kept latest
  expect 0 "$program" rewrite --forget --exclude letter latest
  expect 0 "$program" ls latest
  says_not '/every/tree/letter$'
  expect 0 "$program" key add --new-password-file every/password
  expect 0 "$program" -p every/password snapshots
  expect 0 "$program" -p every/password key passwd --new-password-file every/password
  expect 0 "$program" key list
  expect 0 "$program" repair index
  expect 0 "$program" repair snapshots
  expect 0 "$program" recover
  expect 0 "$program" unlock
  [ -z "$peer" ] || expect 0 "$peer" check --read-data

  step "every command: what nobody needs goes"
  expect 0 "$program" forget --keep-tag kept --group-by '' --prune --max-unused 0
  expect 0 "$program" check --read-data
  rm -rf every/out every/tree/letter
  expect 0 "$program" restore latest --target every/out
  identical every/tree/links every/out/every/tree/links
  [ -z "$peer" ] || expect 0 "$peer" check --read-data
  rm -rf every
}

look_by_mount() {
  local mounted
  mkdir mount
  "$1" mount mount >every/mount.log 2>&1 &
  mounted=$!
  wait_for test -d mount/snapshots/latest/every
  same "$(cat mount/snapshots/latest/every/tree/letter)" "a letter"
  umount mount 2>/dev/null || fusermount3 -u mount
  wait "$mounted" || fail "mount: $(cat every/mount.log)"
  rmdir mount
}
