# Repositories behind rclone, which medsave starts and ends itself. Packages: rclone.
source "$(dirname "$0")/../support/lib.sh"
source "$tests/remote/start-rest.sh"
source "$tests/support/every_command.sh"
cat >"$RCLONE_CONFIG" <<CONFIG
[drive]
type = alias
remote = $work/drive
CONFIG
practice-data practice --scale 0.05
head -c 10000000 /dev/urandom >random
mkdir drive
export TMPDIR=$work
none_left() {
  ! pgrep -f "rclone.*serve restic.*$work|rclone.*serve restic.*drive:" >/dev/null || return 1
  [ -z "$(find "$work" -maxdepth 1 -name 'medsave-rclone-*')" ]
}

step "what every backend must do"
expect 0 env MEDSAVE_LOCATION="rclone:drive:contract/{}" remote-contract
expect 0 env MEDSAVE_LOCATION="rclone:$work/drive/contract/{} with spaces" \
  MEDSAVE_OPTIONS="rclone.connections=2 rclone.args=--fast-list" remote-contract
wait_for none_left

RESTIC_REPOSITORY=rclone:drive:every every_command medsave restic
wait_for none_left

step "init, backup, check, restore, prune; restic reads it"
export RESTIC_REPOSITORY=rclone:drive:repo
expect 10 medsave snapshots
expect 0 medsave init
expect 0 medsave backup practice
expect 0 medsave check --read-data
expect 0 medsave restore latest --target out
identical practice out/practice
practice-data practice --scale 0.05 --day 1
expect 0 medsave -o rclone.args="serve restic --stdio --b2-hard-delete" backup practice
expect 0 medsave forget --keep-last 1 --group-by '' --prune --max-unused 0
if command -v "$RESTIC" >/dev/null; then
  expect 0 restic -r "$work/drive/repo" check --read-data
  expect 0 restic backup practice
fi
expect 0 medsave check --read-data
wait_for none_left

step "a folder that is missing is not empty"
packs() { find drive/repo/data -type f | wc -l; }
had=$(packs)
for folder in snapshots index keys; do
  mv drive/repo/$folder away
  expect 1 medsave prune
  says_not "removing"
  same "$(packs)" "$had" "packs without $folder"
  mv away drive/repo/$folder
done

if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
  step "nor is one that cannot be read, of which rclone tells nobody but its log"
  cat >unprivileged <<SCRIPT
#!/bin/sh
exec setpriv --reuid=65534 --regid=65534 --clear-groups "$MEDSAVE" --stuck-request-timeout 1s --cache-dir "$work/open/cache" "\$@"
SCRIPT
  chmod +x unprivileged
  mkdir -m 777 open
  cp -r drive/repo open/repo
  chown -R 65534:65534 open
  chmod 755 "$work"
  for folder in snapshots "data/$(ls drive/repo/data | head -n 1)"; do
    [ -e "open/repo/$folder" ] || fail "no $folder"
    chmod 000 "open/repo/$folder"
    expect 1 env HOME="$work/open" TMPDIR="$work/open" ./unprivileged -r "rclone:$work/open/repo" prune
    says "permission denied|cannot be read"  # the pack may be met before the list
    same "$(find open/repo/data -type f | wc -l)" "$had" "packs without $folder"
    chmod 700 "open/repo/$folder"
  done
  expect 0 env HOME="$work/open" TMPDIR="$work/open" ./unprivileged -r "rclone:$work/open/repo" check
fi

step "neither the command line nor the environment of others shows how to get in"
"$MEDSAVE" --limit-upload 1000 --pack-size 4 backup random >backup.log 2>&1 &
backup=$!
# One that has answered: an old rclone is first tried with a socket, which it does not know.
serving() {
  locked drive/repo && child=$(pgrep -P "$backup" rclone)
}
wait_for serving
tr '\0' '\n' <"/proc/$child/environ" | found '^RCLONE_PASS=................' ||
  fail "no password"
password=$(tr '\0' '\n' <"/proc/$child/environ" | sed -n 's/^RCLONE_PASS=//p')
! tr '\0' '\n' <"/proc/$child/cmdline" | found "$password" || fail "password in the command line"

step "an rclone that dies in the middle is started again"
sleep 1
kill -9 "$child"
restarted() {
  local new
  new=$(pgrep -P "$backup" rclone) && [ "$new" != "$child" ] && sleep 0.5 && kill -0 "$new"
}
wait_for restarted
serving

step "it ends with medsave, however that ends"
kill -9 "$backup"
ended() { ! kill -0 "$child"; }
wait_for ended
expect 0 medsave unlock
rm -rf "$work"/medsave-rclone-*
"$MEDSAVE" --limit-upload 1000 --pack-size 4 backup random >backup.log 2>&1 &
backup=$!
wait_for serving
sleep 1
kill -INT "$backup"
status=0
wait "$backup" || status=$?
same "$status" 130
wait_for none_left
expect 0 medsave check

step "a pack that its drive has lost meanwhile is missed"
head -c 20000000 /dev/urandom >forgotten
touch mark
# Over one connection: the first pack is acknowledged when the second one is on its way.
"$MEDSAVE" -o rclone.connections=1 --pack-size 4 --limit-upload 10000 backup forgotten \
  >backup.log 2>&1 &
backup=$!
new_packs() { find drive/repo/data -type f -newer mark -printf '%T@ %p\n' | sort -n; }
two_packs() { [ "$(new_packs | wc -l)" -ge 2 ]; }
wait_for two_packs
kill -9 "$(pgrep -P "$backup" rclone)"
rm "$(new_packs | sed -n '1s/^[^ ]* //p')"
! wait "$backup" || fail "it was not noticed: $(cat backup.log)"
grep -q "has lost pack" backup.log || fail "$(cat backup.log)"
wait_for none_left
expect 0 medsave check

step "a lock that another computer has removed is missed"
head -c 20000000 /dev/urandom >forgotten2
touch mark
"$MEDSAVE" -o rclone.connections=1 --pack-size 4 --limit-upload 3000 backup forgotten2 \
  >backup.log 2>&1 &
backup=$!
two_packs_now() { [ "$(new_packs | wc -l)" -ge 2 ]; }
wait_for two_packs_now
expect 0 medsave unlock --remove-all
status=0
wait "$backup" || status=$?
same "$status" 11
wait_for none_left
expect 0 medsave check

step "errors say what rclone says, without passwords"
expect 1 medsave -r rclone:nowhere:repo snapshots
says "didn't find section in config file"
expect 1 medsave -r rclone: snapshots
says "rclone:REMOTE:PATH"
expect 1 medsave -o rclone.program=no-such-program snapshots
says "no program no-such-program"
expect 1 medsave -o rclone.args=--no-such-flag snapshots
says "unknown flag"
expect 1 medsave -o rclone.connections=0 snapshots
says "rclone.connections"
run medsave -r ':sftp,host=127.0.0.1,port=1,user=me,pass=se-cret:repo' snapshots
run medsave -r 'rclone::sftp,host=127.0.0.1,port=1,user=me,pass=se-cret:repo' snapshots
[ "$status" -ne 0 ] || fail "no error"
says_not "se-cret"
none_left

step "the secrets of a connection string stand in no argument, and work all the same"
cat >watched <<'SCRIPT'
#!/bin/sh
printf '%s\n' "$*" >>"$0.arguments"
exec rclone "$@"
SCRIPT
chmod +x watched
secret=$(rclone obscure se-cret)
sealed=":crypt,remote=$work/sealed,password=$secret:"
expect 0 medsave -o rclone.program="$work/watched" -r "rclone:$sealed" init
wait_for none_left
grep -q 'serve restic.*:crypt,remote=' watched.arguments || fail "rclone was not watched"
! grep -F "$secret" watched.arguments || fail "the secret is an argument"
rclone lsf "$sealed" | found -x config || fail "not sealed with that password"
expect 1 medsave -r "rclone:drive,override.password=$secret:x" snapshots
says "rclone config"
says_not "$secret"
