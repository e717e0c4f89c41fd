# Clients that read restic's JSON: backrest's library, immich's wrapper, resticpy, restic-exporter.
source "$(dirname "$0")/as_client.sh"
practice-data data --scale 0.005
id='[0-9a-f]{64}'

# backrest: 10 alone means that there is no repository; the configuration and init tell its id.
step "backrest: repository"
together cat config
same "$status" 10
expect 0 restic init --json -o local.connections=3
has /id
expect 0 restic cat config
tr -d '\n ' <stdout | json-value /id >/dev/null || fail "no id: $(cat stdout)"
expect 1 restic init --json
says 'config file already exists|already initialized'

# One stream, of which the first line has to be JSON, and the last message is the summary.
step "backrest: backup, restore"
export RESTIC_PROGRESS_FPS=2
together backup --json "$work/data" --exclude-caches --tag plan:practice --tag created-by:office
same "$status" 0
head -n 1 both | json-value /message_type >/dev/null || fail "no JSON: $(head -n 1 both)"
only_types status verbose_status summary
for field in $counts data_blobs tree_blobs total_duration; do summary "$field" >/dev/null; done
says "\"snapshot_id\":\"$id\""
first=$(summary snapshot_id)
practice-data data --scale 0.005 --day 1
together backup --json "$work/data" --exclude-caches --tag plan:practice --tag created-by:office \
  --parent "$first"
same "$status" 0
second=$(summary snapshot_id)
together restore --json "$second" --target out --include "$work/data"
same "$status" 0
only_types status summary
for field in total_bytes bytes_restored total_files files_restored; do summary "$field" >/dev/null; done
identical data "out$work/data"

step "backrest: a source that is not there makes the backup a partial one"
together backup --json "$work/data" "$work/nowhere" --tag plan:other
same "$status" 3
says "\"message_type\":\"summary\".*\"snapshot_id\":\"$id\""
unset RESTIC_PROGRESS_FPS

# One group only, because of the empty --group-by; the ids are whole.
step "backrest: snapshots, ls, tag, stats, dump, forget"
expect 0 restic snapshots --json --tag plan:practice,created-by:office
same "$(json --count "")" 2
has /0/id /0/time /0/tree /0/paths /0/hostname /0/username /0/tags /1/parent
expect 0 restic ls --json "$second" "$work/data"
same "$(sed -n 1p stdout | json-value /id)" "$second"
for field in name type path mtime atime ctime mode; do
  sed -n 2p stdout | json-value "/$field" >/dev/null || fail "no $field: $(sed -n 2p stdout)"
done
expect 0 restic tag --add one,two "$second"
expect 0 restic --no-lock snapshots --json --tag one,two
second=$(json /0/id)
expect 0 restic stats --json --mode=raw-data
has /total_size /total_uncompressed_size /compression_ratio /compression_progress \
  /compression_space_saving /total_blob_count /snapshots_count
restic dump "$second" "$work/data" --archive tar >data.tar || fail "no archive"
mkdir dumped
tar -xf data.tar -C dumped
[ "$(find "dumped$work/data" -type f | wc -l)" -eq "$(find data -type f | wc -l)" ] || fail "not all was dumped"
expect 0 restic forget --json --keep-last 1 --keep-daily 0 --tag plan:practice --group-by ""
same "$(json --count "")" 1
same "$(json --count /0/keep)" 1
same "$(json --count /0/remove)" 1
same "$(json /0/keep/0/id)" "$second"
expect 0 restic forget --json "$second"
expect 0 restic prune --max-unused 25%
expect 0 restic check --read-data-subset=10%
expect 0 restic unlock

# immich's wrapper: "COMMAND --json OPTIONS", each line of the standard output is of a type the
# command is known for, the last one is the result; an exit status for each kind of failure.
step "immich: version, init, backup"
export RESTIC_REPOSITORY=$work/immich
expect 10 restic snapshots --json
json-value --type exit_error /message <stderr >/dev/null
same "$(json-value --type exit_error /code <stderr)" 10
expect 0 restic version --json
for field in version go_version go_os go_arch; do json --type version "/$field" >/dev/null; done
expect 0 restic init --json
same "$(wc -l <stdout)" 1
for field in id repository; do json --type initialized "/$field" >/dev/null; done
expect 12 env RESTIC_PASSWORD=wrong bin/restic snapshots --json
same "$(json-value --type exit_error /code <stderr)" 12
expect 0 restic backup --json --exclude none --no-scan --read-concurrency 2 --group-by host,paths \
  --tag immich --verbose data
only_types status verbose_status summary
for field in $counts data_added_packed backup_start backup_end; do summary "$field" >/dev/null; done
first=$(summary snapshot_id)
# Numbers that must be whole.
says_not '"(seconds_elapsed|seconds_remaining|total_files|files_done|bytes_done)":[0-9]*\.'
if grep verbose_status stdout | grep -Ev '"action":"(new|unchanged|modified|scan_finished)"'; then
  fail "another action"
fi
echo changed >data/new
expect 0 restic backup --json data --tag immich
second=$(summary snapshot_id)

step "immich: snapshots, ls, find, diff, stats"
expect 0 restic snapshots --json --latest 1
has /0/time /0/tree /0/hostname /0/username /0/program_version /0/short_id
for field in $counts data_blobs tree_blobs data_added_packed backup_start backup_end; do
  has "/0/summary/$field"
done
expect 0 restic ls --json latest
only_rest=$(sed 1d stdout | grep -vc '"message_type":"node","struct_type":"node"}$' || true)
same "$only_rest" 0
sed -n 1p stdout | found '"message_type":"snapshot","struct_type":"snapshot"}$' || fail "no snapshot first"
expect 0 restic find --json new
has /0/hits /0/snapshot /0/matches/0/type /0/matches/0/path /0/matches/0/permissions
expect 0 restic diff --json "$first" "$second"
only_types change statistics
says '"path":"/data/new","modifier":"\+"'
for part in added removed; do
  for field in files dirs others data_blobs tree_blobs bytes; do
    json --type statistics "/$part/$field" >/dev/null
  done
done
for mode in restore-size files-by-contents; do
  expect 0 restic stats --json --mode $mode
  has /snapshots_count /total_size /total_file_count
done
expect 0 restic stats --json --mode blobs-per-file
has /snapshots_count /total_size /total_file_count /total_blob_count

step "immich: check, tag, key, restore, forget, cache, unlock"
expect 0 restic check --json --read-data
only_types summary
for field in num_errors broken_packs suggest_repair_index suggest_prune; do summary "$field" >/dev/null; done
expect 0 restic tag --json --add office "$second"
only_types changed summary
for field in old_snapshot_id new_snapshot_id; do json --type changed "/$field" >/dev/null; done
same "$(summary changed_snapshots)" 1
expect 0 restic key list --json
has /0/current /0/id /0/userName /0/hostName /0/created
echo another >new-password
expect 0 restic key add --json --host here --user somebody --new-password-file new-password
expect 0 restic restore --json --target immich-out --overwrite if-changed --verify latest
only_types status summary verbose_status
for field in total_files files_restored total_bytes bytes_restored; do summary "$field" >/dev/null; done
identical data immich-out/data
expect 0 restic forget --json --keep-last 1 --dry-run
has /0/host /0/paths /0/keep/0/id /0/remove/0/id /0/reasons/0/snapshot/id /0/reasons/0/matches/0
has /0/tags
expect 0 restic forget --json "$first"
for command in "prune --json" "repair --json index" "unlock --json --remove-all" "list --json packs"; do
  expect 0 restic $command
done
# The cache has no JSON: words, and a table between two lines of dashes.
expect 0 restic cache --json
says '^[0-9]+ cache dirs in '
says '^Repo ID +Last Used +Old +Size$'
same "$(grep -c '^-----' stdout)" 2
expect 0 restic cache --json --cleanup
says '^no old cache dirs found$'
expect 0 restic cache --json --cleanup --max-age 0
says '^remove [0-9]+ old cache directories$'
expect 0 restic cache --json
says '^no cache dirs found'

# resticpy: all four parts of the version; options before the command; the last line of a backup
# and the first of a forget are JSON, whatever stands around them.
step "resticpy"
expect 0 restic version
grep -Eqx 'restic [0-9.]+ compiled with go[0-9.]+ on [a-zA-Z0-9]+/[a-zA-Z0-9]+( .*)?' stdout || fail "$(cat stdout)"
echo "$RESTIC_PASSWORD" >password
global=(--json --repo "$work/python" --password-file password --no-cache)
expect 0 restic "${global[@]}" init --repository-version 2
has /id
for day in 2 3; do
  practice-data data --scale 0.005 --day $day
  expect 0 restic "${global[@]}" backup data --exclude none --tag python --host practice --no-scan \
    --skip-if-unchanged
  tail -n 1 stdout | json-value /snapshot_id >/dev/null || fail "no summary last: $(tail -n 1 stdout)"
done
expect 0 restic "${global[@]}" snapshots --host practice --tag python
same "$(json --count "")" 2
expect 0 restic "${global[@]}" forget --group-by host --host practice --keep-last 1 --prune
head -n 1 stdout | json-value /0/remove/0/id >/dev/null || fail "no JSON first: $(head -n 1 stdout)"
expect 0 restic "${global[@]}" restore latest --include data --target python-out
identical data python-out/data
expect 0 restic "${global[@]}" check --read-data
expect 0 restic "${global[@]}" stats --mode raw-data
expect 0 restic "${global[@]}" rewrite --exclude new --forget latest
expect 0 restic "${global[@]}" unlock
expect 0 restic generate --bash-completion completion --man .

# restic-exporter: nothing locks; its numbers are those of the snapshots' summaries; a lock is a
# line with its id.
step "restic-exporter"
expect 0 restic --no-lock snapshots --json
expect 0 restic --no-lock snapshots --json --latest 1
has /0/time /0/hostname /0/username /0/paths /0/id /0/short_id /0/tags /0/program_version
for field in $counts; do has "/0/summary/$field"; done
for field in backup_start backup_end; do
  date -d "$(json "/0/summary/$field")" >/dev/null || fail "$field is no date"
done
expect 0 restic --no-lock stats --json --mode raw-data
has /total_size /total_uncompressed_size /compression_ratio /total_blob_count /snapshots_count
expect 0 restic --no-lock check
expect 0 restic --no-lock list locks
same "$(grep -Ec '^[a-z0-9]+$' stdout || true)" 0
mkfifo pipe
medsave -q backup --stdin <pipe & owner=$!
exec 3>pipe
wait_for locked
expect 0 restic --no-lock list locks
same "$(grep -Ec '^[a-z0-9]+$' stdout)" 1
echo end >&3
exec 3>&-
wait $owner
