# Each exit status means one thing, and every failure says what to do about it.
source "$(dirname "$0")/../support/lib.sh"
echo data >file

step "10: no repository"
expect 10 medsave snapshots
expect 10 medsave backup file
expect 10 medsave --json check
grep '"exit_error"' stderr | json-value --type exit_error /code | found -x 10 || fail "$(cat stderr)"

step "0 and 12: wrong password"
expect 0 medsave init
expect 12 env RESTIC_PASSWORD=wrong "$MEDSAVE" snapshots
says password
expect 12 env RESTIC_PASSWORD=wrong "$MEDSAVE" --json backup file

step "1: usage, unknown options, missing arguments"
expect 1 medsave no-such-command
expect 1 medsave backup --no-such-option file
expect 1 medsave restore latest
expect 1 medsave key no-such-thing
expect 1 env -u RESTIC_REPOSITORY "$MEDSAVE" snapshots
says "repo"
expect 1 env RESTIC_PASSWORD= "$MEDSAVE" snapshots </dev/null
expect 1 medsave --repo "$work/a" --repository-file "$work/b" snapshots
expect 0 medsave version
expect 0 medsave --help

step "3: something could not be saved"
expect 3 medsave backup file missing
says missing

step "11: locked"
mkfifo pipe
"$MEDSAVE" -q backup --stdin <pipe &
exec 9>pipe
wait_for locked
expect 11 medsave check
says "lock"
exec 9>&-
wait
expect 0 medsave check

step "passwords: file, command, environment of our own"
echo "$RESTIC_PASSWORD" >password
unset RESTIC_PASSWORD
expect 0 medsave --password-file password snapshots
expect 0 medsave --password-command 'cat password' snapshots
expect 0 env RESTIC_PASSWORD_FILE=password "$MEDSAVE" snapshots
expect 0 env RESTIC_PASSWORD_COMMAND='cat password' "$MEDSAVE" snapshots
printf '\xef\xbb\xbfcorrect-horse\r\n' >with-bom
expect 0 medsave --password-file with-bom snapshots
expect 1 medsave --password-file no-such-file snapshots
expect 1 medsave --password-command false snapshots
expect 0 env MEDSAVE_PASSWORD=correct-horse RESTIC_PASSWORD=wrong "$MEDSAVE" snapshots
expect 0 env MEDSAVE_REPOSITORY="$work/repo" RESTIC_REPOSITORY="$work/none" \
  MEDSAVE_PASSWORD=correct-horse "$MEDSAVE" snapshots
echo "$work/repo" >where
expect 0 env -u RESTIC_REPOSITORY MEDSAVE_PASSWORD=correct-horse \
  "$MEDSAVE" --repository-file where snapshots
expect 0 env -u RESTIC_REPOSITORY RESTIC_REPOSITORY_FILE=where RESTIC_PASSWORD=correct-horse \
  "$MEDSAVE" snapshots
export RESTIC_PASSWORD=correct-horse

step "a repository elsewhere, by --repo; an unknown kind of place"
expect 0 medsave -r "$work/second" init
expect 0 medsave --repo "$work/second" snapshots
expect 1 medsave -r gopher:somewhere snapshots

step "init with the chunker of another repository"
expect 0 env RESTIC_PASSWORD=other "$MEDSAVE" -r "$work/third" init --from-repo "$work/repo" \
  --from-password-file <(echo correct-horse) --copy-chunker-params
polynomial() { env RESTIC_PASSWORD="$2" "$MEDSAVE" -r "$1" cat config | grep -o '"chunker_polynomial": *"[^"]*"'; }
same "$(polynomial "$work/third" other)" "$(polynomial "$work/repo" correct-horse)"
[ "$(polynomial "$work/second" correct-horse)" != "$(polynomial "$work/repo" correct-horse)" ] ||
  fail "two repositories with one polynomial"
