# init is killed before each of its changes of files: it can be repeated, and both programs open what
# there is then; also with another password than the first time.
source "$(dirname "$0")/../support/lib.sh"
kill-at 0 true >/dev/null || skip "a process may not trace another"
changes=$(kill-at 0 "$MEDSAVE" -q init | tail -n 1)
echo "$changes changes"
[ "$changes" -gt 260 ] || fail "too few changes: $changes"
opens() {
  expect 0 medsave --no-cache check
  ! command -v "$RESTIC" >/dev/null || [ $((number % 2)) -eq 1 ] || expect 0 restic --no-cache check
}
# Making the 256 folders of packs needs no more than a few kills.
interesting() { [ "$1" -le 3 ] || [ $(($1 % 90)) -eq 0 ] || [ "$1" -ge $((changes - 15)) ]; }
number=0
for n in $(seq "$changes"); do
  interesting "$n" || continue
  number=$((number + 1))
  rm -rf repo cache
  run kill-at "$n" "$MEDSAVE" -q init
  same "$status" 137 "exit status of what is killed"
  again=$RESTIC_PASSWORD
  [ $((n % 2)) -eq 0 ] || again=another-one
  run env RESTIC_PASSWORD=$again "$MEDSAVE" -q init
  if [ "$status" -eq 0 ]; then
    RESTIC_PASSWORD=$again opens
  else
    # It had been done: only its end was cut off.
    same "$status" 1
    says "already"
    opens
  fi
  same "$(find repo/keys -type f ! -name '*-tmp-*' -printf x)" x "keys after kill $n"
done
echo "$number kills"

step "remains of a repository that lost its config stay what they are"
medsave -q backup "$tests/fault/init_kill.sh"
rm -f repo/config
for remains in data index snapshots; do
  rm -rf copy
  cp -a repo copy
  for kind in data index snapshots; do
    [ $kind = $remains ] || find copy/$kind -type f -delete
  done
  find copy -type f | sort >before
  expect 1 medsave -r "$work/copy" init
  says "remains"
  same "$(find copy -type f | sort)" "$(cat before)"
done
