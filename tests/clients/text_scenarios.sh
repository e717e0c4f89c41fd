# Clients that read what restic says to people: npbackup, resticprofile, restic-scheduler,
# runrestic, autorestic.
source "$(dirname "$0")/as_client.sh"
practice-data data --scale 0.005
echo left out >data/thumbs.tmp
size='[0-9.]+ ([KMGT]i)?B'
# What each of them takes apart after a backup.
says_what_was_saved() {
  says '^Files: +[0-9]+ new, +[0-9]+ changed, +[0-9]+ unmodified$'
  says '^Dirs: +[0-9]+ new, +[0-9]+ changed, +[0-9]+ unmodified$'
  says "^Added to the repository: $size +\($size +stored\)$"
  says "^processed [0-9]+ files, $size in [0-9]+:[0-9]{2}$"
  says '^snapshot [0-9a-f]{8} saved$'
}

# npbackup: text of the version; options before the command; one stream, of which the exit status
# 10 or the words mean that the repository has to be made.
step "npbackup: version and repository"
expect 0 restic version
says '^restic +[0-9.]+ .*compiled'
together -vv snapshots
same "$status" 10
says '^Fatal: repository does not exist'
together init --repository-version 2 --compression auto
same "$status" 0
says '^created restic repository [a-z0-9]+ at .+'
together init --repository-version 2 --compression auto
same "$status" 1
says 'already exists|already initialized'
expect 0 restic --json -r "$work/npbackup" init --repository-version 2 --compression auto
says '^\{"message_type":"initialized"'

step "npbackup: backup in words, from files and from commands"
together --limit-upload 100000 -vv backup --no-scan "$work/data" --iexclude "*.TMP" \
  --exclude-caches --exclude-larger-than 100000000 --one-file-system --tag npbackup
same "$status" 0
says_what_was_saved
expect 0 restic backup --stdin --stdin-filename dump.sql --tag dump <<<"from standard input"
says_what_was_saved
expect 0 restic backup --tag dump --stdin-filename command.sql --stdin-from-command -- echo of a command
says_what_was_saved
expect 1 restic backup --tag dump --stdin-filename failed.sql --stdin-from-command -- false
expect 0 restic dump latest /command.sql
same "$(cat stdout)" "of a command"

# It takes the last of the list for the newest, and a time in one form.
step "npbackup: snapshots, ls, find, list, stats"
expect 0 restic --json snapshots latest
says '"time":"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.?[0-9]*(Z|[+-][0-9]{2}:[0-9]{2})"'
has /0/short_id /0/id
expect 0 restic --json ls "$(json /0/short_id)"
has /path /type
expect 0 restic --json find "dump.sql"
same "$(json /0/hits)" 1
expect 0 restic --json list snapshots
same "$(grep -Ecx '[0-9a-f]{64}' stdout)" 3
expect 0 restic --json stats
has /total_size /total_file_count

# forget that finds nothing ends in 0: the words are the failure.
step "npbackup: forget, prune, check, repair, recover"
together -vv forget 0123abcd
same "$status" 0
says 'no matching ID found for prefix'
expect 0 restic -vv forget --keep-last 1 --keep-tag keep --group-by host,tags
expect 0 restic -vv prune --max-unused 0% --max-repack-size 1000000000
expect 0 restic check --read-data
for command in unlock recover "repair index" "repair snapshots"; do expect 0 restic $command; done
expect 0 restic restore latest:"$work/data" --target npbackup-out --tag npbackup
treediff --no-sockets data npbackup-out >differences && fail "thumbs.tmp was saved"
same "$(grep -c thumbs.tmp differences)" 1
rm data/thumbs.tmp

# resticprofile: options as --name=value; makes the repository whether it is there or not; both
# numbers of what was added; "Would add" is a dry run.
step "resticprofile: backup"
expect 1 restic init --verbose=1
expect 0 restic backup --tag=profile --exclude=none --host=practice --retry-lock=1m --verbose=2 "$work/data"
says_what_was_saved
expect 0 restic backup --dry-run --force --tag=profile "$work/data"
says "^Would add to the repository: $size +\($size +stored\)$"
expect 0 restic --json backup --tag=profile "$work/data"
says '^\{"message_type":"summary","'
same "$(summary files_new)" 0
expect 0 restic forget --keep-daily=1 --tag=profile --host=practice --path="$work/data" --prune --compact
expect 0 restic -r "$work/second" init --copy-chunker-params --from-repo="$RESTIC_REPOSITORY" \
  --from-password-command="echo $RESTIC_PASSWORD"

# The line of a file that could not be read, with its members in restic's order; the exit status 3.
step "resticprofile: an unreadable file"
chmod 711 "$work"
cp -r data unreadable
chmod -R go+rX unreadable
echo secret >unreadable/secret
chmod 0 unreadable/secret
mkdir mine
chmod 777 mine
expect 0 as_user "$MEDSAVE" --as-restic -r mine/repo --no-cache init
expect 3 as_user "$MEDSAVE" --as-restic -r mine/repo --no-cache --json backup --host=practice unreadable
says '^\{"message_type":"error",.+,"during":"archival","item":"[^"]*/unreadable/secret".*\}$'
json --type summary /snapshot_id >/dev/null

# Three lines about a lock, of which two at least: by whom, since when (Go's way to write a
# duration), and that there is unlock.
step "resticprofile: locked by somebody else"
mkfifo pipe
medsave -q backup --stdin <pipe & owner=$!
exec 3>pipe
wait_for locked
together prune
same "$status" 11
says 'unable to create lock.+already locked.+by [^ ].*$'
says 'lock was created at .+\(([0-9]+h)?([0-9]+m)?[0-9.]+(ms|µs|s) ago\)$'
says 'the.+unlock.+command can be used to remove stale locks'
echo end >&3
exec 3>&-
wait $owner

# restic-scheduler: the question on the standard error means that init has to come first; one
# array of snapshots; a restore that is verified.
step "restic-scheduler"
options=(--cache-dir "$RESTIC_CACHE_DIR" --repo "$work/scheduler")
expect 10 restic "${options[@]}" snapshots
grep -qF "Is there a repository at the following location?" stderr || fail "no question: $(cat stderr)"
expect 0 restic "${options[@]}" init
expect 0 restic "${options[@]}" backup --exclude none --tag one --tag two --host practice "$work/data"
expect 0 restic "${options[@]}" snapshots --json
has /0/time /0/tree /0/hostname /0/username /0/id /0/short_id /0/paths /0/tags
expect 0 restic "${options[@]}" forget --keep-last 1 --keep-within-daily 7d --tag one,two --keep-tag two --prune
expect 0 restic "${options[@]}" restore --host practice --tag one --path "$work/data" \
  --target scheduler-out --verify latest
identical data "scheduler-out$work/data"
expect 0 restic "${options[@]}" check
expect 0 restic "${options[@]}" unlock --remove-all

# runrestic: one stream; numbers in the words of backup, forget and prune; --check-unused, which
# restic ignores by now; statistics of which nothing but JSON may come.
step "runrestic"
repository=$work/runrestic
together -r "$repository" init
together -r "$repository" init
same "$status" 1
says 'config file already exists'
echo "$work/data" >sources
echo "*.bak" >patterns
for day in 1 2; do
  practice-data data --scale 0.005 --day $day
  together -r "$repository" backup --files-from sources --exclude none --exclude-file patterns
  same "$status" 0
  says_what_was_saved
done
together -r "$repository" forget --keep-last 1 --group-by host
same "$status" 0
says 'remove [0-9]+ snapshots'
together -r "$repository" check --check-unused --read-data
same "$status" 0
together -r "$repository" prune
same "$status" 0
for line in "to repack" "this removes" "to delete" "total prune" "remaining"; do
  says "^$line: +[0-9]+ blobs / $size$"
done
says "^unused size after prune: $size \([0-9.]+% of remaining size\)$"
together -r "$repository" stats -q --json
same "$status" 0
same "$(wc -l <both)" 1
has /total_file_count /total_size

# autorestic: everything from the environment; check tells whether there is a repository; a tag of
# its own; copies by the short id in "snapshot ... saved".
step "autorestic"
export RESTIC_REPOSITORY=$work/autorestic
expect 10 restic check
expect 0 restic init
expect 0 restic backup --tag ar:cron --tag ar:location:practice "$work/data"
expect 0 restic backup --tag ar:cron --tag ar:location:practice "$work/data"
says '^using parent snapshot [0-9a-f]{8}$'
says_what_was_saved
short=$(sed -nE 's/^snapshot ([0-9a-f]+) saved$/\1/p' stdout)
expect 0 env RESTIC_REPOSITORY="$work/second" RESTIC_FROM_REPOSITORY="$RESTIC_REPOSITORY" \
  RESTIC_FROM_PASSWORD="$RESTIC_PASSWORD" "$work/bin/restic" copy "$short"
expect 0 restic forget --tag ar:location:practice --prune --keep-last 1
same "$(snapshots)" 1
expect 0 restic restore --target autorestic-out --tag ar:location:practice latest
identical data "autorestic-out$work/data"
same "$(RESTIC_REPOSITORY=$work/second snapshots)" 1
