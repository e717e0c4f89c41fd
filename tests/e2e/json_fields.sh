# --json: the fields of the commands that change a repository, and what errors are called. Scripts
# go by them.
source "$(dirname "$0")/../support/lib.sh"
# has FIELD...: the summary of the last command has these fields.
has() { for field in "$@"; do summary "$field" >/dev/null; done; }
medsave -q init
mkdir data
echo a >data/a
backup 0 data
first=$snapshot
echo b >data/b
backup 0 data

step "key add, key passwd, key remove"
printf other >other
expect 0 medsave --json key add --new-password-file other
added=$(summary key_id)
[ -f "repo/keys/$added" ] || fail "no key $added"
printf %s "$RESTIC_PASSWORD" >same
expect 0 medsave --json key passwd --new-password-file same
[ -f "repo/keys/$(summary key_id)" ] || fail "no key $(summary key_id)"
expect 0 medsave --json key remove --dry-run "$added"
same "$(summary dry_run)" true
expect 0 medsave --json key remove "$added"
same "$(summary removed_key_id)" "$added"

step "copy"
expect 0 env MEDSAVE_FROM_PASSWORD=correct-horse medsave --json -r copied init --from-repo repo --copy-chunker-params
expect 0 env MEDSAVE_FROM_PASSWORD=correct-horse medsave --json -r copied copy --from-repo repo
same "$(summary copied_snapshots)" 2
has skipped_snapshots mended_snapshots damaged_snapshots data_added_packed
[ -f "copied/snapshots/$(json --type copied /snapshot_id)" ] || fail "no such copy"
same "$(grep -c '"copied"' stdout)" 2

step "forget, prune"
expect 0 medsave --json forget -n "$first"
same "$(summary dry_run) $(summary removed_snapshots)" 'true 1'
expect 0 medsave --json forget "$first"
same "$(summary removed_snapshots)" 1
expect 0 medsave --json prune --dry-run
same "$(summary dry_run)" true
expect 0 medsave --json prune
has repacked/blobs repack_removes/bytes deleted/bytes pruned/bytes remaining/blobs unused_bytes_after undeleted_packs

step "recover"
rm repo/snapshots/*
expect 0 medsave --json recover --dry-run
same "$(summary unreferenced_roots)" 1
same "$(summary dry_run)" true
expect 0 medsave --json recover
[ -f "repo/snapshots/$(summary snapshot_id)" ] || fail "no such snapshot"

step "repair index, packs and snapshots"
expect 0 medsave --json repair index
for field in replaced_index_files added_packs missing_packs damaged_packs unread_packs lost_blobs; do
  same "$(summary $field)" 0 $field
done
pack=$(medsave list packs | sed -n 1p)
expect 0 medsave --json repair packs --dry-run "$pack"
has saved_blobs lost_blobs
same "$(summary dry_run)" true
expect 0 medsave --json repair snapshots
same "$(summary changed_snapshots)" 0

step "tag"
expect 0 medsave --json tag --set one -n
same "$(summary dry_run) $(summary changed_snapshots)" "true 1"
expect 0 medsave --json tag --set one
same "$(summary changed_snapshots)" 1
[ -f "repo/snapshots/$(json --type changed /new_snapshot_id)" ] || fail "no such snapshot"
json --type changed /old_snapshot_id >/dev/null

step "unlock"
put-lock repo elsewhere 60
expect 0 medsave --json unlock
same "$(summary removed_locks) $(summary remaining_locks)" "0 1"
expect 0 medsave --json unlock --remove-all
same "$(summary removed_locks) $(summary remaining_locks)" "1 0"

step "migrate"
medsave -q -r old init --repository-version 1
expect 0 medsave --json -r old migrate
same "$(json --type migration /name)" upgrade_repo_v2
json --type migration /text >/dev/null
same "$(summary migrations)" 1
expect 0 medsave --json -r old migrate upgrade_repo_v2
same "$(summary applied)" '["upgrade_repo_v2"]'

step "options, features"
expect 0 medsave --json options
json --type option /name >/dev/null
json --type option /text >/dev/null
same "$(summary options)" "$(grep -c '"option"' stdout)"
grep -q '"s3.enable-restore"' stdout || fail "an option of restic is missing"
expect 0 medsave --json features
same "$(summary features)" 0

step "errors are in English and have a name, whatever the language"
# refused CODE NAME WORDS ARGUMENTS...
refused() {
  local code=$1 name=$2 words=$3
  shift 3
  expect "$code" medsave --json --lang fr "$@"
  same "$(tail -n 1 stderr | json-value --type exit_error /code)" "$code"
  same "$(tail -n 1 stderr | json-value --type exit_error /error)" "$name"
  tail -n 1 stderr | json-value --type exit_error /message | grep -q "$words" || fail "$(cat stderr)"
}
refused 10 no-repository "repository does not exist" -r nowhere snapshots
refused 1 usage "unknown flag" snapshots --nonsense
refused 3 incomplete "missing from the snapshot" backup data nowhere
refused 1 not-found "01234567" tag --add x 01234567
MEDSAVE_PASSWORD=wrong refused 12 wrong-password "wrong password" snapshots
put-lock repo elsewhere 60
refused 11 locked "is locked by" prune
