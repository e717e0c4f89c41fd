# Standard output that is full, closed or not read: what was done is said on standard error.
source "$(dirname "$0")/../support/lib.sh"
[ -c /dev/full ] || skip "no /dev/full"
medsave -q init
mkdir data
echo 1 >data/1
# lost CODE TEXT COMMAND...: with a full standard output.
lost() {
  local code=$1 text=$2
  shift 2
  status=0
  "$@" >/dev/full 2>"$work/stderr" || status=$?
  : >"$work/stdout"
  same "$status" "$code" "exit status of $*"
  says "$text"
  says 'could not be written to standard output'
  says_not Fatal
}

step "a backup was saved all the same"
lost 1 'snapshot [0-9a-f]{8} was saved' medsave backup data
id=$(grep -oE '[0-9a-f]{8}' stderr | head -n 1)
medsave snapshots | grep "$id" >/dev/null || fail "no such snapshot"
lost 1 'snapshot [0-9a-f]{8} was saved' medsave --json backup data
json-value --type exit_error /message <stderr | found 'was saved' || fail "not as JSON: $(cat stderr)"
lost 3 'snapshot [0-9a-f]{8} was saved' medsave backup data missing
run medsave backup data missing
same "$status" 3
count=$(snapshots)
run sh -c '"$1" backup data >&-' sh "$MEDSAVE"
same "$status" 1 "closed"
says 'snapshot [0-9a-f]{8} was saved'
(set +o pipefail; { "$MEDSAVE" -vv backup data 2>stderr || echo $? >code; } | true)
same "$(snapshots)" $((count + 2))
if [ -e code ]; then says 'snapshot [0-9a-f]{8} was saved'; fi

step "files were restored all the same"
lost 1 '2 files and folders were restored to out' medsave restore latest --target out
cmp data/1 out/data/1
lost 1 'restored to out' medsave --json -vv restore latest --target out
run sh -c '"$1" restore latest --target closed >&-' sh "$MEDSAVE"
same "$status" 1 "closed"
says 'restored to closed'
cmp data/1 closed/data/1
run sh -c '"$1" restore latest --target dry --dry-run >/dev/full' sh "$MEDSAVE"
same "$status" 1
says_not 'restored to'

step "other commands that change something"
lost 1 'modified 1 snapshot;' medsave tag --add x latest
lost 1 'snapshot has been removed' medsave forget latest
lost 1 'what is not needed was removed' medsave prune
lost 1 'snapshots? have been removed|what is not needed' medsave forget --keep-last 1 --prune
lost 1 'the repository was made' medsave -r second init
lost 1 'copied' env RESTIC_FROM_PASSWORD=correct-horse "$MEDSAVE" -r second copy --from-repo repo
lost 1 'made 1 snapshot anew' medsave rewrite --exclude 1 latest
echo new >new
lost 1 'saved new key' medsave key add --new-password-file new
lost 1 'successfully removed' env -- sh -c 'put-lock repo elsewhere 2400; exec "$1" unlock' sh "$MEDSAVE"

step "what is only asked for has failed, though"
run sh -c '"$1" snapshots >/dev/full' sh "$MEDSAVE"
same "$status" 1
says 'Fatal: cannot write to standard output'
run sh -c '"$1" dump latest / >/dev/full' sh "$MEDSAVE"
same "$status" 1
says 'Fatal: cannot write to standard output: No space left'
run sh -c '"$1" --lang fr dump latest / >/dev/full' sh "$MEDSAVE"
says "impossible d'écrire sur la sortie standard"

step "no file takes the place of a standard stream that the caller has closed"
head -c 3000000 /dev/urandom >data/random
for closed in '>&-' '<&-' '2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
  before=$(snapshots)
  sh -c "\"\$1\" -vv backup --force data $closed" sh "$MEDSAVE" >/dev/null 2>&1 || true
  same "$(snapshots)" $((before + 1)) "snapshots with $closed"
done
"$MEDSAVE" backup --stdin-from-command -- sleep 2 <&- >&- 2>&- &
pid=$!
wait_for locked
for stream in 0 1 2; do
  same "$(readlink "/proc/$pid/fd/$stream")" /dev/null "standard stream $stream"
done
kill "$pid"
wait "$pid" || true
expect 0 medsave check --read-data
