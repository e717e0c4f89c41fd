# What somebody saves in a file of the target while a restore is running keeps its time, and the
# restore says that it was changed: with the snapshot's time it would pass for the snapshot's file.
source "$(dirname "$0")/../support/lib.sh"
command -v strace >/dev/null || skip "no strace"
strace -f -qq -o /dev/null -e inject=pread64:delay_enter=1:when=200 true 2>/dev/null ||
  skip "strace may not trace"

medsave -q init
mkdir data
head -c 300000 /dev/urandom >data/a
head -c 300000 /dev/urandom >data/b
touch -d 2020-01-01 data/*
medsave -q backup data
# slow_sync SECONDS: between writing and the rest there is a sync, which takes so long.
slow_sync() {
  strace -f -qq -o /dev/null -e trace=syncfs -e "inject=syncfs:delay_enter=${1}000000" \
    "$MEDSAVE" restore latest:/data --target out "${@:2}" >stdout 2>stderr &
  pid=$!
  wait_for test -s out/b
}
# edit FILE: its first bytes, in place.
edit() { printf edited | dd of="$1" conv=notrunc status=none; }
# edited FILE: it is as somebody left it, and the restore that has ended says so.
edited() {
  same "$status" 1
  says "$1 was changed while restoring"
  same "$(head -c 6 "$2")" edited
  [ "$(stat -c %Y "$2")" -gt 1700000000 ] || fail "it has the snapshot's time"
}

step "while it is compared"
expect 0 medsave restore latest:/data --target out
touch out/a
delayed=(strace -f -qq -o /dev/null -e trace=pread64 -e "inject=pread64:delay_exit=2000000" -P "$work/out/a")
"${delayed[@]}" "$MEDSAVE" restore latest:/data --target out --overwrite always >stdout 2>stderr &
pid=$!
sleep 1
edit out/a
status=0
wait $pid || status=$?
edited a out/a
cmp out/b data/b

step "after it was written"
rm -r out
mkdir out
slow_sync 8
sleep 5.5
edit out/a
status=0
wait $pid || status=$?
edited a out/a

step "what is moved into the target is not deleted, nor anything in it"
rm -r out
mkdir -p out/extra/sub elsewhere/patient elsewhere/other
echo only >elsewhere/patient/letter
echo only >elsewhere/other/letter
touch -d 2020-01-01 elsewhere/*/letter
slow_sync 2 --delete
mv elsewhere/patient out/extra/sub/
mv elsewhere/other out/
status=0
wait $pid || status=$?
same "$status" 0
same "$(cat out/extra/sub/patient/letter out/other/letter)" $'only\nonly'
expect 0 medsave restore latest:/data --target out --delete
[ ! -e out/other ] || fail "what was there before is not deleted"
