# Locks: who waits for whom, whose is cleared, and what signals do to their owners.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init
echo x >file
medsave -q backup file
locks() { files_in locks; }
# A backup that holds its lock until descriptor 9 is closed; its process is $holder.
hold() {
  rm -f pipe
  mkfifo pipe
  "$MEDSAVE" "$@" backup --stdin --stdin-filename held <pipe >held.out 2>held.err &
  holder=$!
  exec 9>pipe
  wait_for locked
}
release() {
  echo data >&9
  exec 9>&-
  wait "$holder"
}

step "two that only add do not mind each other"
hold -q
expect 0 medsave backup file
expect 0 medsave snapshots
step "who needs it alone is told who has it, and since when"
expect 11 medsave check
says "$(hostname)"
says "\\b$holder\\b"
expect 11 medsave key passwd --new-password-file /dev/null
expect 0 medsave check --no-lock
step "a living process's lock is not cleared"
expect 0 medsave unlock
same "$(locks)" 1
says "this lock stays: PID $holder on"
says 'unlock --remove-all'
step "SIGHUP from a program that looks whether it lives, as restic does, is survived"
sh -c "kill -HUP $holder; :"
sleep 0.3
kill -0 "$holder" || fail "killed by SIGHUP"
step "--retry-lock waits for it"
(sleep 2; echo data >&9) &
exec 9>&-
expect 0 medsave --retry-lock 30s check
wait
same "$(locks)" 0
step "--retry-lock gives up"
hold -q
expect 11 medsave --retry-lock 1s check
says "waiting up to 1s: the repository is locked by PID"
says "waiting for 1s did not help. Try again later, or run .medsave unlock."
says_not "wait until|see --retry-lock"
expect 11 medsave --lang fr --retry-lock 1s check
says "attente de 1.s au plus"
says "l'attente de 1.s n'y a rien changé"
says_not "retry-lock"
release
same "$(locks)" 0

step "a dead process's lock is cleared, with a notice"
hold -q
kill_hard "$holder"
exec 9>&-
same "$(locks)" 1
expect 0 medsave check
says lock
same "$(locks)" 0

step "unlock clears the dead, --remove-all everything"
hold -q
kill_hard "$holder"
exec 9>&-
expect 0 medsave unlock
same "$(locks)" 0
hold -q
expect 0 medsave unlock --remove-all
same "$(locks)" 0
kill_hard "$holder"
exec 9>&-

step "a clock that jumps: a lock of another computer counts as long as it may be alive"
put-lock repo elsewhere -172800
expect 11 medsave check
says elsewhere
expect 0 medsave unlock
same "$(locks)" 1 "locks, of which one is from the future"
expect 11 medsave prune
expect 0 medsave unlock --remove-all
put-lock repo elsewhere 2400
expect 11 medsave check
expect 0 medsave unlock
same "$(locks)" 0

step "locks that cannot be removed are no success"
chmod 755 "$work"
put-lock repo elsewhere 2400
[ "$(id -u)" -ne 0 ] || chown -R 65534:65534 repo
chmod 555 repo/locks
for option in '' --remove-all; do
  # shellcheck disable=SC2086
  expect 1 as_user "$MEDSAVE" unlock $option
  says 'not all locks could be removed'
  says 'this lock stays: PID .* on elsewhere'
  same "$(locks)" 1
done
chmod 755 repo/locks
expect 0 as_user "$MEDSAVE" unlock
says_not 'stay'
expect 0 medsave unlock
says_not 'stay'
[ "$(id -u)" -ne 0 ] || chown -R 0:0 repo

step "foreign files in the repository's folders are tolerated"
mkdir repo/locks/folder repo/data/folder repo/parity repo/"Lisez-moi"
echo note >repo/locks/note
echo note >repo/note
: >"repo/locks/$(printf '%064d' 0)"
expect 0 medsave backup file
expect 0 medsave check --read-data
