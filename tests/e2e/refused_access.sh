# A repository or a target where this user may not write or read: who may not, that the backups are
# untouched, what to do; no names of temporary files.
source "$(dirname "$0")/../support/lib.sh"
[ "$(id -u)" -eq 0 ] || skip "not root: no other user can be tried"
command -v setpriv >/dev/null || skip "no setpriv"
chmod 755 .
unset RESTIC_CACHE_DIR
medsave -q init
echo a >file
chmod 644 file
backup 0 file
backup 0 file
mkdir -m 777 theirs

# told WHAT: the last command failed as it should.
told() {
  same "$status" 1
  says "permission denied: the user nobody may not $1, which belongs to root"
  says "What is saved in the repository is untouched"
  says "Run the command as the user who made the repository, or give nobody the right"
  says_not "tmp-[0-9]"
}
files() { find repo -type f -printf '%p %s\n' | sort; }
files >before

step "a repository that may be read but not written"
chmod -R go+rX repo
for command in "backup file" "forget --keep-last 1" prune "tag --add x" "rewrite --exclude a" "key add" recover; do
  # shellcheck disable=SC2086
  run as_user "$MEDSAVE" --no-cache $command
  told "write in the folder $work/repo/locks"
done
for command in snapshots "restore latest --target theirs/out" check; do
  # shellcheck disable=SC2086
  run as_user "$MEDSAVE" --no-cache $command
  same "$status" 0
  says "no lock could be stored \(the user nobody may not write there\)"
done
put-lock repo elsewhere 2400
chmod go+r repo/locks/*
run as_user "$MEDSAVE" --no-cache unlock
same "$status" 1
says "may not write in the folder $work/repo/locks"
rm -f repo/locks/*

step "only locks may be written"
chmod 777 repo/locks
echo b >file
run as_user "$MEDSAVE" --no-cache backup file
told "write in the folder $work/repo/data/[0-9a-f]{2}"
says "The backup is not finished"
run as_user "$MEDSAVE" --no-cache forget --unsafe-allow-remove-all --path "$work/file"
same "$status" 3
says "unable to remove snapshot .*: permission denied: the user nobody may not write in the folder $work/repo/snapshots"
same "$(grep -c "may not write" stderr)" 1 "how often the reason is said"
says "unable to remove snapshot .* from the repository: for the same reason"
same "$(files)" "$(cat before)" "the repository"

step "a repository that may not be read"
for closed in repo repo/keys repo/snapshots repo/index repo/config; do
  mode=$(stat -c %a $closed)
  chmod go-rwx $closed
  run as_user "$MEDSAVE" --no-cache backup file
  told "read $work/$closed"
  chmod "$mode" $closed
done

step "check: what may not be read is no damage, and nothing is to be repaired"
pack=$(grep -l . -r repo/data | head -n 1)
for closed in "$pack" "$(find repo/index -type f | head -n 1)"; do
  mode=$(stat -c %a "$closed")
  chmod go-rwx "$closed"
  run as_user "$MEDSAVE" --no-cache check --read-data
  same "$status" 1
  says "cannot open ${closed#repo/}: Permission denied"
  says "1\. This user may not read all files of the repository"
  says_not "damaged|medsave repair|replace it"
  run as_user "$MEDSAVE" --no-cache --json check --read-data
  says '"broken_packs":null,"suggest_repair_index":false'
  chmod "$mode" "$closed"
done
run as_user "$MEDSAVE" --no-cache check --read-data
same "$status" 0

step "init where nothing may be made: said before a password is asked for"
run as_user env -u RESTIC_PASSWORD "$(program_for_all)" -r "$work/new/repo" init
same "$status" 1
says "permission denied: the user nobody may not write in $work, which belongs to root; no repository was made"
says_not "password"
if mkdir /media/medsave-test-$$ 2>/dev/null; then
  run as_user "$MEDSAVE" -r /media/medsave-test-$$/repo init
  rmdir /media/medsave-test-$$
  same "$status" 1
  says "no repository was made"
  says_not "no drive is mounted"
fi

step "restore to where nothing can be made"
for target in /proc/x "$work/file" "$work/file/x"; do
  expect 1 medsave restore latest --target "$target"
  says "Nothing was restored; choose another folder with --target"
done
run as_user "$MEDSAVE" --no-cache restore latest --target "$work/out"
same "$status" 1
says "cannot create folder $work/out.*Nothing was restored; choose another folder"

mkdir -m 700 closed
run as_user "$MEDSAVE" --no-cache restore latest --target "$work/closed/out"
same "$status" 1
says "permission denied.*Nothing was restored; choose another folder with --target"

step "restore below a folder that may be passed but not listed"
chmod -R a+rX repo
mkdir -m 711 passed
mkdir -m 777 passed/own
run as_user "$MEDSAVE" --no-cache restore latest --target "$work/passed/own/out"
same "$status" 0
same "$(cat passed/own/out/file)" a
