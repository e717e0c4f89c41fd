# Debian's backupninja drives the program by restic's name: it makes the repository, backs up,
# forgets, prunes and checks, and it notices what fails by the exit status alone.
source "$(dirname "$0")/../support/lib.sh"
need_root  # backupninja runs as nobody else
[ -x /usr/sbin/backupninja ] || skip "no backupninja"
mkdir bin actions
chmod 700 actions
ln -s "$MEDSAVE" bin/restic
practice-data data --scale 0.005
mkdir -p more/cache more/left-out
echo tagged >more/cache/.no-backup
echo 1 >more/cache/1
echo 2 >more/left-out/2
echo 3 >"data/a name with spaces"
echo "$work/data/a name with spaces" >list

cat >backupninja.conf <<END
configdirectory = $work/actions
scriptdirectory = /usr/share/backupninja
libdirectory = /usr/lib/backupninja
logfile = $work/log
loglevel = 5
usecolors = no
reportemail =
when = everyday at 01
END
# action NAME: what backupninja is to do, from the standard input, in a file that only root reads.
action() {
  (umask 077 && cat >"actions/$1")
}
# ninja CODE NAME: runs that action now, with nothing of restic's own in the environment.
ninja() {
  local file=$work/actions/$2
  run env -u RESTIC_PASSWORD -u RESTIC_REPOSITORY PATH="$work/bin:$PATH" \
    /usr/sbin/backupninja --conffile "$work/backupninja.conf" --debug --now --run "$file"
  rm -f "/var/lock/backupninja/${file//\//_}"  # which it leaves there
  [ "$status" -eq "$1" ] || {
    tail -n 40 "$work/stdout" >&2
    fail "exit status $status instead of $1: $2"
  }
}

action 10-practice.restic <<END
[general]
run_backup = yes
run_forget = yes
run_prune = yes
run_check = yes
nicelevel = 1
repository = $work/repo
password = $RESTIC_PASSWORD
cache_dir = $RESTIC_CACHE_DIR
cleanup_cache = yes
[backup]
init = yes
include = $work/data
include = $work/more
files_from = $work/list
exclude = left-out
exclude_if_present = .no-backup
tag = nightly
tag = practice
hostname = surgery
one_file_system = yes
[forget]
keep_last = 2
keep_daily = 1
keep_tag = forever
group_by = host
tag = nightly
[check]
check_unused = yes
read_data = yes
END

step "the repository is made, then everything runs"
ninja 1 10-practice.restic
says "1 actions run. 0 fatal. 0 error. 2 warning."  # that there was no repository yet
for words in "Repository has been initialized" "Restic backup successful" "Restic forget successful" \
  "Restic prune successful" "Restic check successful"; do
  says "$words"
done
same "$(snapshots)" 1
expect 0 medsave --json snapshots
same "$(json /0/tags)" '["nightly","practice"]'
same "$(json /0/hostname)" surgery

step "twice more: two snapshots are kept"
practice-data data --scale 0.005 --day 1
ninja 0 10-practice.restic
says_not "has been initialized"
practice-data data --scale 0.005 --day 2
ninja 0 10-practice.restic
same "$(snapshots)" 2

step "what was saved"
expect 0 medsave check --read-data
expect 0 medsave restore latest --target out
same "$(cd "out$work/more" && find . | sort | tr '\n' ' ')" ". ./cache ./cache/.no-backup "
identical data "out$work/data"
if command -v "$RESTIC" >/dev/null; then
  expect 0 restic check --read-data
  expect 0 restic restore latest --target out-restic
  identical data "out-restic$work/data"
fi

step "a password in a file; JSON; a dry run of forget removes nothing"
(umask 077 && echo "$RESTIC_PASSWORD" >password)
action 20-dry.restic <<END
[general]
run_forget = yes
repository = $work/repo
password_file = $work/password
json = yes
quiet = yes
no_cache = yes
[forget]
keep_last = 1
dry_run = yes
prune = yes
END
ninja 0 20-dry.restic
says "Restic forget successful"
same "$(snapshots)" 2

step "a source that is not there fails the action"
action 30-missing.restic <<END
[general]
run_backup = yes
repository = $work/repo
password = $RESTIC_PASSWORD
[backup]
include = $work/nowhere
END
ninja 2 30-missing.restic
says "Restic backup failed"

step "a repository that is not there and is not to be made, a wrong password"
action 40-none.restic <<END
[general]
run_backup = yes
repository = $work/none
password = $RESTIC_PASSWORD
[backup]
init = no
include = $work/data
END
ninja 2 40-none.restic
says "repository is absent or unusable"
if [ -e none ]; then fail "a repository was made"; fi
action 50-wrong.restic <<END
[general]
run_backup = yes
repository = $work/repo
password = wrong
[backup]
include = $work/data
END
ninja 2 50-wrong.restic
says "Unable to initialize repository"
same "$(snapshots)" 2
