# Files that cannot be read, vanish or grow while being saved: named, and the rest goes on.
source "$(dirname "$0")/../support/lib.sh"
chmod 755 "$work"
mkdir home && cd home
export RESTIC_REPOSITORY=$work/home/repo RESTIC_CACHE_DIR=$work/home/cache
[ "$(id -u)" -ne 0 ] || chown 65534:65534 "$work/home"
user() { as_user "$MEDSAVE" "$@"; }
as_user mkdir -p src/closed src/open
as_user sh -c 'echo secret >src/secret; echo fine >src/fine; echo in >src/closed/in; echo o >src/open/o'
chmod 000 src/secret src/closed
user -q init

step "unreadable files and folders are named, exit status 3"
expect 3 user --json backup src
grep '"message_type":"error"' "$work/stderr" >errors
json-value --type error /item <errors >/dev/null || fail "errors are not JSON lines"
grep -q 'src/secret"' errors || fail "the file is not named"
grep -q 'src/closed"' errors || fail "the folder is not named"
same "$(grep -vc 'src/secret"\|src/closed"' errors || true)" 0 "other errors"
expect 3 user backup src
says "src/secret"
says "src/closed"
expect 0 user restore latest --target out
[ "$(cat out/src/fine)" = fine ] && [ -e out/src/open/o ] || fail "the rest was not saved"
[ ! -e out/src/secret ] || fail "an unreadable file was restored"
chmod 600 src/secret && chmod 700 src/closed
expect 0 user backup src
expect 0 user check --read-data

step "an unreadable root is no snapshot of nothing"
chmod 000 src
count=$(files_in snapshots)
run user backup src
[ "$status" -ne 0 ] || fail "an unreadable root is no success"
chmod 755 src

step "files growing, shrinking and vanishing under way"
mkdir -p busy/many
for i in $(seq 300); do echo "$i" >"busy/many/$i"; done
head -c 60000000 /dev/urandom >busy/growing
head -c 60000000 /dev/urandom >busy/shrinking
[ "$(id -u)" -ne 0 ] || chown -R 65534:65534 busy
(for i in $(seq 200); do
  head -c 100000 /dev/urandom >>busy/growing
  truncate -s -100000 busy/shrinking
  rm -f "busy/many/$i"
  sleep 0.005
done) &
busy=$!
run user --limit-upload 60000 backup busy
case $status in 0 | 3) ;; *) fail "exit status $status: $(tail -n 5 "$work/stderr")" ;; esac
if [ "$status" -eq 3 ]; then says "busy/"; fi
kill $busy 2>/dev/null || true
wait
expect 0 user check --read-data
expect 0 user restore latest --target out-busy
[ -s out-busy/busy/growing ] || fail "the growing file was not saved"
